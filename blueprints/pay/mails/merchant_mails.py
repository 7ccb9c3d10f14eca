"""Writes the mails to a merchant: a quote was answered, a payment was disputed."""

from collections.abc import Mapping
from typing import Any

from blueprints.pay.amounts import amount
from blueprints.pay.brand import Seller
from blueprints.pay.mails.message import Message, day
from blueprints.pay.payments import number, title
from database import db
from domain.people.merchant_mails import DISPUTED, QUOTE_ANSWERED
from domain.people.merchant_readers import readers_of
from models.budget_link import Answer, BudgetLink
from models.merchant import Merchant
from models.payment import Dispute, Payment

WORDS = {Answer.ACCEPTED: ("accepted", "ok"), Answer.DECLINED: ("declined", "bad")}


def of_task(task: Mapping[str, Any], merchant: Merchant, who: Seller, base: str) -> Message | None:
    """The mail of a task; None where what it is about is gone, or nobody reads it."""
    to = readers_of(merchant)
    if not to:
        return None
    if task["mail"] == QUOTE_ANSWERED:
        link = db.session.get(BudgetLink, task["budget_link_id"])
        return quote_answered(link, who, to, base) if link is not None else None
    dispute = db.session.get(Dispute, task["dispute_id"])
    payment = db.session.get(Payment, dispute.payment_id) if dispute is not None else None
    return disputed(dispute, payment, who, to, base) if dispute is not None and payment is not None else None


def quote_answered(link: BudgetLink, who: Seller, to: list[str], base: str) -> Message:
    """A customer answered a quote, or asked for a new one."""
    budget, total = link.budget, amount(link.budget.total_minor, link.budget.currency)
    customer, email = budget.customer_name or budget.customer.name, budget.customer_email or budget.customer.email
    done, tone = WORDS[link.answer] if link.answer is not None else ("asked for a new one of", "")
    said = link.comment if link.answer is not None else link.asked_for
    facts = [("Customer", customer)]
    if link.answered_by:
        facts.append(("Answered by", link.answered_by))
    if (moment := link.answered_at or link.asked_at) is not None:
        facts.append(("On", day(moment)))
    return Message(
        to=to, reply_to=email, tone=tone, subject=f"{customer} {done} your quote {budget.id}",
        preview=f"{total}.", kicker=f"Quote {done.split()[0]}", title=f"{customer} {done} your quote", amount=total,
        under=f"Quote {budget.id}.", facts=facts, paragraphs=[f"“{said}”"] if said else [],
        button="Open the quote", link=f"{base}/admin/budgets/{budget.id}",
        can_be_answered=False, why=f"You get this because {who.name} is told about answers to quotes.",
    )


def disputed(dispute: Dispute, payment: Payment, who: Seller, to: list[str], base: str) -> Message:
    """A customer disputed a payment at the bank."""
    order, held = payment.order, amount(dispute.amount_minor, dispute.currency)
    customer = payment.customer.name if order is None else order.customer_name
    about = f"payment {payment.id}" if order is None else f"order {number(order)}"
    facts = [("Customer", customer), ("Paid on", day(payment.executed_at or payment.created_at))]
    if order is not None:
        facts.insert(0, ("Order", f"{number(order)}, {title(order)}"))
    if dispute.reason:
        facts.append(("Reason", dispute.reason))
    return Message(
        to=to, tone="bad", subject=f"{customer} disputes a payment of {held}",
        preview="The bank asks for evidence.", kicker="Payment disputed",
        title=f"{customer} disputes a payment", amount=held, under=f"of {about}.", facts=facts,
        paragraphs=["Banks take evidence for a few days only. Answer the dispute where the payment was made."],
        button="Open the payment", link=f"{base}/admin/payments/{payment.id}",
        can_be_answered=False, why=f"You get this because {who.name} is told about disputes.",
    )


KINDS = (QUOTE_ANSWERED, DISPUTED)
