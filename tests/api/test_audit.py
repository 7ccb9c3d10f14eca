"""The audit trail: who changed what from which value to which, committed with the change."""

import pytest
from sqlalchemy import select

from database import db
from models import AuditEntry
from tests import cast
from tests.api.conftest import Caller


@pytest.fixture
def entries():
    """A function that gives the entries since the fixture was made."""
    start = len(db.session.scalars(select(AuditEntry.id)).all())

    def read():
        db.session.rollback()
        return db.session.scalars(select(AuditEntry).order_by(AuditEntry.id).offset(start)).all()

    return read


@pytest.fixture
def entries_of(api, entries):
    """A function that sends a call and gives the entries that it left."""
    def read(method, path, json=None, **more):
        before = len(entries())
        reply = api(method, path, json=json, **more)
        return reply, entries()[before:]

    return read


def test_the_audit_entry_of_a_creation_has_who_what_when_and_which_api(api, alder, entries_of):
    reply, (entry,) = entries_of("POST", "/customers", {"name": "Ada", "email": "ada@example.org"},
                                 environ_base={"REMOTE_ADDR": "203.0.113.7"})
    assert (entry.action, entry.object_type, entry.object_id) == ("customer.created", "customer", 1)
    assert (entry.actor, entry.credential_id, entry.user_id, entry.merchant_id) == ("api_key_1", 1, None, alder)
    assert (entry.source, entry.ip, entry.request_id) == ("public", "203.0.113.7", reply.json["meta"]["requestId"])
    assert entry.before is None
    assert (entry.after["name"], entry.after["email"], entry.after["status"]) == ("Ada", "ada@example.org", "active")
    assert entry.at.tzinfo is not None


def test_a_change_keeps_only_what_differs_on_both_sides(api, entries_of):
    api.post("/customers", {"name": "Ada", "phone": "1"})
    _, (entry,) = entries_of("PUT", "/customers/customer_1", {"name": "Ada", "phone": "2"})
    assert (entry.action, entry.before, entry.after) == ("customer.updated", {"phone": "1"}, {"phone": "2"})


def test_a_deletion_is_written_down(api, entries_of):
    api.post("/products", {"name": "Lamp", "price": 1})
    _, (entry,) = entries_of("DELETE", "/products/product_1")
    assert entry.action == "product.deleted"
    assert (entry.before["deleted_at"], entry.after["deleted_at"] is not None) == (None, True)


def test_the_audit_trail_has_a_budgets_lines_and_each_change_of_its_status(api, entries_of):
    api.post("/customers", {"name": "Ada"})
    work = {"description": "Work", "quantity": 2, "unitPrice": 50}
    _, (entry,) = entries_of("POST", "/budgets", {"customerId": "customer_1", "items": [work]})
    assert (entry.action, entry.after["total_minor"], len(entry.after["items"])) == ("budget.created", 10000, 1)
    _, (entry,) = entries_of("PUT", "/budgets/budget_1", {"items": [work | {"quantity": 3}]})
    lines = [state["items"][0]["quantity_ten_thousandths"] for state in (entry.before, entry.after)]
    assert lines == [20_000, 30_000]
    assert (entry.before["total_minor"], entry.after["total_minor"]) == (10000, 15000)
    for status in ("REJECTED", "PENDING", "APPROVED"):
        _, (entry,) = entries_of("PUT", "/budgets/budget_1", {"status": status})
        assert entry.action == ("budget.updated" if status == "PENDING" else f"budget.{status.lower()}")
        assert entry.after["status"] == status
    assert entry.after["approved_by"] == "api_key_1"


@pytest.mark.parametrize(("method", "path", "body"), [
    ("POST", "/customers", {"name": ""}), ("POST", "/customers", {"name": "Eve", "email": "ada@example.org"}),
    ("PUT", "/customers/customer_1", {"email": "nonsense"}), ("PUT", "/customers/customer_9", {"name": "x"}),
    ("DELETE", "/customers/customer_9", None), ("PUT", "/budgets/budget_1", {"status": "EXPIRED"}),
    ("PUT", "/budgets/budget_1", {"notes": "x", "discount": 10**6}), ("GET", "/customers", None),
    ("GET", "/customers/customer_1", None),
])
def test_what_fails_or_only_reads_leaves_no_entry(api, alder, entries_of, method, path, body):
    cast.make_budget(alder, cast.make_customer(alder, email="ada@example.org"))
    _, left = entries_of(method, path, body)
    assert left == []


def test_a_crash_after_the_entry_takes_it_back(api, entries_of, monkeypatch):
    monkeypatch.setattr("blueprints.api.verbs.shown", lambda *_: 1 / 0)
    reply, left = entries_of("POST", "/customers", {"name": "Ada"})
    assert (reply.status_code, left) == (500, [])


def test_keys_are_written_down_without_their_secrets(app, alder, entries):
    _, key = cast.make_key(alder, webhook_url="https://example.org/hook")
    written = entries()
    assert "api_key.created" in {entry.action for entry in written}
    for entry in written:
        assert not {"digest", "bcrypt_hash", "ciphertext", "webhook_secret", "secret"} & entry.after.keys()
        assert key[20:] not in str(entry.after)
        assert "whsec_" not in str(entry.after)
    assert Caller(app, key).get("/customers").status_code == 200
