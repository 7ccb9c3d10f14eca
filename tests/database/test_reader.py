"""Reads on the driver return what the session returns."""

from decimal import Decimal

import orjson
import pytest
from sqlalchemy import Column, Integer, MetaData, Table, select
from sqlalchemy.exc import OperationalError, ProgrammingError

from blueprints.api.wire.row_cache import MOST_CHILDREN, RowCache
from database import db, transaction
from database.reader import Reader
from database.statements import Prepared
from domain import clock
from domain.catalog import products
from domain.listing import Query
from domain.pages import Record
from domain.people import customers
from domain.sales.budgets import budgets
from tests import cast


@pytest.fixture
def alder():
    """A merchant with one row of each noun, every odd character included."""
    merchant = cast.make_merchant("Alder")
    customer = cast.make_customer(merchant, 'Ünïcode "quoted" \\ backslash 😀', details={"a": "é"})
    cast.make_product(merchant, "Lamp", Decimal("0.001"), details={"b": "{}"})
    cast.make_product(merchant, "Chair", 12)
    cast.make_budget(merchant, customer)
    return merchant


@pytest.mark.parametrize("noun", [customers, products, budgets], ids=["customers", "products", "budgets"])
def test_rows_have_the_values_that_the_session_reads(alder, noun):
    statement = select(*(column.label(name) for name, column in noun.LISTING.columns.items()))
    statement = noun.LISTING._joined(statement.select_from(noun.LISTING.model)).order_by(noun.LISTING.model.id)
    prepared, values = Prepared(statement), {"now": clock.now()}
    expected = db.session.execute(statement, values).all()
    db.session.rollback()
    many, first = Reader().rows(prepared, values), Reader().first(prepared, values)
    assert len(many) == len(expected) > 0
    for name in noun.LISTING.columns:
        assert [getattr(row, name) for row in many] == [getattr(row, name) for row in expected], name
        assert [type(getattr(row, name)) for row in many] == [type(getattr(row, name)) for row in expected], name
    assert [getattr(first, name) for name in noun.LISTING.columns] == list(expected[0])


def test_what_a_transaction_wrote_is_seen_inside_it_and_not_kept_when_it_fails(alder):
    actor = cast.actor_for(alder)
    before = products.LISTING.count(actor)

    def change():
        with transaction():
            product = products.LISTING.get(actor, 1, lock=True)
            product.name = "Changed"
            db.session.flush()
            assert products.LISTING.read(actor, 1).name == "Changed"
            raise KeyError("on purpose")

    with pytest.raises(KeyError):
        change()
    assert products.LISTING.read(actor, 1).name == "Lamp"
    assert products.LISTING.count(actor) == before


def test_an_error_of_the_driver_is_raised_by_the_session_and_the_next_read_works(alder):
    absent = Table("no_such_table", MetaData(), Column("id", Integer))
    with pytest.raises((OperationalError, ProgrammingError)):
        Reader().rows(Prepared(select(absent.c.id)), {})
    db.session.rollback()
    assert products.LISTING.count(cast.actor_for(alder)) == 2


def test_a_list_without_rows_and_a_page_behind_the_end_still_count(alder):
    actor = cast.actor_for(alder)
    assert products.LISTING.page(actor, Query(limit=1, offset=50)).total == 2
    nobody = cast.actor_for(cast.make_merchant("Birch"))
    page = products.LISTING.page(nobody, Query())
    assert (page.records, page.total) == ([], 0)


def test_a_row_with_children_is_written_anew_only_when_it_or_a_child_changed():
    shown = []
    written = RowCache(lambda record: shown.append(record.row) or {"items": record.children["items"]})

    def texts(*items, row=(1, "Desk")):
        return orjson.loads(orjson.dumps(written.array([Record(row, {"items": list(items), "fees": []})])))

    first = texts((1, 2.5), (2, 1))
    assert texts((1, 2.5), (2, 1)) == first == [{"items": [[1, 2.5], [2, 1]]}]
    assert len(shown) == 1
    assert texts((1, 2.5), (2, 3)) != first
    assert texts((2, 1), (1, 2.5)) != first
    assert texts((1, 2.5), (2, 1), row=(1, "Chair")) == first
    assert len(shown) == 4


@pytest.mark.parametrize("items", [[(number,) for number in range(MOST_CHILDREN + 1)], [({"a": 1},)]])
def test_a_row_with_many_children_or_values_that_are_no_keys_is_written_each_time(items):
    written = RowCache(lambda record: {"items": record.children["items"]})
    for _ in range(2):
        assert written([Record((1,), {"items": items})]) == [{"items": items}]
    assert not written._known


def test_a_row_is_written_anew_only_when_its_content_changed(alder):
    actor, shown = cast.actor_for(alder), []
    written = RowCache(lambda record: shown.append(record.name) or {"name": record.name})
    for _ in range(3):
        written(products.LISTING.page(actor, Query(sort="id", descending=False)).records)
    times = len(shown)
    with transaction():
        products.LISTING.get(actor, 2, lock=True).name = "Armchair"
    texts = written(products.LISTING.page(actor, Query(sort="id", descending=False)).records)
    assert len(texts) == 2
    assert shown[times:].count("Armchair") == 1
    assert len(shown) <= times + 2
