"""Invoices for tests: drafts, issued ones, credit notes."""

from datetime import timedelta
from decimal import Decimal

from database import db, transaction
from domain import clock, inputs
from domain.actor import ALL
from domain.invoicing import crediting, invoices, issuing
from domain.invoicing.paying import recording
from models.invoice import Invoice
from tests import cast

LINE = {"description": "Work", "quantity": 1, "unit_price": 100, "tax_rate": 20}


def line(price="100", quantity=1, rate=20, **more):
    return LINE | {"unit_price": Decimal(str(price)), "quantity": Decimal(str(quantity)), "tax_rate": rate} | more


def actor_of(merchant_id, *, test=False):
    return cast.actor_for(merchant_id).in_world(test=test)


def make_draft(merchant_id, customer_id=None, items=(LINE,), *, test=False, **more):
    """The id of a new draft, by default of 100.00 and 20 % tax."""
    who = actor_of(merchant_id, test=test)
    customer_id = customer_id or cast.make_customer(merchant_id, actor=who)
    new = inputs.parse(invoices.InvoiceInput, {"customer_id": customer_id, "items": list(items), **more})
    with transaction():
        return invoices.create(who, new).id


def issue(key, *, test=False):
    """Issue a draft; its number."""
    with transaction():
        own, row = locked(key, test=test)
        return issuing.issue(own, row).number


def locked(key, *, test=False):
    return invoices.LISTING.lock(cast.actor_for(0, merchant_ids=ALL).in_world(test=test), key)


def make_issued(merchant_id, customer_id=None, items=(LINE,), *, test=False, **more):
    """The id of an issued invoice."""
    key = make_draft(merchant_id, customer_id, items, test=test, **more)
    issue(key, test=test)
    return key


def credit(key, items=None, reason=None, *, test=False):
    """The id of a new credit note over these items, or over all that is left."""
    with transaction():
        own, row = locked(key, test=test)
        given = inputs.parse(crediting.CreditInput, {"items": items, "reason": reason})
        return crediting.credit(own, row, given).id


def make_overdue(merchant_id):
    """The id of an invoice that was due yesterday, of a customer with an address."""
    customer_id = cast.make_customer(merchant_id, email="iris@example.org")
    return make_issued(merchant_id, customer_id, due_on=clock.now().date() - timedelta(days=1))


def make_with_credit(merchant_id):
    """The id of an issued invoice whose customer has credit."""
    customer_id = cast.make_customer(merchant_id)
    given = {"customer_id": customer_id, "amount": Decimal(50), "currency": "EUR"}
    with transaction():
        recording.record(actor_of(merchant_id), inputs.parse(recording.ReceiptInput, given))
    return make_issued(merchant_id, customer_id)


def make_credit_note(actor, customer_name=""):
    """The id of a credit note over a whole invoice of the actor's merchant and world."""
    customer_id = cast.make_customer(actor.merchant_id, customer_name or "Ada Lovelace", actor=actor)
    return credit(make_issued(actor.merchant_id, customer_id, test=actor.test), test=actor.test)


def of(key):
    """The invoice as it is now."""
    db.session.rollback()
    db.session.expire_all()
    return db.session.get(Invoice, key)
