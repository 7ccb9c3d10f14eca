"""Searches of lists find rows that have every word, in the row, in what it names and in its parts, by an index."""

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DatabaseError

from database import db, transaction, word_index
from database.word_triggers import TRIGGERS, mend
from domain.invoicing import invoice_listing
from domain.pages import Query
from domain.payments import payment_listing
from domain.people import customers
from domain.sales.budgets import budgets
from domain.sales.orders import order_listing
from domain.support import ticket_listing
from tests import cast, ordered, ticketed
from tests.architecture.listings import listings
from tests.domain.test_list_plans import plan

INDEXED = [table for table in db.metadata.tables.values()
           if any(column.info.get("indexed") for column in table.columns)]


def found(listing, merchant_id, words, **more):
    query = Query(search=words, sort="id", descending=False, limit=100)
    page = listing.page(cast.actor_for(merchant_id, **more), query)
    assert page.total == len(page.records)
    return [row.id for row in page.records]


@pytest.fixture
def people(alder):
    return {
        name: cast.make_customer(alder, name, email=email)
        for name, email in (("Ada Lovelace", "ada@example.org"), ("Zoë Ångström", "zoe@example.org"),
                            ("100% \"Quoted\" _Ltd", None), ("Al Bo", None))
    }


@pytest.mark.parametrize(("words", "names"), [
    ("lovelace ada", ["Ada Lovelace"]), ("VELA", ["Ada Lovelace"]), ("ada  lovelace", ["Ada Lovelace"]),
    ("ada zoe", []), ("zoe angstrom", ["Zoë Ångström"]), ("ÅNG", ["Zoë Ångström"]),
    ("example.org", ["Ada Lovelace", "Zoë Ångström"]), ("example ada lov", ["Ada Lovelace"]),
    ("100%", ["100% \"Quoted\" _Ltd"]), ('"quoted"', ["100% \"Quoted\" _Ltd"]), ("_ltd", ["100% \"Quoted\" _Ltd"]),
    ("al", ["Al Bo"]), ("bo al", ["Al Bo"]), ("a z", ["Zoë Ångström"]), ("___", []), ("%%%", []),
    ('"', ["100% \"Quoted\" _Ltd"]),
    ("ada OR zoe", []), ("ad*", []), ("NOT", []), ("name:ada", []), ("' OR 1=1 --", []),
    ("ada\x00lovelace", ["Ada Lovelace"]),
    ("\u200b", ["Ada Lovelace", "Zoë Ångström", "100% \"Quoted\" _Ltd", "Al Bo"]),
])
def test_every_word_is_found_in_any_order_and_signs_mean_nothing(alder, people, words, names):
    assert found(customers.LISTING, alder, words) == [people[name] for name in names]


def test_budgets_are_found_by_their_customer_their_lines_and_their_number(alder, people):
    lamp, desk = (
        cast.make_budget(alder, people[name], [{"description": what, "quantity": 1, "unit_price": 5}])
        for name, what in (("Ada Lovelace", "Oak lamp"), ("Zoë Ångström", "Oak desk")))
    listing = budgets.RESOURCE.listing
    assert found(listing, alder, "oak") == [lamp, desk]
    assert found(listing, alder, "oak lovelace") == [lamp]
    assert found(listing, alder, "zoe@example.org desk") == [desk]
    assert found(listing, alder, "lamp desk") == []
    for called in (str(desk), f"#{desk}", f"budget_{desk}", f"oak {desk}"):
        assert found(listing, alder, called) == [desk]
    assert found(listing, alder, f"order_{desk}") == []


def test_tickets_are_found_by_their_replies_and_customers_not_by_internal_notes(alder):
    customer = cast.make_customer(alder, "Ada Lovelace")
    key = ticketed.make_ticket(alder, customer_id=customer, subject="Printer", message="It smokes")
    ticketed.answer(key, "A note about toner", internal=True)
    assert found(ticket_listing.LISTING, alder, "toner printer") == [key]
    assert found(ticket_listing.OF_CUSTOMERS, alder, "smokes", customer_id=customer) == [key]
    assert found(ticket_listing.OF_CUSTOMERS, alder, "toner", customer_id=customer) == []


def test_a_changed_and_a_deleted_row_are_found_by_what_they_say_now(alder, people):
    key = people["Ada Lovelace"]
    with transaction():
        row = customers.LISTING.get(cast.actor_for(alder), key, lock=True)
        customers.update(cast.actor_for(alder), row, {"name": "Grace Hopper"})
    assert found(customers.LISTING, alder, "lovelace") == []
    assert found(customers.LISTING, alder, "hopper") == [key]


def test_another_merchants_rows_are_not_found(alder, birch, people):
    other = cast.make_customer(birch, "Ada Lovelace")
    assert found(customers.LISTING, birch, "lovelace") == [other]
    own = cast.actor_for(alder).in_world(test=True)
    assert customers.LISTING.page(own, Query(search="lovelace", sort="id")).total == 0


@pytest.mark.parametrize("listing", [
    customers.LISTING, budgets.RESOURCE.listing, order_listing.LISTING, invoice_listing.LISTING,
    payment_listing.LISTING, ticket_listing.LISTING,
], ids=lambda one: one.noun)
@pytest.mark.once("PostgreSQL plans by the sizes of tables, which are empty here: bench/performance/p9_searches.py")
def test_a_word_is_looked_up_in_indexes(alder, listing):
    steps = plan(listing, cast.actor_for(alder), Query(search="lovelace 123", sort="id"))
    assert any("VIRTUAL TABLE" in step for step in steps), steps
    read = {step.removeprefix("SCAN ").split(" ")[0] for step in steps if step.startswith("SCAN ")}
    assert not read & set(db.metadata.tables), steps


def test_every_text_that_is_indexed_has_its_index(on_postgresql):
    names = {table.name for table in INDEXED}
    of_trigrams = text("SELECT tablename FROM pg_indexes WHERE indexdef LIKE '%gin_trgm_ops%'")
    with db.engine.connect() as connection:
        if on_postgresql:
            kept = set(connection.scalars(of_trigrams))
        else:
            triggers = set(connection.scalars(text("SELECT name FROM sqlite_master WHERE type = 'trigger'")))
            kept = {name for name in names
                    if {f"{name}{word_index.SUFFIX}_{kind}" for kind in TRIGGERS} <= triggers}
    assert names <= kept, "A migration makes the index of a text with search_key(…, indexed=True): see 0052"


def test_lists_of_what_grows_are_searched_by_an_index():
    small = {"currency", "merchant", "user", "department", "article category", "canned answer", "price rule",
             "product group", "discount code", "webhook endpoint", "gateway on hold", "announcement", "article",
             "delivery", "task", "published article", "gateway account"}
    for listing in listings():
        for place in listing.search:
            column = getattr(place, "column", place)
            if hasattr(column, "class_") and "number" not in type(place).__name__.lower() and listing.noun not in small:
                assert column.info.get("indexed"), f"{listing.noun}: search_key(…, indexed=True) for {column}"


def test_a_table_that_was_made_anew_gets_its_triggers_back(on_postgresql, alder, people):
    if on_postgresql:
        pytest.skip("PostgreSQL has no triggers for its indexes")
    connection = db.session.connection()
    connection.exec_driver_sql("DROP TRIGGER customers_words_insert")
    connection.exec_driver_sql("DROP TRIGGER customers_words_update")
    connection.exec_driver_sql("UPDATE customers SET search_text = 'changed' WHERE id = ?", (people["Al Bo"],))
    assert mend(connection) == ["customers"]
    assert mend(connection) == []
    connection.exec_driver_sql("INSERT INTO customers_words(customers_words, rank) VALUES ('integrity-check', 1)")
    hits = connection.exec_driver_sql("SELECT rowid FROM customers_words WHERE customers_words MATCH '\"changed\"'")
    assert [one[0] for one in hits] == [people["Al Bo"]]
    db.session.rollback()


def test_indexes_of_sqlite_agree_with_their_tables(on_postgresql, alder, people):
    if on_postgresql:
        pytest.skip("PostgreSQL keeps its indexes itself")
    before = found(customers.LISTING, alder, "zoe")
    ordered.make_order(alder)
    for table in INDEXED:
        with transaction() as session:
            try:
                session.connection().exec_driver_sql(
                    f"INSERT INTO {table.name}_words({table.name}_words, rank) VALUES ('integrity-check', 1)")
            except DatabaseError as error:
                pytest.fail(f"{table.name}: {error}")
    assert found(customers.LISTING, alder, "zoe") == before


def test_the_first_hits_are_those_of_the_page_whether_few_or_many_have_the_word(alder, monkeypatch):
    monkeypatch.setattr("domain.listing.NEWEST", 2)
    keys = [cast.make_customer(alder, f"Ada {number}") for number in range(5)]
    actor = cast.actor_for(alder)
    for limit in (1, 2, 3, 10):
        query = Query(search="ada", sort="created_at", descending=True, limit=limit)
        rows = customers.LISTING.few(actor, query)
        assert [row.id for row in rows] == [row.id for row in customers.LISTING.page(actor, query).records]
    assert [row.id for row in customers.LISTING.few(actor, Query(search="ada 3", limit=5))] == [keys[3]]
