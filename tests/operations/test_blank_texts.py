"""Migration 0063 on an installation with rows: blank texts become null, but for those that the books hold."""

from importlib import import_module
from typing import Any

import pytest
import sqlalchemy as sa
from flask_migrate import downgrade, upgrade

from database import db
from domain.invoicing.books import verifying
from models import all_tables
from tests import cast, invoicing, paying

pytestmark = pytest.mark.files
MIGRATION = import_module("migrations.versions.0063_blank_texts")
TEXTS: dict[str, tuple[str, ...]] = MIGRATION.TEXTS
assert all_tables.CLASSES


def run(statement: str, **values: Any) -> list[Any]:
    with db.engine.begin() as connection:
        found = connection.execute(sa.text(statement), values)
        return list(found.mappings()) if found.returns_rows else []


def blank(table: str, names: tuple[str, ...], key: int, text: str) -> None:
    cleared = ", ".join(f"{name} = CAST(:text AS text)" for name in names)
    run(f"UPDATE {table} SET {cleared} WHERE id = {key}", text=text)


def row(table: str, key: int) -> dict[str, Any]:
    return dict(run(f"SELECT * FROM {table} WHERE id = {key}")[0])


@pytest.fixture
def before(installation: Any) -> Any:
    """A function that takes an installation back to the version before, with the rows that were made until then."""
    with installation.app.app_context():
        yield lambda: (db.session.rollback(), downgrade(revision="0062"))
        db.session.rollback()


def test_every_column_may_be_null(app: Any) -> None:
    tables = db.metadata.tables
    assert not [f"{table}.{name}" for table, names in TEXTS.items() for name in names
                if not tables[table].c[name].nullable]


@pytest.mark.parametrize("text", ["", "   ", " \t\n\u00a0"], ids=["empty", "spaces", "spaces of all kinds"])
def test_blank_texts_become_null_and_their_rows_get_a_new_version(before: Any, text: str) -> None:
    alder = cast.make_merchant("Alder")
    cast.make_user(merchant_ids=[alder])
    cast.make_key(alder)
    customer = cast.make_customer(alder, billing_address={"street": "1 Mill Lane", "city": "Bath", "country": "GB"})
    cast.make_budget(alder, customer)
    paying.make_order(alder, test=False)
    before()
    tables = [table for table in TEXTS if run(f"SELECT 1 AS one FROM {table}")]
    assert {"merchants", "users", "credentials", "customers", "budgets", "orders", "products"} <= set(tables)
    then = {table: row(table, 1) for table in tables}
    for table in tables:
        blank(table, TEXTS[table], 1, text)
    upgrade()
    for table in tables:
        now = row(table, 1)
        assert {name: now[name] for name in TEXTS[table]} == dict.fromkeys(TEXTS[table])
        assert now["version"] == then[table]["version"] + 1
        left = set(then[table]) - set(TEXTS[table]) - {"version", "sku_sort", "sku_key"}
        assert {name: now[name] for name in left} == {name: then[table][name] for name in left}


def test_a_text_that_says_something_stays_with_its_version(before: Any) -> None:
    alder = cast.make_merchant("Alder")
    key = cast.make_product(alder, sku="L-1", description=" Lamp ", unit="piece")
    other = cast.make_product(alder, sku="L-2", description="Lamp", unit="piece")
    before()
    run(f"UPDATE products SET unit = '' WHERE id = {key}")
    then = {one: row("products", one) for one in (key, other)}
    upgrade()
    changed = {"unit": None, "version": then[key]["version"] + 1}
    assert row("products", key).items() >= (then[key] | changed).items()
    assert row("products", other).items() >= then[other].items()


def test_a_blank_sku_has_no_key_so_that_no_two_of_them_collide(before: Any) -> None:
    alder = cast.make_merchant("Alder")
    key = cast.make_product(alder)
    before()
    run(f"UPDATE products SET sku = '', sku_key = '', sku_sort = '' WHERE id = {key}")
    upgrade()
    found = row("products", key)
    assert (found["sku"], found["sku_key"], found["sku_sort"]) == (None, None, None)


def test_a_blank_part_of_an_address_is_null_and_its_customer_is_read_anew(before: Any) -> None:
    alder = cast.make_merchant("Alder")
    keys = [
        cast.make_customer(alder, name, billing_address={"street": "1 Mill Lane", "city": "Bath", "country": "GB"})
        for name in ("Ada", "Bea")
    ]
    before()
    run("UPDATE addresses SET street = ' ', state = '' WHERE customer_id = :key", key=keys[0])
    then = [row("customers", key)["version"] for key in keys]
    upgrade()
    (address,) = run("SELECT street, city, state FROM addresses WHERE customer_id = :key", key=keys[0])
    assert dict(address) == {"street": None, "city": "Bath", "state": None}
    assert [row("customers", key)["version"] for key in keys] == [then[0] + 1, then[1]]


def test_what_the_books_hold_stays_as_it_was_issued(before: Any) -> None:
    alder = cast.make_merchant("Alder")
    key = invoicing.make_draft(alder)
    db.session.rollback()
    run("UPDATE invoices SET notes = ''")
    run("UPDATE invoice_items SET tax_reason = ' '")
    invoicing.issue(key)
    before()
    upgrade()
    assert (row("invoices", key)["notes"], row("invoice_items", 1)["tax_reason"]) == ("", " ")
    assert verifying.verify().misfit is None
