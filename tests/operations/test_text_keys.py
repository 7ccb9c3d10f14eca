"""Migration 0010 on an installation with rows: every text gets its key, and no row is lost."""

import time
from typing import Any

import pytest
import sqlalchemy as sa
from flask_migrate import downgrade, upgrade

from database import db
from operations import keyless_rows
from tests import cast

pytestmark = pytest.mark.files
NOW = "2026-01-02 03:04:05.000000"


def insert(table: str, *rows: dict[str, Any]) -> None:
    common = {"version": 1, "created_at": NOW, "updated_at": NOW}
    columns = ", ".join([*rows[0], *common])
    values = ", ".join(f":{name}" for name in [*rows[0], *common])
    with db.engine.begin() as connection:
        statement = sa.text(f"INSERT INTO {table} ({columns}) VALUES ({values})")
        connection.execute(statement, [row | common for row in rows])


def merchant() -> None:
    insert("merchants", {"id": 1, "name": "Alder", "currency": "EUR", "timezone": "UTC", "active": True})


def customer(key: int, **more: Any) -> dict[str, Any]:
    row = {"id": key, "merchant_id": 1, "code": f"c{key}", "name": f"Émile {key}", "status": "active",
           "credit_limit_minor": 0, "details": "{}", "email": None, "email_key": None, "deleted_at": None}
    return row | more


def product(key: int, **more: Any) -> dict[str, Any]:
    row = {"id": key, "merchant_id": 1, "code": f"p{key}", "name": "Lamp", "sku": None, "kind": "PRODUCT",
           "billing": "single_payment", "status": "active", "price_micro": 1, "currency": "EUR", "lock_price": False,
           "lock_payment_config": False, "fee_for_initial_payment_only": False,
           "discount_for_initial_payment_only": False, "details": "{}", "deleted_at": None}
    return row | more


def user(key: int, email: str) -> dict[str, Any]:
    return {"id": key, "email": email, "email_key": email.lower(), "password_hash": "x", "role": "admin_user",
            "active": True, "all_merchants": True, "api_access": False, "allowed_ips": "[]", "token_version": 1}


def stored(table: str, *columns: str) -> list[tuple[Any, ...]]:
    with db.engine.connect() as connection:
        rows = connection.execute(sa.text(f"SELECT {', '.join(columns)} FROM {table} ORDER BY id"))
        return [tuple(row) for row in rows]


def test_rows_that_count_as_equal_are_kept_and_the_younger_has_no_key(installation: Any, capsys: Any) -> None:
    with installation.app.app_context():
        downgrade(revision="0009")
        merchant()
        insert(
            "customers",
            customer(1, email="straße@x.org", email_key="straße@x.org"),
            customer(2, email="STRASSE@x.org", email_key="strasse@x.org"),
            customer(3, email="strasse@X.org", email_key="strasse@x.org", deleted_at=NOW),
            customer(4, email="a@bücher.de", email_key="a@bücher.de"),
        )
        insert("products", product(1, sku="L-1"), product(2, sku="l-1"), product(3, sku="M"), product(4))
        insert("users", user(1, "straße@x.org"), user(2, "strasse@x.org"), user(3, "ada@x.org"))
        capsys.readouterr()
        upgrade()
        said = capsys.readouterr().err
        assert stored("customers", "email", "email_key") == [
            ("straße@x.org", "strasse@x.org"), ("STRASSE@x.org", None), ("strasse@X.org", "strasse@x.org"),
            ("a@bücher.de", "a@xn--bcher-kva.de"),
        ]
        assert stored("customers", "name_sort")[0] == ("emile 1",)
        assert stored("products", "sku", "sku_key") == [("L-1", "l-1"), ("l-1", None), ("M", "m"), (None, None)]
        assert stored("users", "email_key") == [("strasse@x.org",), ("2:strasse@x.org",), ("ada@x.org",)]
        assert all(f"{row} has the" in said for row in ("customers 2", "products 2", "users 2")), said
        assert sorted(keyless_rows.find()) == ["customers 2 (email)", "products 2 (sku)", "users 2 (email)"]
        found = next(one for one in installation.run("check")["checks"] if one["name"] == "text keys")
        assert found["status"] == "warning"
        assert "3 texts count as equal to an older row's" in found["message"]
        assert "customers 2 (email), products 2 (sku)" in found["message"]
        db.session.rollback()                   # lets the tables be changed again
        downgrade(revision="0009")
        assert len(stored("customers", "id")) == 4
        assert stored("products", "sku") == [("L-1",), ("l-1",), ("M",), (None,)]


def test_a_text_of_nothing_visible_is_named_by_the_check(installation: Any) -> None:
    with installation.app.app_context():
        cast.make_merchant("Alder")
        insert("customers", customer(1, name="\u200b", test=False))
        insert("customers", customer(2, test=False, name_sort="emile 2"))
        found = keyless_rows.find()
        assert "customers 1 (name)" in found
        assert "customers 2 (name)" not in found


def test_many_rows_have_their_keys_in_reasonable_time(installation: Any) -> None:
    many = 20_000
    with installation.app.app_context():
        downgrade(revision="0009")
        merchant()
        insert("customers", *(
            customer(key, email=f"K{key}@x.org", email_key=f"k{key}@x.org") for key in range(1, many + 1)))
        before = time.monotonic()
        upgrade()
        assert time.monotonic() - before < 60
        assert stored("customers", "search_text")[-1] == (f"emile {many}\nk{many}@x.org",)
