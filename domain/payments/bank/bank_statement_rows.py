"""Manages the movements that were read from bank statements: their list, and assigning them by hand."""

from datetime import date
from typing import Any

from domain import usage
from domain.actor import Actor
from domain.errors import Conflict
from domain.inputs import Input, OrAbsent, RowId
from domain.list_parts import Filter, common_filters
from domain.list_search import Number
from domain.listing import Listing
from domain.payments.bank import bank_booking
from domain.payments.bank.bank_booking import LIFE
from domain.payments.schedule import scheduled_listing
from domain.resource import Action, Resource, Sample
from domain.usage import Use
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
            "payment_id", "created_at", "updated_at", "version",
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
    """What may be changed of a movement while it is unsure: which scheduled payment it pays."""

    scheduled_payment_id: OrAbsent[RowId] = None


def update(actor: Actor, movement: StatementRow, changes: dict[str, Any]) -> StatementRow:
    """Assign the movement to a scheduled payment, which books it. Conflict where that cannot be paid."""
    key = changes.get("scheduled_payment_id")
    if key is None:
        return movement
    if movement.state is not StatementState.UNSURE:
        raise Conflict(f"This movement is {movement.state}.")
    row = scheduled_listing.LISTING.refer(actor, "scheduled_payment_id", key)
    with LIFE.changing(actor, movement, "assigned"):
        movement.scheduled_payment_id, movement.order_id = row.id, row.order_id
    return bank_booking.book(actor, movement)


def _is(state: StatementState) -> Any:
    return lambda actor, row: row.state == state


def _amount(row: Any) -> str:
    return str(Money(row.amount_minor, row.currency))


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
            "payment_id": None, "file_name": "january.xml", "place": "line 12",
        },
    ),
    actions={
        "book": Action(
            run=bank_booking.book, title="Book as suggested", past="{} was booked.", icon="check", primary=True,
            offered=lambda actor, row: bool(
                row.state == StatementState.UNSURE and row.scheduled_payment_id and row.amount_minor > 0),
            confirm=lambda row: (
                f"{_amount(row)} will be recorded as a payment of order {row.order_id}, scheduled payment "
                f"{row.scheduled_payment_id}.",
            ),
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
            danger=True, offered=_is(StatementState.BOOKED),
            confirm=lambda row: (
                f"The payment of {_amount(row)} of order {row.order_id} is recorded as refunded. What it had "
                "completed stays complete; what it had paid in part is open again.",
            ),
        ),
    },
)
