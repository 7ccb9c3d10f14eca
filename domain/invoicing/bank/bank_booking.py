"""Books movements of a bank account as payments, and takes that back."""

from datetime import datetime

from database import db
from domain import clock, zones
from domain.actor import Actor
from domain.errors import Conflict
from domain.invoicing.bank import bank_match, bank_matching
from domain.invoicing.paying import allocating, recording
from domain.lifecycle import Lifecycle
from domain.payments import locking
from domain.payments.bank import manual_payments
from models.invoice import Invoice
from models.money import Money
from models.payment import Payment
from models.statement_row import StatementRow, StatementState

LIFE = Lifecycle(noun="statement_row")


def book(actor: Actor, movement: StatementRow) -> StatementRow:
    """Record the movement as a payment of what it names; Conflict where that cannot be paid.

    Of a scheduled payment less than is open leaves the rest open; more is kept, and an instalment order that got too
    much is reviewed. Of invoices, the oldest are paid first; what is more than is open is the customer's credit.
    """
    _must_be(movement, StatementState.UNSURE)
    if movement.amount_minor <= 0 or not (movement.scheduled_payment_id or movement.invoice_ids):
        raise Conflict("Choose what this money pays.")
    with LIFE.changing(actor, movement, "booked"):
        pay = _pay_invoices if movement.scheduled_payment_id is None else _pay_order
        payment = pay(actor, movement)
        movement.state, movement.reason = StatementState.BOOKED, None
        movement.order_id, movement.payment_id = payment.order_id, payment.id
    return movement


def _pay_order(actor: Actor, movement: StatementRow) -> Payment:
    assert movement.scheduled_payment_id is not None
    order, row = manual_payments.locked(movement.scheduled_payment_id)
    if row.currency != movement.currency:
        raise Conflict(f"The scheduled payment is not in {movement.currency}.")
    return manual_payments.record(
        actor, order, row, movement.amount_minor, reference=_reference(movement), message=_message(movement))


def _pay_invoices(actor: Actor, movement: StatementRow) -> Payment:
    found = [db.session.get_one(Invoice, key) for key in movement.invoice_ids or ()]
    if {(one.customer_id, one.currency) for one in found} != {(found[0].customer_id, movement.currency)}:
        raise Conflict(f"The invoices must be of one customer and in {movement.currency}.")
    customer = found[0].customer
    locking.lock_account(customer.id)
    payment = recording.receive(
        actor.for_row(customer), customer, Money(movement.amount_minor, movement.currency),
        gateway=manual_payments.GATEWAY, reference=_reference(movement), at=_moment(movement),
        message=_message(movement),
    )
    rows = allocating.lock_invoices(Invoice.id.in_([one.id for one in found]))
    allocating.allocate_to(actor.for_row(customer), payment, rows)
    return payment


def _moment(movement: StatementRow) -> datetime:
    """When the money came; some banks name the next working day."""
    today = clock.now().astimezone(zones.of_merchant(movement.merchant_id)).date()
    return recording.moment(movement.merchant_id, min(movement.booked_on, today))


def unbook(actor: Actor, movement: StatementRow) -> StatementRow:
    """Undo a booking: its payment is recorded as refunded, and the movement can be assigned again.

    Invoices that it had paid are open as they were before it.
    """
    _must_be(movement, StatementState.BOOKED)
    assert movement.payment is not None          # it is booked
    with LIFE.changing(actor, movement, "unbooked"):
        if movement.payment.order_id is None:
            _, _, payment = locking.lock_payment(movement.payment.id)
            for part in allocating.of_payment(payment):
                allocating.release(actor, part, part.amount_minor)
        manual_payments.give_back(actor, movement.payment, "The bank transfer was assigned to this payment by mistake.")
        movement.state, movement.reason = StatementState.UNSURE, "Its booking was undone."
        movement.payment_id = None
    return movement


def ignore(actor: Actor, movement: StatementRow) -> StatementRow:
    """Set the movement aside: it pays nothing here."""
    _must_be(movement, StatementState.UNSURE)
    with LIFE.changing(actor, movement, "ignored"):
        movement.state, movement.reason = StatementState.IGNORED, "Set aside."
    return movement


def reopen(actor: Actor, movement: StatementRow) -> StatementRow:
    """Look at an ignored movement again: its match is computed anew, and never booked by itself."""
    _must_be(movement, StatementState.IGNORED)
    with LIFE.changing(actor, movement, "reopened"):
        found = bank_matching.match(actor, movement)
        bank_match.note(movement, found)
        movement.state, movement.reason = StatementState.UNSURE, found.reason or "It was set aside before."
    return movement


def _must_be(movement: StatementRow, state: StatementState) -> None:
    if movement.state is not state:
        raise Conflict(f"This movement is {movement.state}.")


def _reference(movement: StatementRow) -> str:
    return f"bank_{movement.id}_{movement.version}"


def _message(movement: StatementRow) -> str:
    amount = Money(movement.amount_minor, movement.currency)
    payer = f" from {movement.payer_name}" if movement.payer_name else ""
    return f"Bank transfer of {amount}{payer}, booked on {movement.booked_on.isoformat()}."
