"""Services in the client area: what is next, their invoices, and ending one."""

import re
from datetime import timedelta

import pytest

from database import db, transaction
from domain import clock, inputs
from domain.hosting import domain_names, unpaid_services
from domain.people import customers, merchants
from domain.sales.orders.order_status import FINAL
from models.audit import AuditEntry
from models.customer import Customer, CustomerStatus
from models.merchant import CustomerCancels, Merchant
from models.order import Order, OrderStatus
from tests import cast
from tests.client.reached import make_service
from tests.invoicing import line, make_draft, make_issued


@pytest.fixture
def product(alder):
    return cast.make_product(
        alder, "Business Hosting", price=20, currency="EUR", billing="subscription", scheduled_unit="MONTH",
        scheduled_interval=1)


@pytest.fixture
def service(alder, ada, product):
    """An active service that is due in nine days."""
    due = clock.now().date() + timedelta(days=9)
    return make_service(cast.actor_for(alder), ada, product, domain="mysite.com", next_due_on=due)


def allow(alder, when):
    with transaction():
        merchants.update(cast.actor_for(alder), db.session.get(Merchant, alder), {"customer_cancels": when})


def stored(key):
    db.session.expire_all()
    return db.session.get(Order, key)


def test_the_list_has_services_and_domain_names(signed_in, alder, ada, product):
    assert "No services yet" in signed_in.get("/client/services").text
    who = cast.actor_for(alder)
    key = make_service(who, ada, product, domain="mysite.com")
    make_service(who, ada, product, status="pending")
    with transaction():
        for name in ("mysite.com", "other.example"):
            sent = {"customer_id": ada if name == "mysite.com" else cast_neighbour(alder), "name": name}
            domain_names.create(who, inputs.parse(domain_names.DomainNameInput, sent))
    page = signed_in.get("/client/services").text
    assert f'href="/client/services/{key}"' in page
    for words in ("Business Hosting", "mysite.com", "€20.00", "Active", "Not paid yet", "Domain names"):
        assert words in page, words
    assert "other.example" not in page
    assert "Business Hosting" in signed_in.get("/client/").text


def cast_neighbour(alder):
    new = inputs.parse(customers.CustomerInput, {"name": "Bea"})
    return customers.create(cast.actor_for(alder), new).id


def test_a_service_says_what_is_next_and_names_its_invoices(signed_in, alder, ada, service):
    make_issued(alder, ada, [line("20", service_id=service)])
    make_draft(alder, ada, [line("99", service_id=service)])
    make_issued(alder, ada, [line("77")])
    page = signed_in.get(f"/client/services/{service}").text
    for words in ("Next payment", "€20.00", "INV-000001", "mysite.com", "Cancel the service"):
        assert words in page, words
    assert "INV-000002" not in page
    order = re.search(r'href="(/order/[^"]+)"', page)[1]
    assert signed_in.get(order).status_code == 200


def test_a_service_that_is_not_paid_yet_leads_to_its_payment(signed_in, alder, ada, product):
    key = make_service(cast.actor_for(alder), ada, product, status="pending")
    page = signed_in.get(f"/client/services/{key}").text
    pay = re.search(r'href="(/pay/[^"]+)"', page)[1]
    assert signed_in.get(pay).status_code == 200


def test_a_service_is_cancelled_at_the_end_of_its_period_and_kept_again(signed_in, service, ada):
    asked = signed_in.get(f"/client/services/{service}/cancel").text
    for words in ("You keep everything you have paid for", "At the end of the period, on", "Now"):
        assert words in asked, words
    reply = signed_in.post(f"/client/services/{service}/cancel", {"when": "period_end"})
    assert (reply.status_code, reply.headers["Location"]) == (303, f"/client/services/{service}")
    assert (stored(service).status, stored(service).cancels_at_period_end) == (OrderStatus.ACTIVE, True)
    page = signed_in.get(f"/client/services/{service}").text
    assert "This ends on" in page
    assert "Cancel the service" not in page
    assert signed_in.get(f"/client/services/{service}/cancel").status_code == 303
    assert signed_in.post(f"/client/services/{service}/cancel", {"when": "period_end"}).status_code == 409
    signed_in.get(f"/client/services/{service}")
    assert signed_in.post(f"/client/services/{service}/keep").status_code == 303
    assert stored(service).cancels_at_period_end is False
    entries = db.session.query(AuditEntry).filter_by(object_id=service, object_type="order").all()
    assert {one.actor for one in entries if "cancellation" in one.action} == {"Ada Lovelace <ada@example.org>"}


def test_a_service_is_cancelled_at_once(signed_in, service):
    signed_in.get(f"/client/services/{service}/cancel")
    signed_in.post(f"/client/services/{service}/cancel", {"when": "now"})
    assert stored(service).status in FINAL
    assert "Cancel the service" not in signed_in.get(f"/client/services/{service}").text
    assert signed_in.post(f"/client/services/{service}/keep").status_code == 409


@pytest.mark.parametrize(("allowed", "wanted"), [
    (CustomerCancels.NEVER, "now"), (CustomerCancels.NEVER, ""), (CustomerCancels.PERIOD_END, "now"),
    (CustomerCancels.NOW, "period_end"), (CustomerCancels.ANY, "nonsense"),
])
def test_a_service_is_cancelled_only_as_the_merchant_allows(signed_in, alder, service, allowed, wanted):
    allow(alder, allowed)
    signed_in.get(f"/client/services/{service}")
    assert signed_in.post(f"/client/services/{service}/cancel", {"when": wanted}).status_code == 409
    assert (stored(service).status, stored(service).cancels_at_period_end) == (OrderStatus.ACTIVE, False)


def test_a_stopped_customer_ends_nothing(signed_in, alder, ada, service):
    with transaction():
        customers.update(cast.actor_for(alder), db.session.get(Customer, ada), {"status": CustomerStatus.STOPPED})
    page = signed_in.get(f"/client/services/{service}").text
    assert "Cancel the service" not in page
    assert signed_in.get(f"/client/services/{service}/cancel").status_code == 303
    for verb in ("cancel", "keep"):
        assert signed_in.post(f"/client/services/{service}/{verb}", {"when": "now"}).status_code == 403
    assert stored(service).status is OrderStatus.ACTIVE


def test_a_service_that_is_suspended_names_the_overdue_invoices_and_leads_to_pay_them(signed_in, alder, ada, service):
    late = clock.now().date() - timedelta(days=3)
    keys = [make_issued(alder, ada, due_on=late) for _ in range(2)]
    make_issued(alder, ada, due_on=clock.now().date() + timedelta(days=3))
    with transaction():
        merchants.update(cast.actor_for(alder), db.session.get(Merchant, alder), {"unpaid_suspend_days": 0})
        assert unpaid_services.suspend_next() == 1
    page = signed_in.get(f"/client/services/{service}").text
    for words in ("suspended because invoices are overdue", "INV-000001", "INV-000002", "Pay €240.00"):
        assert words in page, words
    assert "INV-000003" not in page
    assert "Next payment" not in page
    assert "until overdue invoices are paid" in signed_in.get("/client/services").text
    order = signed_in.get(re.search(r'href="(/order/[^"]+)"', page)[1]).text
    assert "suspended because of overdue invoices" in order
    signed_in.get(f"/client/services/{service}")
    reply = signed_in.post("/client/invoices/pay", {"ids": keys})
    assert "€240.00" in signed_in.get(reply.headers["Location"]).text
