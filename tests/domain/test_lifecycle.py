"""Changes of a row of any noun: version, audit entry and event."""

import pytest

from database import db, transaction
from domain import audit, inputs
from domain.catalog import pricing
from domain.errors import Invalid
from domain.lifecycle import Lifecycle, put_back
from domain.people import customers
from models.audit import AuditEntry
from models.credential import Credential
from models.customer import Customer, CustomerStatus
from models.user import User
from models.webhook import Endpoint
from tests import cast


def trail():
    return [(entry.action, entry.before, entry.after) for entry in db.session.query(AuditEntry).order_by(AuditEntry.id)]


@pytest.fixture
def emitted():
    return []


@pytest.fixture
def life(emitted):
    return Lifecycle(noun="customer", emit_event=lambda actor, name, row: emitted.append((name, row.deleted_at)))


@pytest.fixture
def ada(alder):
    key = cast.make_customer(alder, "Ada")
    with transaction():
        db.session.query(AuditEntry).delete()
    return db.session.get(Customer, key)


def test_a_change_raises_the_version_and_is_audited_and_emitted_once(life, emitted, ada, alder):
    version, before = ada.version, ada.updated_at
    with transaction(), life.changing(cast.actor_for(alder), ada):
        ada.note = "New"
    assert (ada.version, ada.updated_at >= before) == (version + 1, True)
    assert trail() == [("customer.updated", {"note": None}, {"note": "New"})]
    assert emitted == [("customer.updated", None)]


def test_a_change_that_is_refused_leaves_no_trace(life, emitted, ada, alder):
    def refuse():
        with transaction(), life.changing(cast.actor_for(alder), ada):
            ada.note = "New"
            raise Invalid("No.")

    with pytest.raises(Invalid):
        refuse()
    assert (trail(), emitted, db.session.get(Customer, ada.id).note) == ([], [], None)


def test_a_removal_emits_its_event_while_the_row_can_still_be_read_and_is_undone(life, emitted, ada, alder):
    actor = cast.actor_for(alder)
    with transaction():
        life.remove(actor, ada)
    with transaction(), life.restoring(actor, ada):
        pass
    assert [name for name, gone in emitted if gone is None] == ["customer.deleted", "customer.updated"]
    assert [action for action, _, _ in trail()] == ["customer.deleted", "customer.restored"]
    assert ada.deleted_at is None


def test_a_noun_without_events_emits_none_and_an_erased_row_is_kept_in_the_trail(alder):
    actor = cast.actor_for(alder)
    with transaction():
        group = pricing.create_group(actor, inputs.parse(pricing.GroupInput, {"name": "Lamps"}))
        pricing.delete_group(actor, group)
    action, before, after = trail()[-1]
    assert (action, before["name"], after) == ("product_group.deleted", "Lamps", None)


def test_what_is_put_back_is_checked_like_any_input(ada, alder):
    undo = put_back(customers.update, customers.CustomerInput)
    with pytest.raises(Invalid):
        undo(cast.actor_for(alder), ada, {"status": "gone"})
    with transaction():
        undo(cast.actor_for(alder), ada, {"status": "stopped"})
    assert ada.status is CustomerStatus.STOPPED


def test_a_secret_is_in_no_snapshot():
    """Columns say that they are secret where they are declared; these are known to be."""
    kept = set(audit.snapshot(Credential())) | set(audit.snapshot(User())) | set(audit.snapshot(Endpoint()))
    assert kept.isdisjoint({"digest", "bcrypt_hash", "ciphertext", "webhook_secret", "password_hash", "secret",
                            "previous_secret"})
    assert {"prefix", "email", "url"} <= kept
