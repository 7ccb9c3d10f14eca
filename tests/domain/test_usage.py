"""Deletions of rows in use are refused with counts; documents keep the customer's data."""

import pytest

from database import db, transaction
from domain import inputs, usage
from domain.actor import Actor
from domain.catalog import pricing, products
from domain.errors import Conflict
from domain.people import customers, merchants
from domain.resource import Kept
from domain.sales.budgets import budgets
from models.budget import Budget, BudgetStatus
from models.product import PriceRule, ProductGroup
from tests import cast


@pytest.fixture
def merchant():
    return cast.make_merchant()


@pytest.fixture
def actor(merchant):
    return cast.actor_for(merchant)


def change(noun, actor, key, **given):
    with transaction():
        noun.update(*noun.RESOURCE.listing.lock(actor, key), given)


def delete(noun, actor, key):
    with transaction():
        return noun.delete(*noun.RESOURCE.listing.lock(actor, key))


def test_a_customer_with_pending_budgets_cannot_be_deleted(merchant, actor):
    customer = cast.make_customer(merchant)
    for _ in range(2):
        cast.make_budget(merchant, customer)
    with pytest.raises(usage.InUse) as refused:
        delete(customers, actor, customer)
    assert refused.value.message == "This customer cannot be deleted: it has 2 pending budgets."
    assert refused.value.details == {"pending_budgets": 2}
    for key in (1, 2):
        change(budgets, actor, key, status=BudgetStatus.REJECTED)
    delete(customers, actor, customer)
    assert customers.LISTING.count(actor) == 0


def test_a_budget_is_not_pending_again_without_its_customer(merchant, actor):
    customer = cast.make_customer(merchant)
    cast.make_budget(merchant, customer)
    cast.make_budget(merchant, customer)
    change(budgets, actor, 1, status=BudgetStatus.REJECTED)
    delete(budgets, actor, 2)
    delete(customers, actor, customer)
    with pytest.raises(Conflict, match="customer of this budget was deleted"):
        change(budgets, actor, 1, status=BudgetStatus.PENDING)
    with pytest.raises(Conflict, match="customer of this budget was deleted"), transaction():
        budgets.restore(actor, budgets.RESOURCE.listing.get(actor, 2, removed=True))


def test_a_product_in_documents_becomes_inactive(merchant, actor):
    product = cast.make_product(merchant)
    cast.make_budget(merchant, cast.make_customer(merchant), [{"product_id": product, "quantity": 1}])
    kept = delete(products, actor, product)
    assert kept == Kept("{} is in 1 budget, so it was deactivated instead of deleted.")
    assert products.LISTING.read(actor, product).status == "inactive"
    assert delete(products, actor, cast.make_product(merchant, "Unused")) is None


@pytest.mark.parametrize(("kind", "field", "sentence"), [
    ("rule", "tax_id", "This price rule cannot be deleted: it has 1 product. Remove it from them first."),
    ("group", "group_id", "This product group cannot be deleted: it has 1 product. Move them first."),
])
def test_what_products_use_cannot_be_deleted(merchant, actor, kind, field, sentence):
    with transaction():
        if kind == "rule":
            given = {"name": "VAT", "kind": "tax", "percentage": 21}
            key = pricing.create_rule(actor, inputs.parse(pricing.PriceRuleInput, given)).id
        else:
            key = pricing.create_group(actor, inputs.parse(pricing.GroupInput, {"name": "Lamps"})).id
    cast.make_product(merchant, **{field: key})
    remove, model = (pricing.delete_rule, PriceRule) if kind == "rule" else (pricing.delete_group, ProductGroup)
    with pytest.raises(usage.InUse) as refused, transaction():
        remove(actor, db.session.get_one(model, key))
    assert refused.value.message == sentence


def test_a_merchant_that_did_business_cannot_be_deleted(merchant):
    cast.make_budget(merchant, cast.make_customer(merchant))
    cast.make_product(merchant)
    with pytest.raises(usage.InUse) as refused:
        delete(merchants, Actor.operator(), merchant)
    assert refused.value.details == {"customers": 1, "products": 1, "budgets": 1}
    assert refused.value.message.endswith("Switch it off instead.")


def test_a_decided_budget_keeps_its_customers_name_and_addresses(merchant, actor):
    address = {"street": "1 Old Street", "city": "Bath", "country": "GB"}
    customer = cast.make_customer(merchant, "Ada", email="ada@x.org", billing_address=address)
    cast.make_budget(merchant, customer)
    cast.make_budget(merchant, customer)
    change(budgets, actor, 1, status=BudgetStatus.APPROVED)
    new = inputs.changes(customers.CustomerInput, {
        "name": "Countess", "email": "c@x.org", "billing_address": {"street": "2 New Street"}})
    change(customers, actor, customer, **new)
    read = budgets.RESOURCE.listing.read
    assert (read(actor, 1).customer_name, read(actor, 1).customer_email) == ("Ada", "ada@x.org")
    assert (read(actor, 2).customer_name, read(actor, 2).customer_email) == ("Countess", "c@x.org")
    assert db.session.get_one(Budget, 1).billing_address == {**address, "state": None, "postal_code": None}
    assert db.session.get_one(Budget, 2).billing_address is None


def test_a_reopened_budget_follows_its_customer_again(merchant, actor):
    customer = cast.make_customer(merchant, "Ada")
    cast.make_budget(merchant, customer)
    change(budgets, actor, 1, status=BudgetStatus.REJECTED)
    change(customers, actor, customer, name="Countess")
    assert budgets.RESOURCE.listing.read(actor, 1).customer_name == "Ada"
    change(budgets, actor, 1, status=BudgetStatus.PENDING)
    assert budgets.RESOURCE.listing.read(actor, 1).customer_name == "Countess"
