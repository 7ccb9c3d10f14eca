"""Rows are copied from one world to the other with what they refer to."""

import pytest
from sqlalchemy import select

from database import db, transaction
from domain import inputs
from domain.catalog import pricing, products
from domain.errors import Conflict
from domain.pages import Query
from domain.people import customers
from domain.support.knowledge import article_categories, article_texts, articles
from models.article import Article, ArticleCategory, ArticleStatus
from models.customer import Customer
from models.product import PriceRule, Product, ProductGroup
from tests import cast


def run(resource, verb, actor, key):
    with transaction():
        own, row = resource.listing.lock(actor, key)
        return resource.actions[verb].run(own, row).id


def in_order_of_making(model):
    return db.session.scalars(select(model).order_by(model.id)).all()


def make_product(actor):
    """A product with a tax and a group."""
    with transaction():
        rule = inputs.parse(pricing.PriceRuleInput, {"name": "VAT", "kind": "tax", "percentage": 20})
        group = inputs.parse(pricing.GroupInput, {"name": "Light"})
        tax, shelf = pricing.create_rule(actor, rule).id, pricing.create_group(actor, group).id
    return cast.make_product(actor.merchant_id, sku="L-1", tax_id=tax, group_id=shelf, actor=actor)


@pytest.mark.parametrize("test", [False, True], ids=["to test", "to live"])
def test_a_product_is_copied_with_its_rules_and_group(alder, test):
    here = cast.actor_for(alder).in_world(test=test)
    there = here.in_world(test=not test)
    verb = "copy_to_live" if test else "copy_to_test"
    key = make_product(here)
    made = products.LISTING.read(there, run(products.RESOURCE, verb, here, key))
    assert (made.name, made.sku, made.price_micro) == ("Lamp", "L-1", 10_000_000)
    rules, groups = in_order_of_making(PriceRule), in_order_of_making(ProductGroup)
    assert [one.test for one in rules] == [one.test for one in groups] == [test, not test]
    assert (made.tax_id, made.group_id) == (rules[1].id, groups[1].id)
    assert rules[0].percent_ten_thousandths == rules[1].percent_ten_thousandths
    with pytest.raises(Conflict, match="sku"):
        run(products.RESOURCE, verb, here, key)
    other = cast.make_product(alder, "Chair", tax_id=rules[0].id, actor=here)
    run(products.RESOURCE, verb, here, other)
    assert cast.count(PriceRule) == 2
    assert [one.test for one in in_order_of_making(Product)] == [test, not test, test, not test]


def test_a_customer_is_copied_to_test_with_its_addresses(alder):
    live = cast.actor_for(alder)
    key = cast.make_customer(
        alder, "Ada", email="ada@example.org", credit_limit=5,
        billing_address={"street": "12 St James Square", "country": "GB"},
    )
    made = db.session.get(Customer, run(customers.RESOURCE, "copy_to_test", live, key))
    assert (made.test, made.name, made.email, made.credit_limit_minor) == (True, "Ada", "ada@example.org", 500)
    assert made.billing_address.street == "12 St James Square"
    assert made.code != db.session.get(Customer, key).code
    with pytest.raises(Conflict, match="e-mail"):
        run(customers.RESOURCE, "copy_to_test", live, key)


@pytest.mark.parametrize("test", [False, True], ids=["to test", "to live"])
def test_an_article_is_copied_as_a_draft_with_its_category_and_without_its_history(alder, test):
    here = cast.actor_for(alder).in_world(test=test)
    there = here.in_world(test=not test)
    verb = "copy_to_live" if test else "copy_to_test"
    with transaction():
        shelf = article_categories.create(here, inputs.parse(article_categories.CategoryInput, {"name": "Billing"})).id
        key = articles.create(here, inputs.parse(articles.ArticleInput, {
            "title": "Refunds", "content": "We *pay* back.", "category_id": shelf, "status": "published"})).id
    with transaction():
        row = articles.LISTING.get(here, key)
        row.views, row.helped = 7, 3
        articles.update(here, row, {"content": "We **pay** back in 3 days."})
    made = db.session.get(Article, run(articles.RESOURCE, verb, here, key))
    assert (made.test, made.slug, made.content) == (not test, "refunds", "We **pay** back in 3 days.")
    assert (made.status, made.published_at) == (ArticleStatus.DRAFT, None)
    assert (made.views, made.helped, made.text_number) == (0, 0, 1)
    assert (made.category.name, made.category.test) == ("Billing", not test)
    assert not article_texts.newest(made)
    found = articles.LISTING.page(there, Query(search="pay back", sort="views")).records
    assert [one.id for one in found] == [made.id]
    with pytest.raises(Conflict, match="address"):
        run(articles.RESOURCE, verb, here, key)
    with transaction():
        other = articles.create(here, inputs.parse(articles.ArticleInput, {
            "title": "Returns", "content": "x", "category_id": shelf})).id
    run(articles.RESOURCE, verb, here, other)
    assert [one.test for one in in_order_of_making(ArticleCategory)] == [test, not test]


def test_nothing_is_copied_to_the_world_where_it_is(alder):
    test = cast.actor_for(alder).in_world(test=True)
    key = cast.make_product(alder, actor=test)
    with pytest.raises(Conflict, match="in the test world already"):
        run(products.RESOURCE, "copy_to_test", test, key)
    assert "copy_to_live" not in customers.RESOURCE.actions
