"""Reads what happened with a customer, newest first: documents, payments, tickets, mails, calls and changes.

What the user may not see is left out: each noun's rows are found through its own listing.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from sqlalchemy import and_, or_, select

from blueprints.admin import customer_calls, traffic
from blueprints.admin.order_disputes import disputes_of
from blueprints.admin.order_events import (
    DISPUTE,
    MAIL,
    ORDER,
    PAYMENT,
    Asked,
    Event,
    Source,
    audited,
    page_of,
    refunds_of,
    seen_calls,
    told_of,
    told_of_calls,
    told_of_mail,
)
from blueprints.pages.format import money, words
from database import db
from domain.invoicing.credit_notes import LISTING as CREDIT_NOTES
from domain.invoicing.invoice_listing import LISTING as INVOICES
from domain.listing import Listing
from domain.outbox.tasks import LISTING as TASKS
from domain.payments.payment_listing import LISTING as PAYMENTS
from domain.sales.budgets.budget_listing import LISTING as BUDGETS
from domain.sales.orders.order_listing import LISTING as ORDERS
from domain.support.ticket_listing import LISTING as TICKETS
from models.audit import AuditEntry
from models.budget import Budget
from models.credit_note import CreditNote
from models.customer_user import CustomerUser
from models.invoice import Invoice
from models.order import Order
from models.outbox import Task
from models.payment import Payment
from models.payment_method import PaymentMethod
from models.ticket import Ticket

MOST_OF_A_NOUN = 100                # of whose newest rows mails are looked for


@dataclass(frozen=True, slots=True)
class Noun:
    """A noun whose rows are a customer's, and how a new one is told."""

    name: str
    model: Any
    listing: Listing
    scope: str
    icon: str
    place: int                      # among the sources
    title: Callable[[Any], str]


def _sum(row: Any) -> str:
    return money(row.total_minor, row.currency)


BUDGET = Noun(
    "budget", Budget, BUDGETS, "READ_BUDGETS", "file-dollar", 7, lambda row: f"Budget {row.id} over {_sum(row)}")
ORDERED = Noun(
    "order", Order, ORDERS, "READ_ORDERS", "shopping-cart", 8, lambda row: f"Order {row.id} over {_sum(row)}")
INVOICE = Noun(
    "invoice", Invoice, INVOICES, "READ_INVOICES", "file-invoice", 9,
    lambda row: f"{'Invoice ' + row.number if row.number else f'Draft {row.id} of an invoice'} over {_sum(row)}")
TICKET = Noun(
    "ticket", Ticket, TICKETS, "READ_TICKETS", "ticket", 10, lambda row: f"Ticket {row.number}: {row.subject}")
CREDITED = Noun(
    "credit_note", CreditNote, CREDIT_NOTES, "READ_INVOICES", "receipt-tax", 11,
    lambda row: f"Credit note {row.number} over {_sum(row)}")
NOUNS = (BUDGET, ORDERED, INVOICE, TICKET, CREDITED)


def documents(noun: Noun) -> Callable[[Asked], list[Event]]:
    """The rows of a noun, as they were made."""
    def read(asked: Asked) -> list[Event]:
        if not asked.who.can(noun.scope):
            return []
        clauses, values = noun.listing.owned(asked.who)
        model = noun.model
        statement = (
            select(model).where(*clauses, model.customer_id == asked.record.id)
            .where(*asked.older(model.created_at, model.id, noun.place), *_alive(model))
            .order_by(model.created_at.desc(), model.id.desc()).limit(asked.limit)
        )
        return [_document(noun, row, asked) for row in db.session.scalars(statement, values)]

    return read


def _alive(model: Any) -> list[Any]:
    return [model.deleted_at.is_(None)] if hasattr(model, "deleted_at") else []


def _document(noun: Noun, row: Any, asked: Asked) -> Event:
    status = getattr(row, "status", None) or getattr(row, "state", None) or "issued"        # a credit note has none
    return Event(
        position=(row.created_at, noun.place, row.id), icon=noun.icon, tone="acc", title=noun.title(row),
        url=page_of(noun.name, row.id, asked.who), details=[(words(str(status)), None)],
    )


def payments(asked: Asked) -> list[Event]:
    """What the customer paid, or tried to."""
    clauses, values = PAYMENTS.owned(asked.who)
    statement = (
        select(Payment, PaymentMethod.label)
        .outerjoin(PaymentMethod, PaymentMethod.id == Payment.payment_method_id)
        .where(*clauses, Payment.customer_id == asked.record.id)
        .where(*asked.older(Payment.created_at, Payment.id, PAYMENT))
        .order_by(Payment.created_at.desc(), Payment.id.desc()).limit(asked.limit)
    )
    return [told_of(one, label, asked.who) for one, label in db.session.execute(statement, values)]


def refunds(asked: Asked) -> list[Event]:
    """What was paid back to the customer."""
    return refunds_of(asked, Payment.customer_id == asked.record.id)


def disputes(asked: Asked) -> list[Event]:
    """What the customer disputed at the bank."""
    return disputes_of(asked, Payment.customer_id == asked.record.id)


def mails(asked: Asked) -> list[Event]:
    """Mails about the customer's newest documents and tickets, and to sign in."""
    about = [f"customer_{asked.record.id}"]
    for noun in NOUNS:
        clauses, values = noun.listing.owned(asked.who)
        newest = (
            select(noun.model.id).where(*clauses, noun.model.customer_id == asked.record.id)
            .order_by(noun.model.created_at.desc(), noun.model.id.desc()).limit(MOST_OF_A_NOUN)
        )
        about += [f"{noun.name}_{key}" for key in db.session.scalars(newest, values)]
    clauses, values = TASKS.owned(asked.who)
    statement = (
        select(Task).where(*clauses, Task.about.in_(about), Task.kind == "mail")
        .where(*asked.older(Task.created_at, Task.id, MAIL))
        .order_by(Task.created_at.desc(), Task.id.desc()).limit(asked.limit)
    )
    return [told_of_mail(one, asked.record.email) for one in db.session.scalars(statement, values)]


def calls(asked: Asked) -> list[Event]:
    """API calls that named the customer; those of its own programs are counted by `customer_calls`."""
    found = traffic.calls_of(asked.who, "customer", asked.record.id, seen_calls(asked), asked.limit)
    events, own = told_of_calls(asked, found), customer_calls.keys_of(asked.record.id)
    for row, event in zip(found, events, strict=True):
        event.hidden = row.key_id in own
    return events


def changes(asked: Asked) -> list[Event]:
    """Changes of the customer itself, and of its users."""
    users = select(CustomerUser.id).where(CustomerUser.customer_id == asked.record.id)
    return audited(asked, ORDER, or_(
        and_(AuditEntry.object_type == "customer", AuditEntry.object_id == asked.record.id),
        and_(AuditEntry.object_type == "customer_user", AuditEntry.object_id.in_(users)),
    ))


assert min(one.place for one in NOUNS) > DISPUTE                # places tell the sources apart
DOCUMENTS = tuple(Source(documents(noun)) for noun in (BUDGET, ORDERED, INVOICE, CREDITED))
PAID = (Source(payments), Source(refunds), Source(disputes))
ASKED = (Source(documents(TICKET)),)
MAILED = (Source(mails),)
CALLED = (Source(calls, 200), Source(customer_calls.days))
CHANGED = (Source(changes),)
