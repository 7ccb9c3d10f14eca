"""The gateway `stripe`: first payments on Stripe's hosted page, later ones from the card that was kept there.

The key of an attempt is Stripe's idempotency key, and stands in the metadata of the payment, so that it is found
again when an answer is lost. A token is `<customer>:<payment method>`, as Stripe names them.
"""

from collections.abc import Mapping
from contextlib import suppress
from datetime import date, datetime
from typing import Any

from domain import clock
from domain.payments.gateways import (
    Account,
    Answer,
    Asked,
    ChargeRequest,
    Checkout,
    CheckoutRequest,
    NoAnswer,
    Notification,
    Outcome,
    RefundRequest,
    Refused,
)
from models.payment import Decline
from outbound.gateways import stripe_answers, stripe_events, stripe_look_up, stripe_parameters
from outbound.gateways.stripe_amounts import to_stripe
from outbound.gateways.stripe_answers import KEY, Body
from outbound.gateways.stripe_client import Declined, NotValid, StripeClient

MISSING = "resource_missing"
ANOTHER_ACCOUNT = "The card is not known to this account of Stripe. The customer has to enter it again."


class StripeGateway:
    """Cards by Stripe, in the live and the test world; app.py says where customers come back to."""

    name = "stripe"
    title = "Stripe"
    worlds: tuple[bool, ...] = (False, True)
    sets_up = True
    keeps_test_clocks = False
    events = stripe_events.CHOSEN

    def __init__(self) -> None:
        self.hosts: tuple[str, ...] = ("checkout.stripe.com",)
        self._url = self._address = ""

    def configure(self, url: str, address: str = "") -> None:
        """Set this installation's URL. `address` stands for Stripe in tests: on loopback, in the test world only."""
        self._url, self._address = url.rstrip("/"), address
        self.hosts = (address or "checkout.stripe.com",)

    def label_of(self, token: str) -> str | None:
        return "Card" if ":" in token else None

    def valid_until(self, account: Account, token: str, at: datetime) -> date | None:
        """The end of the month on the card, as Stripe knows it now."""
        try:
            method = stripe_look_up.method(self._client(account), stripe_parameters.parts(token)[1])
        except (NotValid, ValueError):
            return None                                  # what is wrong with it shows when it is charged
        return stripe_answers.last_day(method)

    # The five verbs -----------------------------------------------------------------------------

    def charge(self, account: Account, request: ChargeRequest) -> Answer:
        client = self._client(account)
        try:
            return self._charged(client, request, stripe_parameters.charge(request))
        except NotValid as refused:
            if refused.code == MISSING and request.is_repeated:
                raise NoAnswer("It may have been charged at the account whose keys were entered before.") from None
            message = ANOTHER_ACCOUNT if refused.code == MISSING else str(refused)
            return Answer(outcome=Outcome.DECLINED, decline=Decline.HARD, message=message)
        except ValueError as problem:
            return Answer(outcome=Outcome.DECLINED, decline=Decline.HARD, message=str(problem))

    def start_checkout(self, account: Account, request: CheckoutRequest) -> Checkout:
        client = self._client(account)
        if request.reference is not None:
            found = stripe_look_up.session(client, request.reference)
            return Checkout(str(found.get("url") or request.return_url), request.reference)
        parameters = stripe_parameters.checkout if request.amount_minor else stripe_parameters.setup
        try:
            asked = parameters(request)
        except ValueError as problem:
            raise Refused(str(problem)) from None
        try:
            begun = _begin(client, asked, request.key)
        except NotValid as refused:
            if request.customer_token is None or refused.code != MISSING:
                raise
            # The customer's card was entered at another account of Stripe, before the merchant changed the keys.
            begun = _begin(client, parameters(request, known=False), f"{request.key}-anew")
        return Checkout(str(begun["url"]), str(begun["id"]))

    def look_up(
        self, account: Account, key: str, asked: Asked, at: datetime, reference: str | None = None
    ) -> Answer:
        client = self._client(account)
        try:
            if asked is Asked.REFUND:
                return stripe_look_up.of_refund(client, key, reference or "")
            if asked is Asked.SETUP and reference is None:
                return Answer(outcome=Outcome.NOT_FOUND)         # its page was never shown to the customer
            if reference is None:
                return stripe_look_up.search(client, key)
            if reference.startswith("cs_"):
                return stripe_look_up.ended(client, stripe_look_up.session(client, reference), at)
            return stripe_look_up.in_time(client, stripe_look_up.intent(client, reference))
        except NotValid as refused:
            # It was known there and is not any more: keys of another account were entered. That decides nothing.
            raise NoAnswer(f"This account of Stripe does not tell: {refused}") from None

    def refund(self, account: Account, request: RefundRequest) -> Answer:
        if request.charge_reference is None:
            return Answer(outcome=Outcome.DECLINED, message="Stripe has no such payment.")
        client = self._client(account)
        try:
            params = {
                "payment_intent": request.charge_reference, "metadata": {KEY: request.key},
                "amount": to_stripe(request.amount_minor, request.currency),
            }
            reply = client.ask(lambda stripe: stripe.refunds.create(params, {"idempotency_key": request.key}))
            found = stripe_look_up.refund(client, str(reply.body["id"])) if reply.is_old else reply.body
            return stripe_answers.of_refund(found)
        except (NotValid, Declined, ValueError) as refused:
            return Answer(outcome=Outcome.DECLINED, message=f"Stripe refused the refund: {refused}")

    def read_notification(self, account: Account, headers: Mapping[str, str], body: bytes) -> Notification:
        event, now = stripe_events.verified(account, headers, body), clock.now()
        return stripe_events.read(event, stripe_events.Questions(
            charge=lambda known: self.look_up(account, "", Asked.CHARGE, now, known),
            payment=lambda known: stripe_look_up.payment(self._client(account), known),
            refund=lambda told: stripe_look_up.refund_now(self._client(account), told),
        ))

    # How they are asked -------------------------------------------------------------------------

    def _client(self, account: Account) -> StripeClient:
        return StripeClient(account, self._address)

    def _charged(self, client: StripeClient, request: ChargeRequest, asked: dict[str, Any]) -> Answer:
        """Charge off session; where the customer's bank wants one more step, prepare it on the same payment."""
        try:
            reply = client.ask(
                lambda stripe: stripe.payment_intents.create(asked, {"idempotency_key": request.key}))
            reference, is_old, found = str(reply.body["id"]), reply.is_old, reply.body
        except Declined as declined:
            if declined.intent is None:
                return stripe_answers.declined(declined.error, None)
            reference, is_old, found = str(declined.intent["id"]), declined.is_old, dict(declined.intent)
        if is_old:                                       # what was said then may be different now
            found = dict(stripe_look_up.intent(client, reference))
        if stripe_look_up.waits_for_step(found):
            return self._step(client, request, reference)
        return stripe_answers.of_intent(found)

    def _step(self, client: StripeClient, request: ChargeRequest, reference: str) -> Answer:
        """Confirm as if the customer were here: Stripe answers with a page for the step."""
        method, page = stripe_parameters.parts(request.token)[1], f"{self._url}{request.page}/back"
        params, options = {"payment_method": method, "return_url": page}, {"idempotency_key": f"{request.key}-step"}
        with suppress(Declined, NotValid):               # what it is now is read from the payment itself
            client.ask(lambda stripe: stripe.payment_intents.confirm(reference, params, options))
        return stripe_answers.of_intent(stripe_look_up.intent(client, reference))


def _begin(client: StripeClient, params: dict[str, Any], key: str) -> Body:
    return client.ask(lambda stripe: stripe.checkout.sessions.create(params, {"idempotency_key": key})).body


stripe_gateway = StripeGateway()
