"""Refunds payments, wholly or in part. As with payments, the row is committed before the gateway is asked."""

import secrets
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Annotated

from sqlalchemy import func, select

from database import db
from domain.actor import Actor
from domain.errors import Conflict, Invalid
from domain.inputs import Input, Maybe, Number, Text
from domain.lifecycle import Lifecycle
from domain.payments import attempts, followers, gateway_accounts, locking
from domain.payments.gateways import Account, Answer, Outcome, RefundRequest
from domain.sales.orders.order_clock import now_of
from models.money import to_minor
from models.payment import Payment, PaymentStatus, Refund, RefundStatus

LIFE = Lifecycle(noun="refund")


class RefundInput(Input):
    """A refund: of all that is left, where no amount is sent."""

    amount: Maybe[Annotated[Decimal, Number(above=0)]] = None
    reason: Maybe[Annotated[str, Text(500)]] = None


OPEN = (RefundStatus.PENDING, RefundStatus.UNKNOWN)


@dataclass(frozen=True, slots=True, kw_only=True)
class RefundAttempt:
    """What a gateway is asked, in plain values."""

    refund_id: int
    gateway: str
    account: Account
    request: RefundRequest


def left(payment: Payment) -> int:
    """The amount that can still be refunded: approved, and neither refunded nor being refunded."""
    under_way = select(func.coalesce(func.sum(Refund.amount_minor), 0)).where(
        Refund.payment_id == payment.id, Refund.status.in_(OPEN)
    )
    taken = payment.amount_minor if payment.status is PaymentStatus.APPROVED else 0
    return taken - payment.refunded_minor - int(db.session.scalar(under_way) or 0)


def begin(
    actor: Actor, payment: Payment, amount: Decimal | None = None, reason: str | None = None, *,
    by_worker: bool = False,
) -> RefundAttempt:
    """A new refund of the locked payment, of all that is left by default; the caller asks the gateway, or the worker.

    Raises Conflict for a payment that was not approved, Invalid for an amount that is not above 0 or too much.
    """
    if payment.status is not PaymentStatus.APPROVED:
        raise Conflict("Only an approved payment can be refunded.", details={"status": str(payment.status)})
    rest = left(payment)
    minor = rest if amount is None else minor_of(amount, payment.currency)
    if minor <= 0:
        raise Invalid.field("amount", "must be more than 0" if amount is not None else "has nothing left", "range")
    if minor > rest:
        raise Invalid.field("amount", "is more than what is left of the payment", "range")
    now = now_of(payment.order)
    refund = Refund(
        merchant_id=payment.merchant_id, test=payment.test, payment_id=payment.id, status=RefundStatus.PENDING,
        currency=payment.currency, amount_minor=minor, key=secrets.token_hex(16), reason=reason, created_at=now,
        look_up_at=now if by_worker else now + attempts.LOOK_UPS[0], look_ups=0, test_clock_id=payment.test_clock_id,
    )
    LIFE.add(actor, refund)
    return attempt_of(payment, refund, now)


def minor_of(amount: Decimal, currency: str) -> int:
    """An amount in minor units; raises Invalid when it has more decimals than its currency."""
    try:
        return to_minor(amount, currency)
    except ValueError as problem:
        raise Invalid.field("amount", str(problem), "decimals") from None


def attempt_of(payment: Payment, refund: Refund, now: datetime) -> RefundAttempt:
    """The question to the gateway, the same for every repetition but for the time."""
    return RefundAttempt(
        refund_id=refund.id, gateway=payment.gateway,
        account=gateway_accounts.for_gateway(payment.merchant_id, payment.gateway, test=payment.test),
        request=RefundRequest(
            key=refund.key, charge_key=payment.key, charge_reference=payment.reference,
            amount_minor=refund.amount_minor, currency=refund.currency, at=now, reference=refund.reference,
        ),
    )


def lock_refund(refund_id: int) -> tuple[Payment, Refund]:
    """A refund and its payment, locked after the order; raises NotFound."""
    payment_id = db.session.scalar(select(Refund.payment_id).where(Refund.id == refund_id))
    _, _, payment = locking.lock_payment(payment_id or 0)
    return payment, locking.lock(Refund, refund_id)


def book(actor: Actor, refund_id: int, answer: Answer) -> Refund:
    """Book an outcome once. An approval counts also after a refusal: the money was refunded.

    A refusal after an approval counts too: banks send money back that they cannot hand on, days later.
    """
    payment, refund = lock_refund(refund_id)
    approved = answer.outcome is Outcome.APPROVED
    if answer.outcome is Outcome.PENDING:
        return _undecided(actor, refund, answer)
    if refund.status is (RefundStatus.APPROVED if approved else RefundStatus.DECLINED):
        return refund
    was = refund.status
    if was is RefundStatus.APPROVED:
        with locking.LIFE.changing(actor, payment):
            payment.refunded_minor -= refund.amount_minor
    same = (answer.amount_minor, answer.currency) == (refund.amount_minor, refund.currency)
    with LIFE.changing(actor, refund):
        refund.status = RefundStatus.APPROVED if approved and same else RefundStatus.DECLINED
        refund.reference, refund.look_up_at, refund.executed_at = answer.reference, None, now_of(payment.order)
        refund.message = answer.message if same or not approved else "The gateway reports another amount."
    if refund.status is RefundStatus.APPROVED:
        with locking.LIFE.changing(actor, payment, "refunded"):
            payment.refunded_minor += refund.amount_minor
    if RefundStatus.APPROVED in (was, refund.status):
        followers.refunded(actor, payment, refund)
    return refund


def told(actor: Actor, payment: Payment, answer: Answer) -> Refund | None:
    """Book what the gateway tells of a refund of a locked payment that began there, once; None where it says nothing.

    One that failed before anything was known of it never was one. What cannot be a refund of the payment is kept as
    declined, for a person to look at.
    """
    known = db.session.scalar(
        select(Refund.id).where(Refund.payment_id == payment.id, Refund.reference == answer.reference))
    if known is not None:
        return book(actor, known, answer)
    if payment.status is not PaymentStatus.APPROVED or answer.outcome not in (Outcome.APPROVED, Outcome.PENDING):
        return None
    now, minor = now_of(payment.order), answer.amount_minor
    fits = answer.currency == payment.currency and 0 < minor <= payment.amount_minor - payment.refunded_minor
    refund = Refund(
        merchant_id=payment.merchant_id, test=payment.test, payment_id=payment.id, currency=payment.currency,
        status=RefundStatus.PENDING if fits else RefundStatus.DECLINED, amount_minor=max(1, minor),
        key=secrets.token_hex(16), reference=answer.reference, reason="Begun at the gateway", created_at=now,
        message=None if fits else "The gateway reports more than is left of the payment, or another currency.",
        look_up_at=now + attempts.LOOK_UPS[0] if fits else None, look_ups=0, test_clock_id=payment.test_clock_id,
    )
    LIFE.add(actor, refund)
    return book(actor, refund.id, answer) if fits else refund


def _undecided(actor: Actor, refund: Refund, answer: Answer) -> Refund:
    """The gateway has the refund and has not decided: it tells later, or is asked."""
    if refund.status in OPEN:
        with LIFE.changing(actor, refund):
            refund.reference, refund.message = answer.reference or refund.reference, answer.message
    return refund


def unknown(actor: Actor, refund_id: int, reason: str) -> Refund:
    """The gateway gave no answer: the outcome is unknown until it is looked up."""
    _, refund = lock_refund(refund_id)
    if refund.status is RefundStatus.PENDING:
        with LIFE.changing(actor, refund):
            refund.status, refund.message = RefundStatus.UNKNOWN, reason[:500]
    return refund


def given_by_hand(actor: Actor, refund_id: int) -> Refund:
    """A refund of money that no gateway holds: a person has paid it back."""
    _, refund = lock_refund(refund_id)
    answer = Answer(outcome=Outcome.APPROVED, amount_minor=refund.amount_minor, currency=refund.currency)
    return book(actor, refund.id, answer)
