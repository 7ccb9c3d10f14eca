"""Reads the notifications of Stripe, after their signature was checked.

Each is a picture of an object at one moment, and they come in any order: what is still open is left to the answer.
"""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from domain.payments.gateways import Account, Answer, Asked, Notification, Outcome, WrongSignature
from outbound.gateways import stripe_answers, stripe_declines
from outbound.gateways.stripe_answers import KEY, PAGE, Body, identity, metadata

HEADER = "stripe-signature"
TOLERANCE = 300                                          # seconds between signing and receiving
CHOSEN = (                                               # what a merchant chooses at Stripe
    "checkout.session.completed", "checkout.session.expired", "payment_intent.succeeded",
    "payment_intent.payment_failed", "payment_intent.canceled", "refund.created", "refund.updated", "refund.failed",
    "charge.dispute.created", "charge.dispute.closed",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Questions:
    """What Stripe is asked about what an event names."""

    charge: Callable[[str], Answer]                      # what became of a checkout or a payment, by its id
    payment: Callable[[str], tuple[str, Answer | None]]  # our key of a payment, and what became of it
    refund: Callable[[Body], Answer]                     # what a refund is now


def verified(account: Account, headers: Mapping[str, str], body: bytes) -> dict[str, Any]:
    """The event; raises WrongSignature for one that the merchant's secret did not sign within the last minutes."""
    import stripe  # it takes a second to load, and most processes never hear of Stripe

    secret = str(account.settings.get("webhook_secret") or "")
    given = {name.lower(): value for name, value in headers.items()}.get(HEADER)
    try:
        stripe.WebhookSignature.verify_header(body, given, secret, TOLERANCE)
    except (stripe.SignatureVerificationError, UnicodeError):
        raise WrongSignature from None
    event: dict[str, Any] = json.loads(body)
    if event.get("object") != "event" or bool(event["livemode"]) is account.test:
        raise ValueError("no event of this world")
    return event


def read(event: Body, ask: Questions) -> Notification:
    """What an event says about a charge, a refund or a dispute; nothing where it is about nothing of ours."""
    kind, body = str(event["type"]), event["data"]["object"]
    reference = str(event["id"])
    key = str(metadata(body).get(KEY) or "")
    if kind.startswith("charge.dispute."):
        dispute = stripe_answers.of_dispute(body)
        key, charge = ask.payment(identity(body.get("payment_intent")))
        return Notification(reference=reference, kind=kind, key=key, charge=charge, dispute=dispute)
    if body.get("object") == "refund" and key:
        return Notification(reference=reference, kind=kind, key=key, about=Asked.REFUND, answer=ask.refund(body))
    if body.get("object") == "refund":                   # it began at Stripe
        key, charge = ask.payment(identity(body.get("payment_intent")))
        told = ask.refund(body) if key else None
        return Notification(reference=reference, kind=kind, key=key, charge=charge, refund=told)
    answer = _answer(kind, body, ask.charge) if key else None
    return Notification(reference=reference, kind=kind, key=key, answer=answer)


def _answer(kind: str, body: Body, fetch: Callable[[str], Answer]) -> Answer | None:
    """What a checkout or a payment became; None where nothing is decided by it."""
    answer: Answer | None
    if kind.startswith("checkout.session."):
        answer = fetch(str(body["id"])) if body["status"] == "complete" else stripe_answers.of_session(body)
    elif not kind.startswith("payment_intent."):
        return None
    elif PAGE in metadata(body):                         # the customer may try another card on the same page
        answer = fetch(str(body["id"])) if body["status"] == "succeeded" else None
    elif stripe_declines.must_confirm(stripe_answers.error_of(body)):
        return None
    else:
        answer = stripe_answers.of_intent(body)
    open_ones = (Outcome.REQUIRES_ACTION, Outcome.PENDING)
    return None if answer is None or answer.outcome in open_ones else answer
