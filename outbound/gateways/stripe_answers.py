"""Reads objects of Stripe as answers: payments, checkouts, refunds and disputes.

What is kept of a card is its brand and last four digits, as a name for people. Numbers are never sent to us.
"""

from collections.abc import Mapping
from datetime import UTC, date, datetime, timedelta
from typing import Any

from domain.payments.gateways import Answer, DisputeNotice, Outcome
from models.payment import Decline, DisputeStatus
from outbound.gateways import stripe_declines
from outbound.gateways.stripe_amounts import from_stripe

KEY = "countinghouse_key"                                # in the metadata of whatever is made by us
PAGE = "countinghouse_page"                              # there on payments of Checkout
UNTIL = "countinghouse_until"                            # when a checkout ends for us
Body = Mapping[str, Any]
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
CLOSED = {
    "won": DisputeStatus.WON, "warning_closed": DisputeStatus.WON, "prevented": DisputeStatus.WON,
    "lost": DisputeStatus.LOST,
}


def metadata(body: Body) -> Body:
    return body.get("metadata") or {}


def identity(value: Any) -> str:
    """The id of what is named or expanded; empty for nothing."""
    return str(value["id"]) if isinstance(value, Mapping) else str(value or "")


def error_of(intent: Body) -> Body:
    """Why a payment was declined the last time."""
    return intent.get("last_payment_error") or {}


def of_intent(intent: Body) -> Answer:
    """What became of a payment."""
    status, reference = intent["status"], str(intent["id"])
    if status == "succeeded":
        return approved(intent)
    if status == "requires_action":
        step = (intent.get("next_action") or {}).get("redirect_to_url") or {}
        return Answer(outcome=Outcome.REQUIRES_ACTION, reference=reference, confirm_url=step.get("url"))
    if status == "requires_payment_method":
        return declined(error_of(intent), reference)
    if status == "canceled":
        message = "The payment was cancelled at Stripe."
        return Answer(outcome=Outcome.DECLINED, decline=Decline.SOFT, reference=reference, message=message)
    return Answer(outcome=Outcome.PENDING, reference=reference, message=f"Stripe says: {status}.")


def approved(intent: Body) -> Answer:
    """A payment that succeeded, with the card where the customer chose it on Stripe's page."""
    currency = str(intent["currency"]).upper()
    received = int(intent["amount_received" if "amount_received" in intent else "amount"])
    customer, method = identity(intent.get("customer")), intent.get("payment_method")
    return Answer(
        outcome=Outcome.APPROVED, amount_minor=from_stripe(received, currency), currency=currency,
        reference=str(intent["id"]),
        method_token=f"{customer}:{identity(method)}" if customer and method else None, method_label=label(method),
    )


def label(method: Any) -> str:
    """How a card is shown to people."""
    card = method.get("card") if isinstance(method, Mapping) else None
    if not card:
        return "Card"
    brand = str(card.get("display_brand") or card.get("brand") or "card").replace("_", " ")
    return f"{brand[:1].upper()}{brand[1:]} ending in {card.get('last4')}"


def last_day(method: Body) -> date | None:
    """The last day of a card."""
    card = method.get("card") or {}
    year, month = card.get("exp_year"), card.get("exp_month")
    if not isinstance(year, int) or not isinstance(month, int):
        return None
    return date(year + month // 12, month % 12 + 1, 1) - timedelta(days=1)


def declined(error: Body, reference: str | None) -> Answer:
    return Answer(
        outcome=Outcome.DECLINED, decline=stripe_declines.kind(error), message=stripe_declines.message(error),
        reference=reference,
    )


def of_session(session: Body) -> Answer:
    """What became of a checkout; its payment is expanded where it has one."""
    intent = session.get("payment_intent")
    if session["status"] == "expired":
        return Answer(outcome=Outcome.ABANDONED, message="The checkout was not finished in time.")
    if session["status"] == "open":
        return Answer(outcome=Outcome.REQUIRES_ACTION, confirm_url=session.get("url"))
    if isinstance(intent, Mapping):
        return of_intent(intent)
    if isinstance(session.get("setup_intent"), Mapping):
        return of_setup(session["setup_intent"], identity(session.get("customer")))
    return Answer(outcome=Outcome.PENDING, message="Stripe has not decided yet.")


def of_setup(intent: Body, customer: str) -> Answer:
    """What became of a card that was entered without a payment: of it the token is kept, and what people call it."""
    method, reference = intent.get("payment_method"), str(intent["id"])
    customer = identity(intent.get("customer")) or customer
    if intent["status"] == "succeeded" and customer and method:
        return Answer(
            outcome=Outcome.APPROVED, reference=reference, method_token=f"{customer}:{identity(method)}",
            method_label=label(method),
        )
    if intent["status"] == "canceled":
        return Answer(outcome=Outcome.ABANDONED, reference=reference, message="The card was not kept at Stripe.")
    return Answer(outcome=Outcome.PENDING, reference=reference, message=f"Stripe says: {intent['status']}.")


def until(session: Body) -> datetime | None:
    """When the checkout ends for us, earlier than Stripe can be told."""
    text = metadata(session).get(UNTIL)
    return datetime.fromisoformat(text) if text else None


def of_refund(refund: Body) -> Answer:
    """What became of a refund."""
    currency, status = str(refund["currency"]).upper(), refund["status"]
    outcomes = {"succeeded": Outcome.APPROVED, "failed": Outcome.DECLINED, "canceled": Outcome.DECLINED}
    reason = str(refund.get("failure_reason") or "").replace("_", " ")
    message = f"The bank did not take the refund{f': {reason}' if reason else ''}." if status == "failed" else None
    return Answer(
        outcome=outcomes.get(status, Outcome.PENDING), amount_minor=from_stripe(int(refund["amount"]), currency),
        currency=currency, reference=str(refund["id"]),
        message=message or (None if status == "succeeded" else f"Stripe says: {status}."),
    )


def of_dispute(dispute: Body) -> DisputeNotice:
    """What a customer's bank says about a payment."""
    currency = str(dispute["currency"]).upper()
    return DisputeNotice(
        reference=str(dispute["id"]), amount_minor=from_stripe(int(dispute["amount"]), currency), currency=currency,
        status=CLOSED.get(dispute["status"], DisputeStatus.OPEN),
        reason=str(dispute.get("reason") or "").replace("_", " ") or None,
        answer_due_at=_moment((dispute.get("evidence_details") or {}).get("due_by")),
    )


def _moment(seconds: Any) -> datetime | None:
    """A time of Stripe; it is 0 or null where there is none."""
    return EPOCH + timedelta(seconds=int(seconds)) if seconds else None
