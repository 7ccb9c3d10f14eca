"""What the test bank books for a request: its verdict, and the notifications that follow."""

import secrets
import sqlite3
from datetime import timedelta

from domain.payments.gateways import Account, ChargeRequest, RefundRequest
from models.payment import Decline
from outbound.gateways.test_bank_book import BookedCharge, written
from outbound.gateways.test_bank_faults import Fault

NO_ORDER = 0                                 # of charges for invoices
LATE = timedelta(days=1)
DISPUTED_AFTER = timedelta(days=5)
ANSWERED_WITHIN = timedelta(days=14)         # after a dispute was opened
WORDS = {
    Fault.SOFT: "Not enough money.",
    Fault.SOFT_THEN_OK: "Not enough money.",
    Fault.HARD: "The card was reported stolen.",
}


def enter(book: sqlite3.Connection, account: Account, request: ChargeRequest, fault: Fault) -> None:
    """Book a new charge, with the notifications that follow from it; one that is booked stays as it is."""
    same = book.execute("SELECT 1 FROM charges WHERE key = ?", (request.key,)).fetchone()
    if same is not None:
        return
    status, decline = _verdict(book, request, fault)
    cursor = book.execute(
        "INSERT INTO charges (key, merchant_id, test, order_id, scheduled_payment_id, test_clock_id, amount_minor,"
        " currency, method, fault, status, decline, message, at, token) VALUES (?,?,?,?,?,?,?,?,?,?,?,?,?,?,?)",
        (
            request.key, account.merchant_id, account.test, request.order_id or NO_ORDER,
            request.scheduled_payment_id,
            request.test_clock_id, request.amount_minor, request.currency, request.token, fault, status,
            decline, WORDS[fault] if decline else None, written(request.at), secrets.token_urlsafe(24),
        ),
    )
    plan = {Fault.NOTIFY_THRICE: (timedelta(0), 3), Fault.NOTIFY_LATE: (LATE, 1), Fault.DISPUTE: (DISPUTED_AFTER, 1)}
    if fault in plan:
        delay, times = plan[fault]
        kind = "dispute.opened" if fault is Fault.DISPUTE else f"charge.{status}"
        book.execute(
            "INSERT INTO notifications (charge_id, kind, reference, due_at, test_clock_id, times)"
            " VALUES (?, ?, ?, ?, ?, ?)",
            (cursor.lastrowid, kind, f"ntf_{request.key[:24]}_{kind}", written(request.at + delay),
             request.test_clock_id, times),
        )


def _verdict(book: sqlite3.Connection, request: ChargeRequest, fault: Fault) -> tuple[str, str | None]:
    """The status of a new charge, and the kind of decline."""
    if fault is Fault.SOFT_THEN_OK:
        tried = book.execute(
            "SELECT 1 FROM charges WHERE order_id = ? AND scheduled_payment_id IS ?",
            (request.order_id or NO_ORDER, request.scheduled_payment_id),
        ).fetchone()
        fault = Fault.OK if tried else Fault.SOFT
    if fault is Fault.REQUIRES_ACTION:
        return "waiting", None
    declines = {Fault.SOFT: Decline.SOFT.value, Fault.HARD: Decline.HARD.value}
    return ("declined", declines[fault]) if fault in declines else ("approved", None)


def give_back(book: sqlite3.Connection, charge: BookedCharge, request: RefundRequest) -> sqlite3.Row:
    """Book a refund: declined by the charge's fault, or where more is asked back than was taken."""
    left = book.execute(
        "SELECT amount_minor - refunded_minor FROM charges WHERE id = ? AND status = 'approved'", (charge.id,)
    ).fetchone()
    fine = left is not None and request.amount_minor <= left[0] and charge.fault != Fault.REFUND_FAILS
    book.execute(
        "INSERT INTO refunds (key, charge_id, amount_minor, status, message, at) VALUES (?, ?, ?, ?, ?, ?)",
        (request.key, charge.id, request.amount_minor, "approved" if fine else "declined",
         None if fine else "The bank refused the refund.", written(request.at)),
    )
    if fine:
        book.execute(
            "UPDATE charges SET refunded_minor = refunded_minor + ? WHERE id = ?", (request.amount_minor, charge.id)
        )
    booked: sqlite3.Row = book.execute("SELECT * FROM refunds WHERE key = ?", (request.key,)).fetchone()
    return booked
