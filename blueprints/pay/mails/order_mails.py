"""Writes the mails to customers about the payments of an order."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import select

from blueprints.pay.amounts import amount
from blueprints.pay.brand import Seller
from blueprints.pay.mails.message import Message, day
from blueprints.pay.payments import number, title
from database import db
from domain.payments import attempts
from domain.payments.schedule.scheduled_status import DECLINED
from domain.people.merchant_mails import CARD, CARD_EXPIRES, CONFIRM, DISPUTE, FAILED, RECEIPT, REMINDER
from domain.sales.orders import payment_links
from domain.sales.orders.order_status import FINAL
from models.order import Order, ScheduledPayment, ScheduledStatus
from models.payment import Dispute, Payment, PaymentStatus
from models.payment_method import PaymentMethod

TO_PAY = frozenset({FAILED, CONFIRM, CARD})  # their button leads to the payment page, others to the order


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """What a mail is about."""

    order: Order
    who: Seller
    link: str
    row: ScheduledPayment | None = None
    payment: Payment | None = None
    following: ScheduledPayment | None = None        # the payment that comes next
    dispute: Dispute | None = None
    method_id: int | None = None                     # of a card that expires


def case(task: Mapping[str, Any], who: Seller, base: str) -> Case | None:
    """What a task is about; None where nobody can be written to."""
    order = db.session.get(Order, task["order_id"])
    path = payment_links.path_of(order.link_token) if order is not None else None
    if order is None or path is None or not order.customer_email:
        return None
    return Case(
        order=order, who=who,
        link=base + (path if task["mail"] in TO_PAY else path.replace("/pay/", "/order/", 1)),
        row=db.session.get(ScheduledPayment, task["scheduled_payment_id"] or 0),
        payment=db.session.get(Payment, task["payment_id"] or 0),
        dispute=db.session.get(Dispute, task.get("dispute_id") or 0), following=_following(order),
        method_id=task.get("method_id"),
    )


def _following(order: Order) -> ScheduledPayment | None:
    statement = select(ScheduledPayment).where(
        ScheduledPayment.order_id == order.id, ScheduledPayment.status == ScheduledStatus.SCHEDULED
    )
    return db.session.scalar(statement.order_by(ScheduledPayment.sequence).limit(1))


def receipt(case: Case) -> Message | None:
    """The customer paid."""
    order, row, payment = case.order, case.row, case.payment
    if payment is None:
        return None
    paid, method = amount(payment.amount_minor, payment.currency), _from(payment.payment_method)
    facts = [_order(order)]
    if row is not None and row.tax_minor and row.amount_minor == payment.amount_minor:
        facts.append(("Of which tax", amount(row.tax_minor, row.currency)))
    if (next_one := case.following) is not None:
        due = amount(next_one.amount_minor, order.currency)
        facts.append(("Next payment", f"{due} on {day(next_one.due_at)}"))
    return Message(
        **_to(case), tone="ok", subject=f"Receipt: {paid} to {case.who.name}",
        preview=f"For {title(order)}. Thank you.", kicker="Paid", title="Thank you, we have your payment", amount=paid,
        under=f"on {day(payment.executed_at or payment.created_at)}{method}.", button="See your order", facts=facts,
        paragraphs=["The receipt is kept with your order, where it can be printed at any time."],
        why=f"You get this because {order.customer_email} paid us.",
    )


def failed(case: Case) -> Message | None:
    """A payment was declined; None where it was paid meanwhile."""
    order, row, payment = case.order, case.row, case.payment
    if payment is None or row is None or row.status not in DECLINED:
        return None
    owed = amount(attempts.owed(row), order.currency)
    said = f" It said: “{payment.message}”" if payment.message else ""
    again = (f"We try again on {day(row.collect_at)}. You can also settle it now." if row.collect_at is not None
             else "We do not try the old card again. Please pay with another one.")
    return Message(
        **_to(case), tone="bad", subject=f"Your payment of {owed} did not go through",
        preview="Nothing was charged.", kicker="Payment did not go through",
        title=f"Please look at your payment for {title(order)}", amount=owed,
        under=f"Your bank declined it. Nothing was charged.{said}", button=f"Pay {owed} now",
        facts=[_order(order), ("Was due", day(row.due_at))], paragraphs=[again],
        why=f"You get this because a payment from {order.customer_email} failed.",
    )


def another_card(case: Case) -> Message | None:
    """The customer is asked for another card; None where it was paid meanwhile, or nobody wants it any more."""
    order, row, method = case.order, case.row, case.order.payment_method
    if row is None or row.status not in DECLINED or order.status in FINAL:
        return None
    owed, card = amount(attempts.owed(row), order.currency), f"Your {method.label}" if method else "Your card"
    return Message(
        **_to(case), tone="bad", subject=f"Please use another card for {owed} to {case.who.name}",
        preview="Nothing was charged.", kicker="Another card is needed",
        title=f"Please pay for {title(order)} with another card", amount=owed,
        under=f"{card} was declined. Nothing was charged.", button=f"Pay {owed} now",
        facts=[_order(order), ("Was due", day(row.due_at))],
        paragraphs=["Later payments are taken from the card that you pay with."],
        why=f"You get this because a payment from {order.customer_email} failed.",
    )


def reminder(case: Case) -> Message | None:
    """A payment is collected soon."""
    order, row = case.order, case.row
    if row is None or row.status is not ScheduledStatus.SCHEDULED:
        return None
    due, method = amount(row.amount_minor, order.currency), order.payment_method
    return Message(
        **_to(case), subject=f"{due} on {day(row.due_at)} to {case.who.name}",
        preview=f"The next payment for {title(order)}.", kicker="Coming soon",
        title=f"Your next payment for {title(order)}", amount=due, under=f"on {day(row.due_at)}{_from(method)}.",
        button="See your order", facts=[_order(order)],
        paragraphs=["You need not do anything." if method else "Please pay it from the order page."],
        why=f"You get this because a payment of {order.customer_email} is due soon.",
    )


def confirm(case: Case) -> Message | None:
    """The customer's bank asks for one more step; None where it was confirmed or refused meanwhile."""
    order, payment = case.order, case.payment
    if payment is None or payment.status is not PaymentStatus.REQUIRES_ACTION:
        return None
    asked = amount(payment.amount_minor, payment.currency)
    return Message(
        **_to(case), subject=f"Please confirm your payment of {asked}", preview="Your bank asks for one more step.",
        kicker="One more step", title="Your bank wants to be sure it is you", amount=asked,
        under=f"to {case.who.name}. Nothing is charged until you have confirmed.", button=f"Confirm {asked}",
        facts=[_order(order)], why=f"You get this because a payment of {order.customer_email} waits for you.",
    )


def dispute(case: Case) -> Message | None:
    """The customer's bank says that a payment was disputed."""
    order, payment, found = case.order, case.payment, case.dispute
    if payment is None or found is None:
        return None
    held = amount(found.amount_minor, found.currency)
    return Message(
        **_to(case), subject=f"A payment of {held} was disputed", preview="Your bank has told us.", kicker="Disputed",
        title=f"Your bank says that you dispute a payment for {title(order)}", amount=held,
        under=f"to {case.who.name}{_from(payment.payment_method)}.", button="See your order",
        facts=[_order(order), ("Paid on", day(payment.executed_at or payment.created_at))],
        paragraphs=[
            "If you do not know this payment, you need not do anything: your bank decides about it.",
            "If you do know it, please tell your bank that the dispute was a mistake.",
        ],
        why=f"You get this because a payment of {order.customer_email} was disputed.",
    )


def card_expires(case: Case) -> Message | None:
    """The card expires before a payment; None where another one was chosen or the payment is not made any more."""
    order, row, method = case.order, case.row, case.order.payment_method
    is_open = row is not None and row.status is ScheduledStatus.SCHEDULED
    if row is None or not is_open or method is None or order.payment_method_id != case.method_id:
        return None
    due = amount(row.amount_minor, order.currency)
    return Message(
        **_to(case), subject=f"Your card expires before your next payment to {case.who.name}",
        preview=f"{due} is due on {day(row.due_at)}.", kicker="Card expires",
        title=f"Your {method.label} expires before your next payment", amount=due,
        under=f"on {day(row.due_at)}, for {title(order)}.", button="Change card", facts=[_order(order)],
        paragraphs=["If your bank has sent you a new card, please enter it on the order page."],
        why=f"You get this because a payment of {order.customer_email} is due soon.",
    )


WRITERS = {
    CARD: another_card, CARD_EXPIRES: card_expires, CONFIRM: confirm, RECEIPT: receipt, FAILED: failed,
    REMINDER: reminder, DISPUTE: dispute,
}


def _to(case: Case) -> dict[str, Any]:
    """Who gets a mail, to whom answers go, and where its button leads."""
    return {
        "to": [case.order.customer_email], "reply_to": case.who.email, "link": case.link,
        "can_be_answered": case.who.email is not None,
    }


def _order(order: Order) -> tuple[str, str]:
    return "Order", f"{number(order)}, {title(order)}"


def _from(method: PaymentMethod | None) -> str:
    return f", from your {method.label}" if method is not None else ""
