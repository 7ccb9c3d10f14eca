"""The form of a product: tiers in rows, and what a customer pays, while typing and on the product's page."""

from decimal import Decimal

import pytest

from database import transaction
from domain import inputs
from domain.catalog import pricing, products
from domain.pages import Query
from tests import cast

TIERS = {
    "metered_tiers.0.up_to": "1000", "metered_tiers.0.unit_price": "", "metered_tiers.0.flat_amount": "5",
    "metered_tiers.1.up_to": "", "metered_tiers.1.unit_price": "", "metered_tiers.1.flat_amount": "",
    "metered_tiers.2.up_to": "", "metered_tiers.2.unit_price": "0.002", "metered_tiers.2.flat_amount": "",
}
METERED = {
    "name": "Calls", "kind": "PRODUCT", "status": "active", "price": "0", "currency": "EUR", "billing": "metered",
    "scheduled_unit": "MONTH", "scheduled_interval": "1", "metered_scheme": "graduated", **TIERS,
}
NO_TIERS = dict.fromkeys(("metered_scheme", *TIERS), "")


@pytest.fixture
def alder():
    return cast.make_merchant()


@pytest.fixture
def ada(signed_in, alder):
    return signed_in(merchants=[alder])


def stored(alder, key):
    return products.LISTING.read(cast.actor_for(alder), key).row


def test_rows_of_tiers_are_stored_without_the_empty_ones(ada, alder):
    reply = ada.post("/admin/products", METERED)
    assert reply.status_code == 303
    key = int(reply.headers["Location"].rpartition("/")[2])
    assert stored(alder, key).metered_tiers == [
        {"up_to": 1000, "unit_price_micro": 0, "flat_minor": 500},
        {"up_to": None, "unit_price_micro": 2000, "flat_minor": 0},
    ]
    page = ada.get(f"/admin/products/{key}").text
    for said in ("What a customer pays", "By use", "1 to 1,000", "From 1,001", "5.00 EUR"):
        assert said in page
    form = ada.get(f"/admin/products/{key}/edit").text
    assert 'name="metered_tiers.1.unit_price" type="number" step="any" min="0" value="0.002"' in form
    assert 'name="metered_tiers.3.up_to"' in form


def test_a_mistake_stands_at_its_row(ada):
    reply = ada.post("/admin/products", METERED | {"metered_tiers.2.up_to": "5"})
    assert reply.status_code == 422
    assert 'id="metered_tiers.2.up_to-wrong"' in reply.text
    reply = ada.post("/admin/products", {name: value for name, value in METERED.items() if name not in TIERS})
    assert "Tiers can&#39;t be blank" in reply.text


def preview(ada, **form):
    return ada.post("/admin/products/preview", METERED | form).text


def test_what_is_paid_is_shown_while_typing_and_nothing_is_stored(ada, alder):
    shown = preview(ada)
    assert "By use" in shown
    assert "10,000 calls</dt><dd>23.00 EUR" in shown
    shown = preview(ada, billing="subscription", price="12.50", **NO_TIERS)
    assert shown.count("12.50 EUR") == 2
    shown = preview(ada, billing="instalment", price="12.50", deposit="2.5", **NO_TIERS)
    assert "<dd data-first>2.50 EUR" in shown
    assert "<dd data-later>10.00 EUR" in shown
    assert "Price: must" in preview(ada, price="-1")
    assert "Enter a price." in preview(ada, price=" ")
    assert preview(ada, name="", billing="subscription", price="12.50", **NO_TIERS).count("12.50 EUR") == 2
    assert products.LISTING.page(cast.actor_for(alder), Query()).total == 0


def test_discount_fee_and_tax_are_in_the_preview(ada, alder):
    actor = cast.actor_for(alder)
    with transaction():
        rules = {
            f"{kind}_id": str(pricing.create_rule(actor, inputs.parse(pricing.PriceRuleInput, {
                "name": kind, "kind": kind, "percentage": Decimal(percentage)})).id)
            for kind, percentage in (("tax", 25), ("discount", 10), ("fee", 2))
        }
    rules["discount_for_initial_payment_only"] = "on"
    shown = preview(ada, billing="subscription", price="100", **rules, **NO_TIERS)
    assert "<dd data-first>92.00 EUR" in shown
    assert "18.00 EUR tax" in shown
    assert "<dd data-later>102.00 EUR" in shown
