"""Books what a gateway said about an attempt: once, whether an answer, a notification or a look-up says it.

An approval with another amount or currency than was asked for is no payment: a person has to look at it.
"""

from collections.abc import Iterator
from contextlib import contextmanager

from domain.actor import Actor
from domain.payments import attempts, customer_mails, followers, gateway_accounts, paying_off, payment_methods
from domain.payments.collecting import retrying
from domain.payments.gateways import Answer, Outcome
from domain.payments.locking import LIFE, Rows, lock_payment
from domain.payments.schedule import scheduled_status, schedules
from domain.sales.orders.order_clock import now_of
from domain.sales.orders.order_status import FINAL, PRELIMINARY
from models.money import Money
from models.order import Order, OrderStatus, ScheduledPayment, ScheduledStatus
from models.payment import Decline, Payment, PaymentReason, PaymentStatus


def book(actor: Actor, payment_id: int, answer: Answer) -> Payment:
    """Book an outcome; the same again, or a decline after an approval, changes nothing.

    An approval after a decline counts: the money was taken.
    """
    rows = lock_payment(payment_id)
    payment = rows[2]
    approved = answer.outcome is Outcome.APPROVED
    if payment.status is PaymentStatus.APPROVED or (payment.status is PaymentStatus.DECLINED and not approved):
        return payment
    if approved and (answer.amount_minor, answer.currency) != (payment.amount_minor, payment.currency):
        _mismatch(actor, rows, answer)
    elif approved:
        _approve(actor, rows, answer)
    elif answer.outcome is Outcome.DECLINED:
        _decline(actor, rows, answer)
    elif answer.outcome is Outcome.REQUIRES_ACTION:
        _wait(actor, payment, answer)
    elif answer.outcome is Outcome.PENDING:
        _undecided(actor, payment, answer)
    else:
        abandon(actor, rows, answer.message or "The gateway was never reached.")
        return payment
    if payment.status is PaymentStatus.DECLINED:
        followers.declined(actor, payment)
    return payment


def unknown(actor: Actor, payment_id: int, reason: str) -> Payment:
    """The gateway gave no answer: the outcome is unknown until it is looked up."""
    order, _, payment = lock_payment(payment_id)
    if payment.status is PaymentStatus.PENDING:
        with LIFE.changing(actor, payment, "unknown"):
            payment.status, payment.message = PaymentStatus.UNKNOWN, reason[:500]
    if payment.test_clock_id is None:
        account = gateway_accounts.ensure(payment.merchant_id, payment.gateway, test=payment.test, now=now_of(order))
        gateway_accounts.failed(account, reason, now_of(order))
    return payment


def _approve(actor: Actor, rows: Rows, answer: Answer) -> None:
    order, row, payment = rows
    with _ending(actor, rows, PaymentStatus.APPROVED, answer):
        payment.decline = None
        if order is not None and payment.reason is PaymentReason.CHECKOUT:
            payment_methods.keep(actor, order, payment, answer)
    if order is not None and row is not None:
        if payment.reason is PaymentReason.REST:
            paying_off.approved(actor, order, row)
        paid(actor, order, row, payment.amount_minor)
    if order is not None:
        customer_mails.receipt(order, payment)
    followers.approved(actor, payment)


def paid(actor: Actor, order: Order, row: ScheduledPayment, amount_minor: int) -> None:
    """Count money for a row: paid in full it is complete, or recovered if it had been declined before."""
    row.paid_minor += amount_minor
    if attempts.owed(row) > 0:
        return
    row.executed_at = now_of(order)
    status = ScheduledStatus.RECOVERED if row.declined_at is not None else ScheduledStatus.COMPLETE
    if status in scheduled_status.ARROWS[row.status]:              # not where it was cancelled meanwhile
        scheduled_status.move(actor, row, status)
    if order.status in PRELIMINARY:
        schedules.activate(actor, order, now_of(order))
    schedules.settle(actor, order)


def _decline(actor: Actor, rows: Rows, answer: Answer) -> None:
    order, row, payment = rows
    hard = answer.decline is Decline.HARD
    with _ending(actor, rows, PaymentStatus.DECLINED, answer):
        payment.decline = Decline.HARD if hard else Decline.SOFT
    if order is None:
        return
    if payment.reason is PaymentReason.REST:
        paying_off.release(actor, order, payment)
        return
    if row is None or row.status is not ScheduledStatus.PROCESSING:
        return
    now = now_of(order)
    row.declined_at, row.executed_at = row.declined_at or now, now
    scheduled_status.move(actor, row, _declined(order, hard=hard))
    follow_decline(actor, order, hard=hard)
    account = gateway_accounts.find(order.merchant_id, payment.gateway, test=order.test)
    if schedules.collect_at(order, row) is not None and row.sequence:
        row.collect_at = retrying.next_try(row, gateway_accounts.retry_days(account), now)
    customer_mails.failed(order, row, payment)


def _declined(order: Order, *, hard: bool) -> ScheduledStatus:
    """What a declined row becomes: the order may have ended or been paused while the gateway was asked."""
    if order.status in FINAL:
        return ScheduledStatus.CANCELLED
    if order.status is OrderStatus.PAUSED:
        return ScheduledStatus.PAUSED
    return ScheduledStatus.HARD_DECLINED if hard else ScheduledStatus.SOFT_DECLINED


def follow_decline(actor: Actor, order: Order, *, hard: bool) -> None:
    """The order gets the status that a declined payment means, and its next period begins."""
    schedules.decline(actor, order, is_hard=hard)
    schedules.follow(actor, order)


def _mismatch(actor: Actor, rows: Rows, answer: Answer) -> None:
    """The gateway approved something else: never asked again by itself, and not counted."""
    order, row, payment = rows
    if row is not None and row.status is ScheduledStatus.REVIEW and payment.reference == answer.reference:
        return                                           # it was said before
    with _ending(actor, rows, PaymentStatus.DECLINED, answer):
        payment.decline = Decline.HARD
        asked, reported = Money(payment.amount_minor, payment.currency), Money(answer.amount_minor, answer.currency)
        payment.message = f"Not counted as a payment: {asked} was asked for, {reported} was reported."
    if order is not None and row is not None and row.status is ScheduledStatus.PROCESSING:
        scheduled_status.move(actor, row, ScheduledStatus.REVIEW)
        if payment.reason is PaymentReason.REST:
            paying_off.release(actor, order, payment)
        follow_decline(actor, order, hard=True)


def _wait(actor: Actor, payment: Payment, answer: Answer) -> None:
    """The customer has to confirm."""
    if payment.status is PaymentStatus.REQUIRES_ACTION:
        return
    with LIFE.changing(actor, payment):
        payment.status, payment.confirm_url = PaymentStatus.REQUIRES_ACTION, answer.confirm_url
        payment.reference, payment.message = answer.reference, answer.message
    if payment.order is not None:
        customer_mails.confirm(payment.order, payment)
    followers.waiting(actor, payment)
    _worked(payment)


def _undecided(actor: Actor, payment: Payment, answer: Answer) -> None:
    """The gateway answered that it does not know yet: it is asked again, and has not failed."""
    if payment.status is PaymentStatus.PENDING:
        with LIFE.changing(actor, payment, "unknown"):
            payment.status, payment.message = PaymentStatus.UNKNOWN, answer.message
            payment.reference = answer.reference or payment.reference
    _worked(payment)


def abandon(actor: Actor, rows: Rows, message: str) -> None:
    """Nothing was charged and nothing will be: the row is as it was before the attempt."""
    _abandon(actor, rows, message)
    followers.declined(actor, rows[2])


def _abandon(actor: Actor, rows: Rows, message: str) -> None:
    order, row, payment = rows
    answer = Answer(outcome=Outcome.ABANDONED, message=message)
    with _ending(actor, rows, PaymentStatus.DECLINED, answer, verb="updated"):
        payment.decline = None
    if order is None:
        return
    if payment.reason is PaymentReason.REST:
        paying_off.release(actor, order, payment)
        return
    if row is None or row.status is not ScheduledStatus.PROCESSING:
        return
    before = ScheduledStatus.SOFT_DECLINED if row.declined_at is not None else ScheduledStatus.SCHEDULED
    if order.status in FINAL:
        before = ScheduledStatus.CANCELLED
    elif order.status is OrderStatus.PAUSED:
        before = ScheduledStatus.PAUSED
    scheduled_status.move(actor, row, before)
    if row.sequence and payment.reason not in gateway_accounts.AUTOMATIC:          # those would begin again at once
        row.collect_at = schedules.collect_at(order, row)


@contextmanager
def _ending(
    actor: Actor, rows: Rows, status: PaymentStatus, answer: Answer, verb: str | None = None
) -> Iterator[None]:
    """Context of the change that ends an attempt: the caller sets what is particular to its outcome."""
    order, _, payment = rows
    with LIFE.changing(actor, payment, verb or status.value):
        payment.status, payment.look_up_at = status, None
        payment.reference = answer.reference or payment.reference
        payment.message = answer.message or None
        payment.executed_at = now_of(order)
        yield
    _worked(payment)


def _worked(payment: Payment) -> None:
    """The gateway answered: earlier failures no longer count."""
    account = gateway_accounts.find(payment.merchant_id, payment.gateway, test=payment.test)
    if account is not None and account.failures_in_row and payment.test_clock_id is None:
        gateway_accounts.answered(account)
