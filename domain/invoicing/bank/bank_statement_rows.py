"""Manages the movements that were read from bank statements: their list, and assigning them by hand."""

from datetime import date
from typing import Annotated, Any

from pydantic import Field
from sqlalchemy import select

from database import db
from domain import usage
from domain.actor import Actor
from domain.errors import Conflict, Invalid
from domain.inputs import Input, OrAbsent, RowId
from domain.invoicing.bank import bank_booking
from domain.invoicing.bank.bank_booking import LIFE
from domain.invoicing.bank.bank_invoices import MOST
from domain.invoicing.paying import recording
from domain.list_parts import Filter, common_filters
from domain.list_search import Number
from domain.listing import Listing
from domain.payments.schedule import scheduled_listing
from domain.resource import Action, Resource, Sample
from domain.usage import Use
from models.invoice import Invoice
from models.merchant import Merchant
from models.money import Money
from models.statement_row import StatementRow, StatementState

LISTING = Listing(
    model=StatementRow,
    noun="statement row",
    columns={
        name: getattr(StatementRow, name) for name in (
            "id", "merchant_id", "test", "file_name", "place", "booked_on", "currency", "amount_minor", "payer_name",
            "payer_account", "texts", "bank_id", "is_reversal", "state", "reason", "order_id", "scheduled_payment_id",
            "invoice_ids", "payment_id", "created_at", "updated_at", "version",
        )
    },
    sort={
        "booked_on": StatementRow.booked_on, "created_at": StatementRow.created_at, "state": StatementRow.state,
        "amount": (StatementRow.currency, StatementRow.amount_minor), "id": StatementRow.id,
    },
    filters={
        **common_filters(StatementRow),
        "state": Filter(StatementState, lambda bound: StatementRow.state == bound),
        "order_id": Filter(int, lambda bound: StatementRow.order_id == bound),
        "currency": Filter(str, lambda bound: StatementRow.currency == bound),
    },
    search=(StatementRow.search_text, Number(StatementRow.order_id, "order")),
    own=True,
)


class StatementRowInput(Input):
    """What may be changed of a movement while it is unsure: which scheduled payment or invoices it pays."""

    scheduled_payment_id: OrAbsent[RowId] = None
    invoice_ids: OrAbsent[Annotated[list[RowId], Field(min_length=1, max_length=MOST)]] = None


def update(actor: Actor, movement: StatementRow, changes: dict[str, Any]) -> StatementRow:
    """Assign the movement to a scheduled payment or invoices, which books it. Conflict where these cannot be paid."""
    key, keys = changes.get("scheduled_payment_id"), changes.get("invoice_ids")
    if key is None and keys is None:
        return movement
    if key is not None and keys is not None:
        raise Invalid.field("invoice_ids", "cannot be sent together with a scheduled payment", "contradiction")
    if movement.state is not StatementState.UNSURE:
        raise Conflict(f"This movement is {movement.state}.")
    if keys is not None:
        found = recording.payable(actor, keys)
        with LIFE.changing(actor, movement, "assigned"):
            movement.scheduled_payment_id, movement.order_id = None, None
            movement.invoice_ids = [one.id for one in found]
        return bank_booking.book(actor, movement)
    row = scheduled_listing.LISTING.refer(actor, "scheduled_payment_id", key)
    with LIFE.changing(actor, movement, "assigned"):
        movement.scheduled_payment_id, movement.order_id, movement.invoice_ids = row.id, row.order_id, None
    return bank_booking.book(actor, movement)


def _is(state: StatementState) -> Any:
    return lambda actor, row: row.state == state


def _amount(row: Any) -> str:
    return str(Money(row.amount_minor, row.currency))


def _booked(row: Any) -> tuple[str, ...]:
    """What the dialog says that booking does."""
    if row.scheduled_payment_id:
        return (
            f"{_amount(row)} will be recorded as a payment of order {row.order_id}, scheduled payment "
            f"{row.scheduled_payment_id}.",
        )
    rows = list(db.session.scalars(select(Invoice).where(Invoice.id.in_(row.invoice_ids or ())).order_by(Invoice.id)))
    numbers = ", ".join(str(one.number) for one in rows)
    said = f"{_amount(row)} will be recorded as a payment of {numbers}."
    due = sum(max(0, one.balance_minor) for one in rows)
    if row.amount_minor > due:
        more = Money(row.amount_minor - due, row.currency)
        return (said, f"{more} is more than is open: it is the customer's credit.")
    if row.amount_minor < due:
        return (said, f"{Money(due - row.amount_minor, row.currency)} stays open.")
    return (said,)


def _taken_back(row: Any) -> tuple[str, ...]:
    if row.order_id is None:
        return (f"The payment of {_amount(row)} is recorded as refunded. The invoices that it paid are open again.",)
    return (
        f"The payment of {_amount(row)} of order {row.order_id} is recorded as refunded. What it had completed stays "
        "complete; what it had paid in part is open again.",
    )


usage.register(Merchant, Use(
    "bank statement row", "bank statement rows", lambda row: usage.rows(StatementRow, merchant_id=row.id)))

RESOURCE = Resource(
    name="statement_rows",
    noun="statement row",
    listing=LISTING,
    read_scope="READ_PAYMENTS",
    write_scope="WRITE_PAYMENTS",
    input=StatementRowInput,
    update=update,
    sample=Sample(
        sent={"scheduled_payment_id": 1},
        changed=("scheduled_payment_id",),
        read_only={
            "merchant_id": 1, "booked_on": date(2026, 1, 31), "amount": 20, "currency": "EUR",
            "payer_name": "Ada Lovelace", "texts": "RF18 5390 0754 7034", "state": StatementState.UNSURE,
            "reason": "It has no reference; one open payment has this amount.", "order_id": 1,
            "invoice_ids": None, "payment_id": None, "file_name": "january.xml", "place": "line 12",
        },
    ),
    actions={
        "book": Action(
            run=bank_booking.book, title="Book as suggested", past="{} was booked.", icon="check", primary=True,
            offered=lambda actor, row: bool(
                row.state == StatementState.UNSURE and row.amount_minor > 0
                and (row.scheduled_payment_id or row.invoice_ids)),
            confirm=_booked,
        ),
        "ignore": Action(
            run=bank_booking.ignore, title="Ignore", past="{} was set aside.", icon="archive", bulk=True,
            offered=_is(StatementState.UNSURE), undo=lambda actor, row, was: bank_booking.reopen(actor, row),
        ),
        "reopen": Action(
            run=bank_booking.reopen, title="Look at it again", past="{} is waiting to be assigned.",
            icon="archive-off", offered=_is(StatementState.IGNORED),
            undo=lambda actor, row, was: bank_booking.ignore(actor, row),
        ),
        "unbook": Action(
            run=bank_booking.unbook, title="Undo booking", past="The booking of {} was undone.", icon="rotate",
            danger=True, offered=_is(StatementState.BOOKED), confirm=_taken_back,
        ),
    },
)
