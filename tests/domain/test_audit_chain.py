"""The audit trail is chained: what was changed, deleted, added or taken off its end behind the program is named."""

import json
from concurrent.futures import ThreadPoolExecutor

import pytest
from sqlalchemy import text

from database import db, transaction
from domain import audit, audit_chain
from domain.actor import Actor
from models.audit import AuditChain, AuditEntry, AuditLink
from models.customer import Customer
from tests import cast, invoicing


def rows():
    return [(one.id, one.merchant_id) for one in db.session.scalars(db.select(AuditEntry).order_by(AuditEntry.id))]


def sql(words, **values):
    with transaction() as session:
        session.execute(text(words), values)


def misfit():
    db.session.rollback()
    found = audit_chain.verify().misfit
    return None if found is None else (found.merchant_id, found.id, found.reason)


@pytest.fixture
def written(alder, birch):
    """Entries of two merchants and of none; the ids of those of the first."""
    for name in ("Ada", "Bo", "Cy"):
        cast.make_customer(alder, name)
    cast.make_customer(birch, "Di")
    cast.make_user(all_merchants=True)
    return [key for key, merchant_id in rows() if merchant_id == alder]


def test_every_entry_is_in_the_chain_of_its_merchant(alder, birch, written):
    done = audit_chain.verify()
    assert (done.misfit, done.rows) == (None, len(rows()))
    assert {one.chain for one in db.session.scalars(db.select(AuditChain))} == {0, alder, birch}


@pytest.mark.parametrize("words", [
    "UPDATE audit_entries SET actor = 'somebody else' WHERE id = :key",
    "UPDATE audit_entries SET after = '{\"name\": \"Eve\"}' WHERE id = :key",
    "UPDATE audit_entries SET at = '2020-01-01 00:00:00' WHERE id = :key",
    "UPDATE audit_entries SET merchant_id = NULL WHERE id = :key",
])
def test_a_changed_entry_is_named(alder, written, words):
    sql(words, key=written[1])
    assert misfit() == (alder, written[1], "the entry was changed after it was written")


def test_a_deleted_entry_is_named(alder, written):
    sql("DELETE FROM audit_entries WHERE id = :key", key=written[1])
    assert misfit() == (alder, written[1], "the entry is missing")


def test_a_deleted_link_and_one_off_the_end_are_named(alder, written):
    count = len(written)
    sql("DELETE FROM audit_links WHERE entry_id = :key", key=written[-1])
    assert misfit() == (alder, None, f"the chain ends with entry {count - 1}, and should end with {count}")
    sql("DELETE FROM audit_links WHERE entry_id = :key", key=written[0])
    assert misfit() == (alder, written[1], "link 1 of the chain is missing")


def test_an_added_entry_is_named(alder, written):
    names = ", ".join(one.name for one in AuditEntry.__table__.columns if one.name != "id")
    sql(f"INSERT INTO audit_entries ({names}) SELECT {names} FROM audit_entries WHERE id = :key", key=written[0])
    assert misfit() == (alder, rows()[-1][0], "the entry is not in the chain")


def test_what_is_taken_back_leaves_no_link(alder):
    cast.make_customer(alder, "Ada")

    def fail():
        with transaction() as session:
            audit.record(cast.actor_for(alder), "customer.seen", session.get(Customer, 1))
            raise LookupError

    with pytest.raises(LookupError):
        fail()
    before = len(rows())
    with transaction() as session:
        row = session.get(Customer, 1)
        audit.record(cast.actor_for(alder), "customer.first", row)
        point = session.begin_nested()
        audit.record(cast.actor_for(alder), "customer.second", row)
        point.rollback()
        with session.begin_nested():
            audit.record(cast.actor_for(alder), "customer.third", row)
    kept = db.session.scalars(db.select(AuditEntry.action).order_by(AuditEntry.id)).all()
    assert kept[before:] == ["customer.first", "customer.third"]
    assert (misfit(), db.session.scalar(db.select(db.func.count()).select_from(AuditLink))) == (None, len(rows()))


def test_a_change_of_several_merchants_is_in_each_chain(alder, birch):
    key, other = cast.make_customer(alder, "Ada"), cast.make_customer(birch, "Bo")
    with transaction() as session:
        for one in (other, key):
            audit.record(Actor.operator(), "customer.seen", session.get(Customer, one))
    assert misfit() is None


@pytest.mark.files
def test_writers_at_once_make_one_chain(workshop):
    with workshop.app_context():
        owners = cast.make_merchant("Alder"), cast.make_merchant("Birch")
        drafts = [invoicing.make_draft(owner) for owner in owners]

    def write(number):
        with workshop.app_context():
            cast.make_customer(owners[number % 2], f"Ada {number}")
            if number < len(drafts):
                invoicing.issue(drafts[number])

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(write, range(24)))
    with workshop.app_context():
        done = audit_chain.verify()
        assert (done.misfit, done.rows) == (None, len(rows()))


def test_entries_from_before_the_chain_are_left_alone(alder):
    cast.make_customer(alder, "Ada")
    with transaction() as session:
        session.execute(db.delete(AuditLink))
        session.execute(db.delete(AuditChain))
    before = len(rows())
    cast.make_customer(alder, "Bo")
    done = audit_chain.verify()
    assert (done.misfit, done.rows) == (None, len(rows()) - before)


def test_the_command_says_how_many_fit_or_names_the_first_that_does_not(app, alder, written):
    def run():
        done = app.test_cli_runner().invoke(args=["audit", "verify", "--json"])
        return done.exit_code, json.loads(done.stdout)

    assert run() == (0, {"ok": True, "rows": len(rows())})
    sql("UPDATE audit_entries SET ip = '10.0.0.1' WHERE id = :key", key=written[0])
    code, told = run()
    assert code == 1
    assert told["details"] == {
        "merchant": alder, "kind": "audit_entry", "id": written[0], "number": None,
        "reason": "the entry was changed after it was written",
    }
    assert f"entry {written[0]}" in told["error"]


def test_what_an_entry_holds_is_the_same_when_it_is_read(alder):
    key = cast.make_customer(alder, "Ada")
    odd = {
        "text": "Zoë \u2028\U0001f600 \"quoted\" \\ / \x7f", "float": 0.1 + 0.2, "small": 1e-17, "large": 1e300,
        "int": 2**53 + 1, "list": [1, [None, True], {"b": 1, "a": 2}], "tuple": (1, 2), "": {}, "ä": False,
    }
    with transaction() as session:
        row = session.get(Customer, key)
        audit.record(cast.actor_for(alder, label="Zoë\u2028", ip="::1"), "customer.seen", row, after=odd)
        odd["list"].append("changed later")
    assert misfit() is None
