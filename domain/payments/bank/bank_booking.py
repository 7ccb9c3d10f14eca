"""Books movements of a bank account as payments, and takes that back."""

from domain.actor import Actor
from domain.errors import Conflict
from domain.lifecycle import Lifecycle
from domain.payments.bank import bank_matching, manual_payments
from models.money import Money
from models.statement_row import StatementRow, StatementState

LIFE = Lifecycle(noun="statement_row")


def book(actor: Actor, movement: StatementRow) -> StatementRow:
    """Record the movement as a payment of the scheduled payment it names; Conflict where that cannot be paid.

    Less than is open leaves the rest open; more is kept, and an instalment order that got too much is reviewed.
    """
    _must_be(movement, StatementState.UNSURE)
    if movement.amount_minor <= 0 or movement.scheduled_payment_id is None:
        raise Conflict("Choose the scheduled payment that this money pays.")
    order, row = manual_payments.locked(movement.scheduled_payment_id)
    if row.currency != movement.currency:
        raise Conflict(f"The scheduled payment is not in {movement.currency}.")
    with LIFE.changing(actor, movement, "booked"):
        payment = manual_payments.record(
            actor, order, row, movement.amount_minor, reference=f"bank_{movement.id}_{movement.version}",
            message=_message(movement),
        )
        movement.state, movement.reason = StatementState.BOOKED, None
        movement.order_id, movement.payment_id = order.id, payment.id
    return movement


def unbook(actor: Actor, movement: StatementRow) -> StatementRow:
    """Undo a booking: its payment is recorded as refunded, and the movement can be assigned again."""
    _must_be(movement, StatementState.BOOKED)
    assert movement.payment is not None          # it is booked
    with LIFE.changing(actor, movement, "unbooked"):
        manual_payments.give_back(actor, movement.payment, "The bank transfer was assigned to this payment by mistake.")
        movement.state, movement.reason = StatementState.UNSURE, "Its booking was undone."
        movement.payment_id = None
    return movement


def ignore(actor: Actor, movement: StatementRow) -> StatementRow:
    """Set the movement aside: it is no payment of an order."""
    _must_be(movement, StatementState.UNSURE)
    with LIFE.changing(actor, movement, "ignored"):
        movement.state, movement.reason = StatementState.IGNORED, "Set aside."
    return movement


def reopen(actor: Actor, movement: StatementRow) -> StatementRow:
    """Look at an ignored movement again: its match is computed anew, and never booked by itself."""
    _must_be(movement, StatementState.IGNORED)
    with LIFE.changing(actor, movement, "reopened"):
        found = bank_matching.match(actor, movement)
        movement.state = StatementState.UNSURE
        movement.reason = found.reason or "It was set aside before."
        movement.order_id = found.order.id if found.order is not None else None
        movement.scheduled_payment_id = found.row.id if found.row is not None else None
    return movement


def _must_be(movement: StatementRow, state: StatementState) -> None:
    if movement.state is not state:
        raise Conflict(f"This movement is {movement.state}.")


def _message(movement: StatementRow) -> str:
    amount = Money(movement.amount_minor, movement.currency)
    payer = f" from {movement.payer_name}" if movement.payer_name else ""
    return f"Bank transfer of {amount}{payer}, booked on {movement.booked_on.isoformat()}."
