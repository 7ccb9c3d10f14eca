"""Finds out at Stripe what became of payments, checkouts and refunds."""

import re
from contextlib import suppress
from datetime import datetime, timedelta

from domain import clock
from domain.payments.gateways import Answer, Outcome
from models.payment import Decline
from outbound.gateways import stripe_answers, stripe_declines
from outbound.gateways.stripe_answers import KEY, PAGE, Body, metadata
from outbound.gateways.stripe_client import NotValid, StripeClient

TO_CONFIRM = timedelta(days=3)                           # then the extra step counts as refused
UNCONFIRMED = "The customer did not confirm in time."
PAYMENT, REFUND = re.compile("pi_[0-9A-Za-z_]{1,200}"), re.compile("(re|pyr)_[0-9A-Za-z_]{1,200}")      # their ids
NOT_FOUND = Answer(outcome=Outcome.NOT_FOUND)


def session(client: StripeClient, reference: str) -> Body:
    """A checkout with its payment, or what it kept."""
    params = {"expand": ["payment_intent.payment_method", "setup_intent.payment_method"]}
    return client.ask(lambda stripe: stripe.checkout.sessions.retrieve(reference, params)).body


def intent(client: StripeClient, reference: str) -> Body:
    """A payment with its card."""
    params = {"expand": ["payment_method"]}
    return client.ask(lambda stripe: stripe.payment_intents.retrieve(reference, params)).body


def payment(client: StripeClient, reference: str) -> tuple[str, Answer | None]:
    """Our key of a payment, and what became of it; an empty key for none of ours."""
    if not PAYMENT.fullmatch(reference):
        return "", None
    try:
        found = intent(client, reference)
    except NotValid:
        return "", None
    key = str(metadata(found).get(KEY) or "")
    return key, stripe_answers.of_intent(found) if key else None


def method(client: StripeClient, reference: str) -> Body:
    return client.ask(lambda stripe: stripe.payment_methods.retrieve(reference)).body


def refund(client: StripeClient, reference: str) -> Body:
    return client.ask(lambda stripe: stripe.refunds.retrieve(reference)).body


def refund_now(client: StripeClient, told: Body) -> Answer:
    """What a refund is that was said to have succeeded: it may have failed since, and is told of in any order."""
    if told["status"] != "succeeded" or not REFUND.fullmatch(str(told["id"])):
        return stripe_answers.of_refund(told)
    with suppress(NotValid):
        told = refund(client, str(told["id"]))
    return stripe_answers.of_refund(told)


def search(client: StripeClient, key: str) -> Answer:
    """What became of a key for which no answer came: of its payments, one that succeeded before all others.

    Stripe finds what is a minute old. A charge that is not found is asked for again with its key, which Stripe
    remembers for a day: so it is not made twice in that minute either.
    """
    query = {"query": f'metadata["{KEY}"]:"{key}"', "limit": 10}
    rows: list[Body] = client.ask(lambda stripe: stripe.payment_intents.search(query)).body["data"]
    found = min(rows, key=lambda one: one["status"] != "succeeded", default=None)
    if found is None or (PAGE in metadata(found) and found["status"] != "succeeded"):
        return NOT_FOUND                                 # a page whose address was never told to the customer
    return in_time(client, intent(client, str(found["id"])))


def waits_for_step(found: Body) -> bool:
    """Whether the customer has to confirm, and no page for it has been prepared."""
    if found["status"] == "requires_action":
        return stripe_answers.of_intent(found).confirm_url is None
    is_open = found["status"] == "requires_payment_method"
    return is_open and stripe_declines.must_confirm(stripe_answers.error_of(found))


def in_time(client: StripeClient, found: Body) -> Answer:
    """What became of a payment; cancelled where the customer did not confirm it in time."""
    if found["status"] == "requires_payment_method" and waits_for_step(found):
        return NOT_FOUND                                 # asked for again, it prepares the step
    reference, is_waiting = str(found["id"]), found["status"] == "requires_action"
    if not is_waiting or clock.now().timestamp() < found["created"] + TO_CONFIRM.total_seconds():
        return stripe_answers.of_intent(found)
    try:
        client.ask(lambda stripe: stripe.payment_intents.cancel(reference))
    except NotValid:                                     # the customer was faster
        return stripe_answers.of_intent(intent(client, reference))
    return Answer(outcome=Outcome.DECLINED, decline=Decline.SOFT, reference=reference, message=UNCONFIRMED)


def ended(client: StripeClient, found: Body, at: datetime) -> Answer:
    """What became of a checkout; ended at Stripe too when its time is over here."""
    until, reference = stripe_answers.until(found), str(found["id"])
    if found["status"] == "open" and until is not None and at >= until:
        with suppress(NotValid):                         # the customer was faster
            client.ask(lambda stripe: stripe.checkout.sessions.expire(reference))
        found = session(client, reference)
    return stripe_answers.of_session(found)


def of_refund(client: StripeClient, key: str, reference: str) -> Answer:
    """What became of a refund, found by its own id or among those of its payment."""
    if reference.startswith(("re_", "pyr_")):
        return stripe_answers.of_refund(refund(client, reference))
    query = {"payment_intent": reference, "limit": 100}
    rows = client.ask(lambda stripe: stripe.refunds.list(query)).body["data"] if reference else []
    mine = [one for one in rows if metadata(one).get(KEY) == key]
    return stripe_answers.of_refund(mine[0]) if mine else NOT_FOUND
