"""Collects what is due: the worker's part. Every row is taken by one worker, and its attempt is committed first.

Killed at any moment nothing is lost or charged twice: an attempt without an outcome is looked up at the gateway
(5 minutes, an hour, then daily), and asked again with its own key if it never arrived there.
"""

from dataclasses import dataclass, field
from datetime import timedelta

from database import transaction
from domain import clock
from domain.actor import Actor
from domain.invoicing.paying import card_charges
from domain.payments import attempts, booking, followers, gateway_accounts, locking
from domain.payments.attempts import Attempt
from domain.payments.collecting import due
from domain.payments.gateways import Asked, Outcome, registry
from domain.payments.orders import order_verbs
from domain.payments.schedule import schedules
from domain.payments.schedule.scheduled_status import COLLECTED
from domain.sales.orders.order_clock import now_of
from domain.sales.orders.order_status import FINAL, LIVE
from models.order import Order, OrderStatus, ScheduledPayment, ScheduledStatus
from models.payment import Payment, PaymentReason
from outbound.payments import gateway_calls

PAUSE = timedelta(minutes=15)            # while the order's invoice is being paid otherwise


@dataclass
class Collector:
    """Collects one row after the other; merchants that are parked, or fast enough, wait until the next round."""

    _waiting: set[tuple[int, bool]] = field(default_factory=set, init=False)

    def round(self, most: int = 50) -> bool:
        """Collect up to this many due rows. True while more may be due."""
        self._waiting.clear()
        return all(self._one() for _ in range(most))

    def _one(self) -> bool:
        """Collect one row; False when nothing is due that need not wait."""
        keys = due.to_collect(clock.now(), self._waiting)
        if not keys:
            return False
        with transaction():
            taken = first_free(keys)
            if taken is None:                            # other workers have them
                return False
            attempt = begin(*taken) if self._may_collect(taken[0]) else None
        if attempt is not None:
            gateway_calls.finish(attempt)
        return True

    def _may_collect(self, order: Order) -> bool:
        """Whether the merchant's account may collect now; if not, the merchant waits until the next round."""
        if order.payment_method is None:
            return True
        account = gateway_accounts.ensure(
            order.merchant_id, order.payment_method.gateway, test=order.test, now=clock.now()
        )
        if gateway_accounts.may_collect(account, clock.now()):
            return True
        self._waiting.add((order.merchant_id, order.test))
        return False


def first_free(keys: list[int]) -> tuple[Order, ScheduledPayment] | None:
    """The first of these rows that no other worker has, with its order, both locked."""
    for key in keys:
        found = locking.lock_row(key, skip=True)
        if found is not None and is_due(*found):
            return found
    return None


def is_due(order: Order, row: ScheduledPayment) -> bool:
    """Whether the locked row is still to be collected: another worker may have taken it, a person changed it."""
    return row.status in COLLECTED and row.collect_at is not None and row.collect_at <= now_of(order)


def begin(order: Order, row: ScheduledPayment) -> Attempt | None:
    """Begin the attempt of a due row; None where there is nothing to ask, which is settled here."""
    actor = Actor.system().for_row(row).in_world(test=row.test)
    if schedules.ends_before(order, row):
        order_verbs.cancel(actor, order)
        return None
    if followers.must_wait(actor, order):
        row.collect_at = now_of(order) + (PAUSE if order.test_clock_id is None else attempts.DAILY)
        return None
    if not is_due(order, row):                           # its invoice was paid
        return None
    if attempts.owed(row) == 0:
        booking.paid(actor, order, row, 0)
        return None
    method = order.payment_method if order.status in LIVE - schedules.HELD else None
    if method is None or registry.find(method.gateway) is None:
        row.collect_at = None                            # by hand: the exceptions list it as not collected
        return None
    again = row.status is ScheduledStatus.SOFT_DECLINED
    attempt = attempts.begin(actor, order, row, PaymentReason.RETRY if again else PaymentReason.SCHEDULE)
    schedules.follow(actor, order)
    return attempt


# Attempts without an outcome -------------------------------------------------------------------------


def look_up_due(limit: int = 20) -> bool:
    """Ask the gateways about attempts whose outcome is not known. True while more may be due."""
    keys = due.to_look_up(Payment, clock.now(), limit)
    for key in keys:
        look_up(key)
    return len(keys) == limit


def look_up(payment_id: int) -> None:
    """Ask the gateway what became of an attempt, and go on as if it had said so at once."""
    with transaction():
        order, _, payment = locking.lock_payment(payment_id)
        now = now_of(order)
        if payment.status not in attempts.OPEN or payment.look_up_at is None or payment.look_up_at > now:
            return                                       # another worker did, or it was booked meanwhile
        payment.look_up_at = attempts.next_look_up(payment, now)
        payment.look_ups += 1
        name, key, reference = payment.gateway, payment.key, payment.reference
        account = gateway_accounts.for_gateway(payment.merchant_id, name, test=payment.test)
    gateway = registry.find(name)
    if gateway is None:
        return
    answer, problem = gateway_calls.answered(lambda: gateway.look_up(account, key, Asked.CHARGE, now, reference))
    again = None
    with transaction():
        if answer is None:
            booking.unknown(Actor.system(), payment_id, str(problem) or "no answer")
        elif answer.outcome is Outcome.NOT_FOUND:
            again = ask_again(payment_id)
        else:
            booking.book(Actor.system(), payment_id, answer)
    if again is not None:
        gateway_calls.finish(again)


def ask_again(payment_id: int) -> Attempt | None:
    """The attempt never reached the gateway: ask once more with its key, unless nobody wants the money any more."""
    order, row, payment = rows = locking.lock_payment(payment_id)
    if payment.status not in attempts.OPEN:
        return None
    if payment.invoice_link_id is not None and (attempt := card_charges.again(payment)) is not None:
        return attempt
    wanted = row is not None and row.status is ScheduledStatus.PROCESSING
    if order is not None and row is not None and wanted and followers.is_paid_otherwise(order):
        booking.abandon(Actor.system(), rows, "Its invoice was paid otherwise.")
        if row.status in COLLECTED and row.sequence:     # what is left of it
            row.collect_at = schedules.collect_at(order, row)
        return None
    if order is None or not wanted or not may_ask(order, payment) or payment.payment_method is None:
        booking.abandon(Actor.system(), rows, "It never reached the gateway.")
        return None
    return attempts.attempt_of(order, row, payment, payment.payment_method)


def may_ask(order: Order, payment: Payment) -> bool:
    """Whether the order still takes payments: not when it was ended or paused meanwhile."""
    if payment.reason in gateway_accounts.AUTOMATIC:
        return order.status in LIVE - schedules.HELD
    return order.status not in FINAL and order.status is not OrderStatus.PAUSED
