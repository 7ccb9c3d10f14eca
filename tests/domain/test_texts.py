"""How texts are compared, sorted and searched, alike on both databases."""

import pytest

from database import db, transaction
from database.searching import fold
from database.text_keys import keys
from domain import audit, inputs, texts
from domain.catalog import products
from domain.errors import Conflict, Invalid
from domain.pages import Query
from domain.people import customers, users
from domain.people.logins import user_passwords
from domain.sales.budgets import budgets
from models.customer import Customer
from models.product import Product
from tests import cast
from tests.architecture.listings import listings

NAMES = ["Zoe", "ada", "Émile", "Østergaard", "emil", "Ada", "Łukasz", "zoë", "Luka", "李", "Ähren", "ahorn", "Oster"]
SORTED = [
    "ada", "Ada", "ahorn", "Ähren", "emil", "Émile", "Luka", "Łukasz", "Oster", "Østergaard", "Zoe", "zoë", "李",
]


@pytest.fixture
def merchant():
    return cast.make_merchant()


def names(listing, merchant, **asked):
    return [one.name for one in listing.page(cast.actor_for(merchant), Query(**{"limit": 100, **asked})).records]


@pytest.mark.once("has no database")
@pytest.mark.parametrize(("one", "other"), [
    ("Ada@BÜCHER.de", "ada@xn--bcher-kva.de"), ("STRASSE@x.org", "straße@x.org"), ("e\u0301@x.org", "É@X.ORG"),
    ("a@x。org", "a@x.org"),
])
def test_addresses_compare_without_case_and_with_domains_in_ascii(one, other):
    assert texts.email_key(one) == texts.email_key(other)


@pytest.mark.once("has no database")
@pytest.mark.parametrize(("text", "folded"), [
    ("  Æther\n Straße ", "aether strasse"), ("İstanbul", "istanbul"), ("ﬁn", "fin"), ("Ａ１", "a1"), ("Łódź", "lodz"),
    ("a\u200bb", "ab"), ("Νικος ΝΙΚΟΣ", "νικοσ νικοσ"), ("が", "が"), ("한국", "한국"), ("", ""),
])
def test_a_folded_text_has_no_case_no_accents_and_no_idle_space(text, folded):
    assert fold(text) == folded


@pytest.mark.once("has no database")
@pytest.mark.parametrize("value", ["a\u200b@x.org", "a@x\u00ad.org", "\u202ea@x.org", "a\u3164@x.org", "a@x..ü.org"])
def test_an_address_with_something_invisible_is_refused(value):
    with pytest.raises(Invalid) as refused:
        inputs.parse(customers.CustomerInput, {"name": "Ada", "email": value})
    assert refused.value.fields.keys() == {"email"}


@pytest.mark.once("has no database")
@pytest.mark.parametrize("value", ["…", "\u3164", "\u200b", "☃", "--"])
@pytest.mark.parametrize(("model", "field", "others"), [
    (customers.CustomerInput, "name", {}), (customers.CustomerInput, "organisation", {"name": "x"}),
    (users.UserInput, "name", {"email": "a@x.org"}),
])
def test_a_name_has_a_letter_or_a_digit_that_can_be_seen(model, field, others, value):
    with pytest.raises(Invalid) as refused:
        inputs.parse(model, others | {field: value})
    messages = {name: str(problem) for name, problem in refused.value.fields.items()}
    assert messages == {field: "must have a letter or a digit"}


@pytest.mark.once("has no database")
@pytest.mark.parametrize("value", ["\u3164", "\u200b", "\u0301", "\u2800\ufe0f"])
def test_a_product_has_a_name_that_can_be_seen(value):
    with pytest.raises(Invalid) as refused:
        inputs.parse(products.ProductInput, {"name": value, "price": 1})
    assert {name: str(problem) for name, problem in refused.value.fields.items()} == {
        "name": "must have a visible character"
    }


@pytest.mark.once("has no database")
@pytest.mark.parametrize("value", ["?", "…", "☃", "--", "5"])
def test_a_product_may_be_named_by_a_sign(value):
    """The retail data has a product that is called ?."""
    assert inputs.parse(products.ProductInput, {"name": value, "price": 1}).name == value


def test_texts_are_stored_in_normal_form_c():
    given = {"name": "Zoe\u0308", "note": "e\u0301", "details": {"cle\u0301": "e\u0301"}}
    new = inputs.parse(customers.CustomerInput, given)
    assert (new.name, new.note, new.details) == ("Zo\u00eb", "\u00e9", {"cl\u00e9": "\u00e9"})


@pytest.mark.parametrize(("first", "second"), [
    ("straße@x.org", "STRASSE@x.org"), ("a@bücher.de", "A@xn--bcher-kva.de"),
])
def test_an_address_is_taken_in_every_spelling(merchant, first, second):
    cast.make_customer(merchant, email=first)
    with pytest.raises(Conflict):
        cast.make_customer(merchant, email=second)
    found = customers.LISTING.page(cast.actor_for(merchant), Query(filters={"email": second})).records
    assert [one.email for one in found] == [first]


def test_a_user_signs_in_with_any_spelling_of_the_address():
    key = cast.make_user("jörg@bücher.de", all_merchants=True)
    assert user_passwords.verified("JO\u0308RG@xn--bcher-kva.de", cast.PASSWORD).user.id == key


def test_lists_sort_by_letters_without_case_and_accents(merchant):
    for name in NAMES:
        cast.make_customer(merchant, name)
        cast.make_product(merchant, name)
    for listing in (customers.LISTING, products.LISTING):
        found = names(listing, merchant, sort="name", descending=False)
        assert [fold(one) for one in found] == [fold(one) for one in SORTED]
        assert names(listing, merchant, sort="name", descending=True) == found[::-1]


def test_empty_values_are_last_either_way(merchant):
    for name, email in (("None", None), ("B", "b@x.org"), ("A", "A@x.org"), ("Too", None)):
        cast.make_customer(merchant, name, email=email)
    assert names(customers.LISTING, merchant, sort="email", descending=False) == ["A", "B", "None", "Too"]
    assert names(customers.LISTING, merchant, sort="email", descending=True) == ["B", "A", "Too", "None"]


def test_amounts_of_several_currencies_sort_by_currency_first(merchant):
    customer = cast.make_customer(merchant)
    for currency, price in (("JPY", 500), ("EUR", 100), ("JPY", 90_000), ("EUR", 7)):
        cast.make_product(merchant, f"{currency} {price}", price=price, currency=currency)
        line = {"description": "x", "quantity": 1, "unit_price": price}
        cast.make_budget(merchant, customer, [line], currency=currency)
    up, down = (names(products.LISTING, merchant, sort="price", descending=descending) for descending in (False, True))
    assert up == ["EUR 7", "EUR 100", "JPY 500", "JPY 90000"]
    assert down == ["EUR 100", "EUR 7", "JPY 90000", "JPY 500"]
    found = budgets.RESOURCE.listing.page(cast.actor_for(merchant), Query(sort="total", descending=True)).records
    assert [(one.currency, one.total_minor) for one in found] == [
        ("EUR", 10_000), ("EUR", 700), ("JPY", 90_000), ("JPY", 500)]


@pytest.mark.parametrize("search", ["zoe", "ZOË", "zo\u0308e", "oë strass", "STRASSE", "straße"])
def test_a_search_knows_neither_case_nor_accents(merchant, search):
    cast.make_customer(merchant, "Zoë Straße" if search != "zo\u0308e" else "Zöe")
    cast.make_customer(merchant, "Ada")
    actor = cast.actor_for(merchant)
    assert customers.LISTING.page(actor, Query(search=search)).total == 1
    assert customers.LISTING.page(actor, Query(filters={"name_contains": search})).total == 1


def test_the_keys_of_a_row_follow_its_texts(merchant):
    key = cast.make_customer(merchant, "Ada", organisation="Engines", email="ada@x.org")
    actor = cast.actor_for(merchant)
    with transaction():
        customers.update(actor, customers.LISTING.get(actor, key, lock=True), {"name": "Zoë", "email": None})
    row = db.session.get_one(Customer, key)
    assert (row.name_sort, row.email_sort, row.search_text) == ("zoe", None, "zoe\nengines")
    assert not set(audit.snapshot(row)) & keys(Customer).keys()


def test_the_keys_of_rows_that_are_inserted_as_a_statement_are_there_too(merchant):
    key = cast.make_product(merchant, "Lamp")
    columns = {one.key: getattr(db.session.get_one(Product, key), one.key) for one in Product.__table__.columns}
    copied = {name: value for name, value in columns.items() if name not in ("id", "code", *keys(Product))}
    with transaction() as session:
        session.execute(Product.__table__.insert(), [copied | {"code": "x1", "name": "Émile"}])
    assert names(products.LISTING, merchant, search="emile") == ["Émile"]


@pytest.mark.once("has no database")
@pytest.mark.parametrize("listing", listings(), ids=lambda one: one.noun)
def test_every_text_that_a_list_sorts_or_searches_by_has_a_key(listing):
    plain = {"currency.code"}                                   # ISO's three capitals
    ascii_only = {"delivery", "task"}                           # words of the program itself
    for name, columns in listing.sort.items():
        for column in columns if isinstance(columns, tuple) else (columns,):
            text = column.type.python_type is str and name not in ("price", "total", "amount")
            assert not text or "folds" in column.info or f"{listing.noun}.{name}" in plain, (
                f"declare a sort_key for {column} in {listing.model.__module__} and sort {listing.noun} by it")
    for place in listing.search if listing.noun not in ascii_only else ():
        assert not hasattr(place, "ilike") or "folds" in place.info, f"declare a search_key for {place}"
