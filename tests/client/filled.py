"""A customer who has rows of everything that the client area shows."""

from datetime import timedelta

from database import db, transaction
from domain import clock, inputs
from domain.hosting import domain_names
from domain.people import customers
from domain.support import tickets
from models.customer import Customer
from tests import cast
from tests.announced import make_announcement
from tests.articles import make_article, make_category
from tests.client.reached import make_card, make_service
from tests.domain.invoicing.e_invoice.complete import make_complete
from tests.invoicing import credit, line, make_issued
from tests.ticketed import act, answer, make_customers, make_file

LONG_TEXT = """# Before

Trim the **wick** to `5 mm`, see [the maker](https://example.org).

| Candle | Hours |
|--------|------:|
| Pillar | 60 |

## While it burns

1. Never alone
2. Away from "curtains"

> Let it burn to the edge.

    a line of code that is rather long and that has to be wrapped on the screen of a telephone

مرحبا
"""


def fill(merchant, email):
    """The id of a customer with this address."""
    key = make_complete(merchant)
    with transaction():
        customers.update(cast.actor_for(merchant), db.session.get(Customer, key), {"email": email})
    late = (clock.now() - timedelta(days=3)).date()
    lines = [line("54", 6, description="Pillar candle"), line("3.5", 4)]
    make_issued(merchant, key, lines, due_on=late, notes="Thanks")
    credit(make_issued(merchant, key))
    make_issued(merchant, key, [line("50")], currency="USD")
    ticket = make_customers(merchant, key, subject="Box arrived with a cracked jar", message="It has a crack.\nSee it.")
    make_file(ticket, "crack-rim.jpg", bytes(120_000))
    answer(ticket, "A new one is on its way.")
    act(make_customers(merchant, key), tickets.close)
    product = cast.make_product(
        merchant, "Candle Club", price=30, currency="EUR", billing="subscription", scheduled_unit="MONTH",
        scheduled_interval=1)
    who = cast.actor_for(merchant)
    service = make_service(who, key, product, domain="orchard.example")
    make_service(who, key, product, status="pending")
    make_card(who, key, order_id=service)
    make_card(who, key, "Visa ending in 1881")
    make_issued(merchant, key, [line("30", service_id=service)])
    with transaction():
        sent = {"customer_id": key, "name": "orchard.example", "expires_on": "2030-01-01"}
        domain_names.create(who, inputs.parse(domain_names.DomainNameInput, sent))
    category = make_category(merchant, "Candles")
    make_article(merchant, "How to burn a candle", LONG_TEXT, category_id=category)
    make_article(merchant, "Return a cracked jar")
    make_announcement(merchant, "Closed between the years", LONG_TEXT)
    return key
