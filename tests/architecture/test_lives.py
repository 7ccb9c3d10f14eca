"""A row of every noun is made, changed by each of its actions, deleted and brought back: what each step leaves."""

from contextlib import suppress

import pytest
from sqlalchemy import inspect, select

from blueprints.api.requests.touched import slug
from database import db, transaction
from domain import inputs
from domain.actor import Actor
from domain.errors import DomainError
from domain.people import customers
from models.audit import AuditEntry
from models.customer import Customer
from tests.architecture.nouns import file_of, pages, resources
from tests.rows import MADE, make, make_ready

# Services are orders, and a test clock is of the test world only: both have tests of their own.
APART = {"service", "test clock"}
WRITTEN = [one for one in resources() if one.create is not None and one.input is not None
           and one.noun not in MADE.keys() | APART]
# What needs more than a new row: the loops over the contracts prepare it.
PREPARED = {
    ("invoices", "send"), ("invoices", "send_link"), ("invoices", "remind"), ("orders", "pay_rest"),
    ("orders", "retry"), ("orders", "ask_for_card"),
    ("orders", "cancel_at_period_end"), ("orders", "withdraw_change"), ("orders", "withdraw_cancellation"),
    ("tickets", "take"),
}
ACTIONS = [(one, verb) for one in WRITTEN for verb in one.actions
           if (one.name, verb) not in PREPARED and not verb.startswith("copy_to")]
KEPT = [one for one in WRITTEN if one.delete is not None and one.delete.undo is not None]
NAMES = {one.name for one in WRITTEN}
BY_FORM = [here for here in pages() if here.form == "admin/form.html" and here.sections and here.resource.name in NAMES]
TRAILS = {here.resource.name: here.trail_name for here in pages()}


def named(value):
    return getattr(value, "name", value)


def entries(resource, key):
    """What the audit trail has about a row."""
    about = select(AuditEntry.id).where(
        AuditEntry.object_id == key, AuditEntry.action.startswith(TRAILS.get(resource.name, slug(resource.noun)) + "."))
    return len(db.session.scalars(about).all())


def values(row):
    return {one.key: getattr(row, one.key) for one in inspect(row).mapper.column_attrs}


@pytest.mark.parametrize("world", [False, True], ids=["live", "test"])
@pytest.mark.parametrize("resource", WRITTEN, ids=named)
def test_a_new_row_is_of_its_makers_world_and_in_the_trail(alder, resource, world):
    key = make(resource, alder, test=world)
    row = db.session.get(resource.listing.model, key)
    place = f"{file_of(resource)}: create makes its row with **actor.ownership(), and LIFE.add(actor, row) stores it"
    assert getattr(row, "test", world) is world, place
    assert getattr(row, "version", 1) == 1, place
    assert entries(resource, key) >= 1, place


@pytest.mark.parametrize(("resource", "verb"), ACTIONS, ids=named)
def test_an_action_is_in_the_trail_and_raises_the_version(alder, resource, verb):
    action, key = resource.actions[verb], make(resource, alder)
    make_ready(resource, key, verb)
    known = entries(resource, key)
    with transaction():
        own, row = resource.listing.lock(Actor.operator(), key)
        before = values(row)
        action.run(own, row)
        db.session.flush()
        after = values(row)
    place = f"{file_of(resource)}: {verb} changes its row inside `with LIFE.changing(actor, row)`"
    assert after == before or after.get("version", 2) > before.get("version", 1), place
    assert entries(resource, key) > known, place


@pytest.mark.parametrize(("resource", "verb"), [
    (one, verb) for one, verb in ACTIONS if one.actions[verb].undo is not None], ids=named)
def test_the_undo_of_an_action_puts_back_what_it_changed(alder, resource, verb):
    action, key = resource.actions[verb], make(resource, alder)
    make_ready(resource, key, verb)
    with transaction():
        own, row = resource.listing.lock(Actor.operator(), key)
        before = values(row)
        action.run(own, row)
        db.session.flush()
        done = values(row)
        with suppress(KeyError, DomainError):         # what it misses in keeps= shows below
            action.undo(own, row, {name: before[name] for name in action.keeps})
        db.session.flush()
        after = values(row)
    place = f"{file_of(resource)}: keeps= of {verb} names the columns that it changes, and its undo puts them back"
    assert {name: after[name] for name in action.keeps} == {name: before[name] for name in action.keeps}, place
    assert any(after[name] == before[name] for name in done if done[name] != before[name]), place


@pytest.mark.parametrize("resource", KEPT, ids=named)
def test_a_deleted_row_is_gone_and_its_undo_brings_it_back(alder, resource):
    key = make(resource, alder)
    place = f"{file_of(resource)}: delete by LIFE.remove(actor, row), and restore it inside LIFE.restoring(actor, row)"
    with transaction():
        own, row = resource.listing.lock(Actor.operator(), key)
        resource.delete.run(own, row)
    assert row.deleted_at is not None, place
    with transaction():
        own, row = resource.listing.lock(Actor.operator(), key, removed=True)
        resource.delete.undo(own, row, {name: getattr(row, name) for name in resource.delete.keeps})
    assert row.deleted_at is None, place
    assert entries(resource, key) >= 3, place


@pytest.mark.parametrize("resource", [one for one in KEPT if hasattr(one.listing.model, "customer_id")], ids=named)
def test_a_row_does_not_come_back_to_a_customer_who_is_deleted(alder, resource):
    key = make(resource, alder)
    with transaction():
        own, row = resource.listing.lock(Actor.operator(), key)
        resource.delete.run(own, row)
        customer = db.session.get(Customer, row.customer_id)
    try:
        with transaction():
            customers.delete(own, customer)
    except DomainError:
        return                          # the customer stays as long as the row could come back
    with transaction():
        own, row = resource.listing.lock(Actor.operator(), key, removed=True)
        refused = False
        try:
            resource.delete.undo(own, row, {})
        except DomainError:
            refused = True
    assert refused, (
        f"{file_of(resource)}: restore looks whether the customer is still there, such as by "
        "customers.LISTING.refer(actor, \"customer_id\", row.customer_id)")


PRICED = [one for one in WRITTEN if one.update is not None and "currency" in one.input.model_fields]


@pytest.mark.parametrize("resource", PRICED, ids=named)
def test_an_amount_is_not_read_in_another_currency(alder, resource):
    key = make(resource, alder)
    with transaction():
        own, row = resource.listing.lock(Actor.operator(), key)
        before, refused = values(row), False
        try:
            resource.update(own, row, inputs.changes(resource.input, {"currency": "JPY"}))
        except DomainError:
            refused = True
        after = values(row)
    amounts = [name for name, value in before.items() if value and name.endswith(("_minor", "_micro"))]
    kept = refused or after["currency"] == before["currency"]
    assert kept or not amounts, (
        f"{file_of(resource)}: update calls sent_again({{…}}, changes) with the amounts, where the currency changes")


@pytest.mark.parametrize("here", BY_FORM, ids=lambda here: here.resource.name)
def test_a_form_of_a_row_has_the_value_of_every_field(alder, here):
    resource = here.resource
    row = db.session.get(resource.listing.model, make(resource, alder))
    known = {name.partition(".")[0] for name in here.values(row)}
    shown = {one.name.partition(".")[0] for section in here.sections for one in section.fields}
    assert shown <= known, (
        f"blueprints/admin/: values() of the page of {resource.name} lacks {sorted(shown - known)}")
