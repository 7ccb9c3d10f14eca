from datetime import date
from decimal import Decimal

import pytest

from database import db, transaction
from domain.invoicing.documents import budget_document
from domain.invoicing.documents.layout import Layout
from domain.people import customers, logos, merchants
from domain.sales.budgets import budgets
from models.budget import Budget
from models.customer import Customer
from models.language import Language
from models.merchant import Merchant
from tests import cast, pictures

URL = "https://bills.example/quote/abc"


@pytest.fixture
def customer(alder):
    address = {"street": "3 Mill Lane", "city": "Bath", "postal_code": "BA1 0ZZ", "country": "GB"}
    return cast.make_customer(alder, "Ada Lovelace", billing_address=address)


def made(alder, customer, items=None, **more):
    budget = cast.make_budget(alder, customer, items, **more)
    return db.session.get(Budget, budget)


def of(budget, url=None):
    return budget_document.document(budget, url)


def test_a_budget_is_written_with_its_seller_its_customer_and_its_sums(alder, customer):
    with transaction():
        merchants.update(cast.actor_for(alder), db.session.get(Merchant, alder), {
            "legal_name": "Alder Ltd", "street": "8 Tannery Row", "city": "Bristol", "country": "GB",
            "tax_number": "GB123", "document_footer": "Our terms apply.",
        })
    work = {"description": "Work", "quantity": Decimal("2.25"), "unit_price": 50, "tax_percent": 20}
    budget = made(alder, customer, [work], notes="Thank you.", valid_until="2036-12-12")
    document = of(budget)
    assert (document.seller.full_name, document.seller.address.city) == ("Alder Ltd", "Bristol")
    assert (document.buyer.name, document.buyer.address.street, document.buyer.number) == (
        "Ada Lovelace", "3 Mill Lane", budget.customer.code)
    assert document.valid_until == date(2036, 12, 12)
    assert document.notes == ["Thank you.", "Our terms apply."]
    (line,) = document.lines
    assert (line.amount_minor, line.tax_minor, line.quantity_ten_thousandths) == (11_250, 2_250, 22_500)
    assert document.totals.total_minor == budget.total_minor == 13_500
    assert Layout(document).strip()[0] == ("Total", "€135.00")


def test_discounts_and_taxes_add_up_to_the_total(alder, customer):
    items = [
        {"description": "A", "quantity": 1, "unit_price": 8500, "discount": 500, "tax_percent": 19},
        {"description": "B", "quantity": 3, "unit_price": Decimal("33.33"), "tax_percent": 7},
        {"description": "C", "quantity": 1, "unit_price": 100, "tax": 5},
        {"description": "D", "quantity": 1, "unit_price": 10},
    ]
    budget = made(alder, customer, items, discount=77, tax=Decimal("1.50"))
    totals, groups = (document := of(budget)).totals, document.tax_groups
    assert totals.net_minor == sum(line.amount_minor for line in document.lines)
    assert totals.discount_minor == 7_700
    assert totals.net_minor - totals.discount_minor + totals.tax_minor == totals.total_minor == budget.total_minor
    assert [one.percent_ten_thousandths for one in groups] == [190_000, 70_000, 0, None]
    assert sum(one.base_minor for one in groups) == totals.net_minor - totals.discount_minor
    assert sum(one.tax_minor for one in groups) == totals.tax_minor
    assert groups[-1].tax_minor == 650


def test_a_budget_without_tax_has_no_table_of_taxes(alder, customer):
    assert of(made(alder, customer)).tax_groups == ()


def test_only_a_pending_budget_says_where_it_is_answered(alder, customer):
    budget = made(alder, customer)
    way = of(budget, URL).way
    assert way.url == URL
    assert way.code_svg.startswith("<svg")
    assert of(budget).way is None
    with transaction():
        budgets.approve(cast.actor_for(alder), budget)
    assert of(budget, URL).way is None


def test_a_decided_budget_keeps_the_name_and_address_that_it_was_agreed_with(alder, customer):
    budget = made(alder, customer)
    with transaction():
        budgets.approve(cast.actor_for(alder), budget)
        moved = {"name": "Augusta King", "billing_street": "New Street"}
        customers.update(cast.actor_for(alder), db.session.get(Customer, customer), moved)
    assert (of(budget).buyer.name, of(budget).buyer.address.street) == ("Ada Lovelace", "3 Mill Lane")


def test_a_company_is_named_with_the_person_below_it(alder):
    key = cast.make_customer(alder, "Ada Lovelace", organisation="Analytical Engines Ltd")
    assert Layout(of(made(alder, key))).texts()["buyer"] == ["Analytical Engines Ltd", "Ada Lovelace"]


def test_a_budget_of_the_test_world_says_so(alder):
    actor = cast.actor_for(alder).in_world(test=True)
    key = cast.make_customer(alder, actor=actor)
    document = of(made(alder, key, actor=actor))
    assert document.test
    assert document.number.startswith("TEST-")


def test_the_merchants_logo_and_colour_are_taken(alder, customer):
    with transaction():
        merchant = db.session.get(Merchant, alder)
        merchants.update(cast.actor_for(alder), merchant, {"brand_colour": "#1d5c45"})
        logos.put(cast.actor_for(alder), merchant, pictures.png(64, 32))
    brand = of(made(alder, customer)).brand
    assert (brand.colour, brand.logo.width, brand.logo.height) == ("#1d5c45", 64, 32)


def test_days_are_those_of_the_merchants_zone(customer, alder):
    with transaction():
        merchants.update(cast.actor_for(alder), db.session.get(Merchant, alder), {"timezone": "Pacific/Kiritimati"})
    budget = made(alder, customer, valid_until="2036-12-12T11:00:00Z")
    assert of(budget).valid_until == date(2036, 12, 13)


def test_a_document_is_in_the_customers_language_else_in_the_merchants(alder, customer):
    budget = made(alder, customer)
    actor = cast.actor_for(alder)
    assert Layout(of(budget)).texts()["title"] == "Quote"
    with transaction():
        merchants.update(actor, db.session.get(Merchant, alder), {"language": Language.FRENCH, "country": "CH"})
    texts = Layout(of(budget)).texts()
    assert (texts["title"], texts["lang"], texts["strip"][0][1]) == ("Devis", "fr", "100,00\xa0€")
    with transaction():
        customers.update(actor, db.session.get(Customer, customer), {"language": Language.GERMAN})
    assert Layout(of(budget)).texts()["title"] == "Angebot"
