"""Writes the mails to customers, as text and as HTML, in the merchant's name."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from flask import current_app
from sqlalchemy import select

from blueprints.pages.format import zone
from blueprints.pay.amounts import amount
from blueprints.pay.brand import Seller, seller
from blueprints.pay.payments import number, title
from database import db
from domain.payments import attempts
from domain.payments.customer_mails import CONFIRM, FAILED, RECEIPT, REMINDER
from domain.payments.schedule.scheduled_status import DECLINED
from domain.people import brand
from domain.sales.orders import payment_links
from models.order import Order, ScheduledPayment, ScheduledStatus
from models.payment import Payment, PaymentStatus


@dataclass(frozen=True, slots=True, kw_only=True)
class CustomerMail:
    """A mail that is ready to be sent."""

    to: str
    sender: str                              # the merchant's name
    reply_to: str | None
    subject: str
    text: str
    html: str


def compose(task: Mapping[str, Any], base: str) -> CustomerMail | None:
    """The mail of a task of the outbox; None where it has no sense any more. `base` begins its links."""
    order = db.session.get(Order, task["order_id"])
    row = db.session.get(ScheduledPayment, task["scheduled_payment_id"] or 0)
    payment = db.session.get(Payment, task["payment_id"] or 0)
    if order is None or not order.customer_email:
        return None
    who = seller(order.merchant_id)
    words = WRITERS[task["mail"]](order, row, payment, who)
    path = payment_links.path_of(order.link_token)
    if words is None or path is None:
        return None
    given = {
        **words, "seller": who, "colours": colours(who.colour),
        "link": base + (path if task["mail"] in (FAILED, CONFIRM) else path.replace("/pay/", "/order/", 1)),
    }
    texts = [current_app.jinja_env.get_template(f"mails/mail.{ending}").render(given) for ending in ("txt", "html")]
    return CustomerMail(
        to=order.customer_email, sender=who.name, reply_to=who.email, subject=given["subject"],
        text=texts[0].lstrip("\n"), html=texts[1],
    )


def _receipt(
    order: Order, row: ScheduledPayment | None, payment: Payment | None, who: Seller
) -> dict[str, Any] | None:
    if payment is None:
        return None
    paid, method = amount(payment.amount_minor, payment.currency), _method(payment)
    following, facts = _following(order), [("Order", f"{number(order)}, {title(order)}")]
    if row is not None and row.tax_minor and row.amount_minor == payment.amount_minor:
        facts.append(("Of which tax", amount(row.tax_minor, row.currency)))
    if following is not None:
        facts.append(("Next payment", f"{amount(following.amount_minor, order.currency)} on {day(following.due_at)}"))
    return {
        "tone": "ok", "subject": f"Receipt: {paid} to {who.name}", "preview": f"For {title(order)}. Thank you.",
        "kicker": "Paid", "title": "Thank you, we have your payment", "amount": paid,
        "under": f"on {day(payment.executed_at or payment.created_at)}{method}.", "button": "See your order",
        "facts": facts, "paragraphs": ["The receipt is kept with your order, where it can be printed at any time."],
        "why": f"You get this because {order.customer_email} paid us.",
    }


def _failed(
    order: Order, row: ScheduledPayment | None, payment: Payment | None, who: Seller
) -> dict[str, Any] | None:
    if payment is None or row is None or row.status not in DECLINED:
        return None                          # it was paid meanwhile
    owed = amount(attempts.owed(row), order.currency)
    said = f" It said: “{payment.message}”" if payment.message else ""
    again = (f"We try again on {day(row.collect_at)}. You can also settle it now." if row.collect_at is not None
             else "We do not try the old card again. Please pay with another one.")
    return {
        "tone": "bad", "subject": f"Your payment of {owed} did not go through", "preview": "Nothing was charged.",
        "kicker": "Payment did not go through", "title": f"Please look at your payment for {title(order)}",
        "amount": owed, "under": f"Your bank declined it. Nothing was charged.{said}", "button": f"Pay {owed} now",
        "facts": [("Order", f"{number(order)}, {title(order)}"), ("Was due", day(row.due_at))], "paragraphs": [again],
        "why": f"You get this because a payment from {order.customer_email} failed.",
    }


def _reminder(
    order: Order, row: ScheduledPayment | None, payment: Payment | None, who: Seller
) -> dict[str, Any] | None:
    if row is None or row.status is not ScheduledStatus.SCHEDULED:
        return None
    due = amount(row.amount_minor, order.currency)
    label = order.payment_method.label if order.payment_method is not None else None
    return {
        "tone": "", "subject": f"{due} on {day(row.due_at)} to {who.name}",
        "preview": f"The next payment for {title(order)}.",
        "kicker": "Coming soon", "title": f"Your next payment for {title(order)}", "amount": due,
        "under": f"on {day(row.due_at)}{f', from your {label}' if label else ''}.", "button": "See your order",
        "facts": [("Order", f"{number(order)}, {title(order)}")],
        "paragraphs": ["You need not do anything." if label else "Please pay it from the order page."],
        "why": f"You get this because a payment of {order.customer_email} is due soon.",
    }


def _confirm(
    order: Order, row: ScheduledPayment | None, payment: Payment | None, who: Seller
) -> dict[str, Any] | None:
    if payment is None or payment.status is not PaymentStatus.REQUIRES_ACTION:
        return None                          # it was confirmed or refused meanwhile
    asked = amount(payment.amount_minor, payment.currency)
    return {
        "tone": "", "subject": f"Please confirm your payment of {asked}",
        "preview": "Your bank asks for one more step.",
        "kicker": "One more step", "title": "Your bank wants to be sure it is you", "amount": asked,
        "under": f"to {who.name}. Nothing is charged until you have confirmed.", "button": f"Confirm {asked}",
        "facts": [("Order", f"{number(order)}, {title(order)}")], "paragraphs": [],
        "why": f"You get this because a payment of {order.customer_email} waits for you.",
    }


WRITERS = {CONFIRM: _confirm, RECEIPT: _receipt, FAILED: _failed, REMINDER: _reminder}


def _method(payment: Payment) -> str:
    return f", from your {payment.payment_method.label}" if payment.payment_method is not None else ""


def _following(order: Order) -> ScheduledPayment | None:
    """The payment that comes next."""
    statement = select(ScheduledPayment).where(
        ScheduledPayment.order_id == order.id, ScheduledPayment.status == ScheduledStatus.SCHEDULED
    )
    return db.session.scalar(statement.order_by(ScheduledPayment.sequence).limit(1))


def day(moment: datetime) -> str:
    return f"{moment.astimezone(zone()):%-d %B %Y}"


def colours(colour: str) -> dict[str, str]:
    """The colours of the button and of links, in light and dark."""
    light, dark = brand.tokens(colour, dark=False), brand.tokens(colour, dark=True)
    return {"accent": light["--accent"], "ink": light["--on-accent"], "text": light["--accent-text"],
            "dark": dark["--accent-text"]}
