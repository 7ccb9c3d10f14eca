"""Stands in for Stripe: it answers as Stripe's published API does. stripe_server.py puts it on the network.

It has checkouts with their hosted page, payments, the extra step, refunds, idempotency keys and signed events. Names
of parameters are held against the types of Stripe's library. `faults` says what goes wrong with the next charges.
"""

import hashlib
import hmac
import json
import re
import secrets
import threading
import time
from collections import deque

import stripe

SECRET = "whsec_of_the_stand_in"
KEY, OTHER_KEY = "sk_test_of_the_stand_in", "sk_test_of_another_account"
ZERO = {"jpy", "krw", "clp", "vnd", "xaf", "mga"}
PARAMS = {
    "begin_session": stripe.params.checkout.SessionCreateParams,
    "charge": stripe.params.PaymentIntentCreateParams,
    "confirm": stripe.params.PaymentIntentConfirmParams,
    "give_back": stripe.params.RefundCreateParams,
}
ROUTES = (
    ("POST", r"checkout/sessions", "begin_session"), ("GET", r"checkout/sessions/(\w+)", "session"),
    ("POST", r"checkout/sessions/(\w+)/expire", "expire"),
    ("POST", r"payment_intents", "charge"), ("GET", r"payment_intents/search", "search"),
    ("GET", r"payment_intents/(\w+)", "intent"), ("POST", r"payment_intents/(\w+)/confirm", "confirm"),
    ("POST", r"payment_intents/(\w+)/cancel", "cancel"),
    ("GET", r"payment_methods/(\w+)", "payment_method"),
    ("POST", r"refunds", "give_back"), ("GET", r"refunds", "refunds"), ("GET", r"refunds/(\w+)", "refund"),
)


class Answered(Exception):
    """An error as Stripe says it."""

    def __init__(self, status, message, code=None, kind="invalid_request_error", **more):
        super().__init__(message)
        self.status, self.body = status, {"error": {"type": kind, "code": code, "message": message, **more}}


def nested(pairs):
    """Form fields with brackets as Stripe reads them."""
    tree = {}
    for name, value in pairs:
        steps, part = re.findall(r"[^\[\]]+", name), tree
        for step in steps[:-1]:
            part = part.setdefault(step, {})
        part[steps[-1]] = value
    return tree


class StandIn:
    """The accounts of Stripe, and what happened on them."""

    def __init__(self):
        self.objects, self.replies, self.events, self.asked = {}, {}, [], []
        self.page_faults = deque()               # of the next checkouts that are begun
        self.faults, self.declines, self.steps, self.refund_status = deque(), {}, set(), "succeeded"
        self.times, self.lock, self.url = 1, threading.RLock(), ""
        self.held, self.released = threading.Event(), threading.Event()          # an answer that is slow

    # What the tests look at -----------------------------------------------------------------------

    def all(self, kind):
        return [one for one in self.objects.values() if one["object"] == kind]

    def taken(self):
        """What was charged for each of our scheduled payments."""
        found = {}
        for one in self.all("payment_intent"):
            if one["status"] == "succeeded" and "scheduled_payment" in one["metadata"]:
                found.setdefault(int(one["metadata"]["scheduled_payment"]), []).append(one["amount_received"])
        return found

    def taken_for_invoices(self):
        """What was charged for invoices, each time."""
        return [one["amount_received"] for one in self.all("payment_intent")
                if one["status"] == "succeeded" and "scheduled_payment" not in one["metadata"]]

    def signed(self, event, secret=SECRET, at=None, *, version="v1"):
        """Headers and body of an event, signed as published: HMAC-SHA256 of `time.body`."""
        body = event if isinstance(event, bytes) else json.dumps(event).encode()
        at = int(time.time() if at is None else at)
        mark = hmac.new(secret.encode(), f"{at}.".encode() + body, hashlib.sha256).hexdigest()
        return {"Stripe-Signature": f"t={at},{version}={mark}", "Content-Type": "application/json"}, body

    # What Stripe does -----------------------------------------------------------------------------

    def add(self, prefix, kind, **body):
        one = {"id": f"{prefix}_{secrets.token_hex(8)}", "object": kind, "livemode": False,
               "created": int(time.time()), **body}
        self.objects[one["id"]] = one
        return one

    def tell(self, kind, body):
        event = {"id": f"evt_{secrets.token_hex(8)}", "object": "event", "type": kind, "livemode": False,
                 "created": int(time.time()), "data": {"object": json.loads(json.dumps(body))}}
        self.events.append(event)

    def find(self, account, key, kind, param=None):
        one = self.objects.get(key)
        if one is None or one["object"] != kind or one["account"] != account:
            raise Answered(404, f"No such {kind}: '{key}'", "resource_missing", param=param)
        return one

    def checked(self, amount, currency):
        amount = int(amount)
        if amount < 50 and currency not in ZERO:
            raise Answered(400, "Amount must be at least €0.50 eur", "amount_too_small")
        if currency in ("kwd", "bhd") and amount % 10:
            raise Answered(400, "Invalid amount: the last digit must be 0", "parameter_invalid_integer")
        if currency in ("isk", "ugx") and amount % 100:
            raise Answered(400, "Invalid amount: must be divisible by 100", "invalid_charge_amount")
        return amount

    def begin_session(self, account, given):
        ahead = int(given["expires_at"]) - time.time()
        if not 30 * 60 <= ahead <= 24 * 3600:
            raise Answered(400, "The `expires_at` timestamp must be 30 minutes to 24 hours ahead.", param="expires_at")
        if "customer" in given:
            self.find(account, given["customer"], "customer", "customer")
        if given["mode"] == "setup":
            return self.begin_setup(account, given)
        price = given["line_items"]["0"]["price_data"]
        amount = self.checked(price["unit_amount"], price["currency"])
        assert given["mode"] == "payment"
        # The card is kept for what an order pays later; invoices have nothing later.
        is_of_order = "order" in given["metadata"]
        assert given["payment_intent_data"].get("setup_future_usage") == ("off_session" if is_of_order else None)
        one = self.add(
            "cs_test", "checkout.session", account=account, status="open", payment_status="unpaid", url=None,
            amount_total=amount, currency=price["currency"], metadata=given["metadata"], payment_intent=None,
            customer=given.get("customer"), expires_at=int(given["expires_at"]), mode="payment", given=given)
        one["url"] = f"{self.url}/c/{one['id']}"
        return one

    def begin_setup(self, account, given):
        """A page that keeps a card: it must name a currency, and neither lines nor a payment."""
        assert given["currency"] == given["currency"].lower()
        assert not {"line_items", "payment_intent_data", "adaptive_pricing"} & set(given)
        one = self.add(
            "cs_test", "checkout.session", account=account, status="open", payment_status="no_payment_required",
            url=None, metadata=given["metadata"], payment_intent=None, customer=given.get("customer"),
            expires_at=int(given["expires_at"]), mode="setup", given=given, amount_total=None, currency=None)
        intent = self.add(
            "seti", "setup_intent", account=account, status="requires_payment_method", customer=one["customer"],
            payment_method=None, metadata=given["setup_intent_data"]["metadata"])
        one |= {"url": f"{self.url}/c/{one['id']}", "setup_intent": intent["id"]}
        return one

    def enter_card(self, one, answer):
        """What happens on a page that keeps a card."""
        intent = self.objects[one["setup_intent"]]
        if answer == "decline":
            return one["url"]
        customer = one["customer"] or self.add("cus", "customer", account=one["account"])["id"]
        intent |= {"status": "succeeded", "customer": customer,
                   "payment_method": self.card(one["account"], customer, last4="4444")["id"]}
        one |= {"status": "complete", "url": None, "customer": customer}
        self.tell("setup_intent.succeeded", intent)
        self.tell("checkout.session.completed", one)
        return one["given"]["success_url"]

    def session(self, account, given, key):
        one = self.find(account, key, "checkout.session")
        return self.expanded(one, "setup_intent" if one["mode"] == "setup" else "payment_intent")

    def expire(self, account, given, key):
        one = self.find(account, key, "checkout.session")
        if one["status"] != "open":
            raise Answered(400, f"Only Checkout Sessions with a status in [\"open\"] can be expired: {one['status']}")
        one |= {"status": "expired", "url": None}
        self.tell("checkout.session.expired", one)
        return one

    def expanded(self, one, name=None):
        one = {**one}
        if name is not None and one[name]:
            one[name] = self.expanded(self.objects[one[name]])
        if one["object"] in ("payment_intent", "setup_intent") and one["payment_method"]:
            one["payment_method"] = self.objects[one["payment_method"]]
        return one

    def card(self, account, customer, brand="visa", last4="4242"):
        return self.add("pm", "payment_method", account=account, customer=customer, type="card",
                        card={"brand": brand, "display_brand": brand, "last4": last4,
                              "exp_year": 2031, "exp_month": 12})

    def customer(self, account=KEY):
        """A customer with a card that was kept: the token as we keep it."""
        one = self.add("cus", "customer", account=account)
        return f"{one['id']}:{self.card(account, one['id'])['id']}"

    def new_intent(self, account, amount, currency, customer, method, metadata, status, **more):
        return self.add(
            "pi", "payment_intent", account=account, amount=amount, amount_received=0, currency=currency,
            customer=customer, payment_method=method, metadata=metadata, status=status, last_payment_error=None,
            next_action=None, latest_charge=None, **more)

    def pay_page(self, key, answer):
        """What the customer presses on the hosted page; where it leads."""
        with self.lock:
            one = self.objects[key]
            given = one["given"]
            if answer == "back" or one["status"] != "open":
                return given["cancel_url"]
            if one["mode"] == "setup":
                return self.enter_card(one, answer)
            customer = one["customer"] or self.add("cus", "customer", account=one["account"])["id"]
            intent = self.new_intent(
                one["account"], one["amount_total"], one["currency"], customer,
                self.card(one["account"], customer)["id"], given["payment_intent_data"]["metadata"], "processing")
            if answer == "decline":
                self.decline(intent, "insufficient_funds")
                return one["url"]
            self.succeed(intent)
            one |= {"status": "complete", "payment_status": "paid", "payment_intent": intent["id"], "url": None,
                    "customer": customer}
            self.tell("checkout.session.completed", one)
            return given["success_url"]

    def succeed(self, one):
        one |= {"status": "succeeded", "amount_received": one["amount"] * self.times, "next_action": None,
                "last_payment_error": None}
        one["latest_charge"] = self.add("ch", "charge", account=one["account"], payment_intent=one["id"])["id"]
        self.tell("payment_intent.succeeded", one)

    def decline(self, one, code):
        needs_step = code == "authentication_required"
        one |= {"status": "requires_payment_method", "next_action": None, "last_payment_error": {
            "type": "card_error", "code": code if needs_step else "card_declined", "decline_code": code,
            "message": f"Your card was declined ({code}).", "payment_method": {"id": one["payment_method"]}}}
        self.tell("payment_intent.payment_failed", one)
        return Answered(402, one["last_payment_error"]["message"], one["last_payment_error"]["code"], "card_error",
                        decline_code=code, payment_intent=json.loads(json.dumps(one)))

    def charge(self, account, given):
        assert (given["confirm"], given["off_session"]) == ("true", "true")
        amount = self.checked(given["amount"], given["currency"])
        self.find(account, given["customer"], "customer", "customer")
        self.find(account, given["payment_method"], "payment_method", "payment_method")
        one = self.new_intent(account, amount, given["currency"], given["customer"], given["payment_method"],
                              given["metadata"], "processing")
        code = self.declines.get(one["payment_method"])
        if one["payment_method"] in self.steps:
            code = "authentication_required"
        if code == "processing":
            return one
        if code is not None:
            raise self.decline(one, code)
        self.succeed(one)
        return one

    def confirm(self, account, given, key):
        one = self.find(account, key, "payment_intent")
        if one["status"] != "requires_payment_method":
            raise Answered(400, "This PaymentIntent cannot be confirmed.", "payment_intent_unexpected_state")
        assert given["payment_method"] == one["payment_method"]
        one |= {"status": "requires_action", "last_payment_error": None, "next_action": {
            "type": "redirect_to_url",
            "redirect_to_url": {"url": f"{self.url}/step/{key}", "return_url": given["return_url"]}}}
        return one

    def take_step(self, key, answer):
        with self.lock:
            one = self.objects[key]
            back = one["next_action"]["redirect_to_url"]["return_url"]
            if answer == "confirm":
                self.succeed(one)
            else:
                self.decline(one, "payment_intent_authentication_failure")
            return back

    def cancel(self, account, given, key):
        one = self.find(account, key, "payment_intent")
        if one["status"] in ("succeeded", "canceled"):
            raise Answered(400, "This PaymentIntent cannot be canceled.", "payment_intent_unexpected_state")
        one |= {"status": "canceled", "next_action": None}
        self.tell("payment_intent.canceled", one)
        return one

    def intent(self, account, given, key):
        return self.expanded(self.find(account, key, "payment_intent"))

    def search(self, account, given):
        key = re.fullmatch(r'metadata\["countinghouse_key"\]:"([\w-]+)"', given["query"])[1]
        found = [one for one in self.all("payment_intent")
                 if one["account"] == account and one["metadata"].get("countinghouse_key") == key]
        return {"object": "search_result", "data": found[::-1], "has_more": False, "url": "/v1/payment_intents/search"}

    def payment_method(self, account, given, key):
        return self.find(account, key, "payment_method")

    def give_back(self, account, given):
        one = self.find(account, given["payment_intent"], "payment_intent", "payment_intent")
        amount = int(given["amount"])
        given_back = sum(other["amount"] for other in self.all("refund")
                         if other["payment_intent"] == one["id"] and other["status"] != "failed")
        if given_back + amount > one["amount_received"]:
            raise Answered(400, "Refund amount is greater than unrefunded amount on charge", "charge_already_refunded")
        return self.add("re", "refund", account=account, amount=amount, currency=one["currency"],
                        payment_intent=one["id"], metadata=given["metadata"], status=self.refund_status)

    def refund_by_hand(self, intent, amount, status="succeeded"):
        """The merchant refunds in Stripe's dashboard."""
        one = self.add("re", "refund", account=intent["account"], amount=amount, currency=intent["currency"],
                       payment_intent=intent["id"], metadata={}, status=status)
        self.tell("refund.created", one)
        return one

    def end_refund(self, key, status, **more):
        self.objects[key] |= {"status": status, **more}
        self.tell("refund.failed" if status == "failed" else "refund.updated", self.objects[key])

    def refund(self, account, given, key):
        return self.find(account, key, "refund")

    def refunds(self, account, given):
        found = [one for one in self.all("refund") if one["payment_intent"] == given["payment_intent"]]
        return {"object": "list", "data": found, "has_more": False, "url": "/v1/refunds"}

    def dispute(self, intent, status="needs_response", known=None):
        one = known or self.add("du", "dispute", account=intent["account"], amount=intent["amount"],
                                currency=intent["currency"], payment_intent=intent["id"], reason="fraudulent",
                                charge=intent["latest_charge"], metadata={})
        one["status"] = status
        self.tell("charge.dispute.created" if known is None else "charge.dispute.closed", one)
        return one

    # How it is asked ------------------------------------------------------------------------------

    def answer(self, method, path, headers, pairs):
        """Status, whether it is repeated, and body of a call of the API."""
        account = headers.get("Authorization", "").removeprefix("Bearer ")
        if account not in (KEY, OTHER_KEY):
            return 401, False, Answered(401, "Invalid API Key provided: sk_test_***").body
        name, args = next((name, re.fullmatch(f"/v1/{rule}", path).groups()) for verb, rule, name in ROUTES
                          if verb == method and re.fullmatch(f"/v1/{rule}", path))
        given, key = nested(pairs), headers.get("Idempotency-Key") if method == "POST" else None
        with self.lock:
            self.asked.append((name, given))
            known = self.replies.get((account, key)) if key else None
            if known is not None:
                if known[0] != (path, given):
                    return 400, False, Answered(400, "Keys for idempotent requests can only be used with the same"
                                                " parameters they were first used with.", kind="idempotency_error").body
                return known[1], True, known[2]
            status, body = self.perform(name, account, given, args)
            if key and status not in (400, 404):
                self.replies[account, key] = ((path, given), status, json.loads(json.dumps(body)))
            return status, False, body

    def perform(self, name, account, given, args):
        known = PARAMS.get(name)
        if known is not None:
            assert set(given) <= set(known.__annotations__), set(given) - set(known.__annotations__)
        try:
            return 200, getattr(self, name)(account, given, *args)
        except Answered as error:
            return error.status, error.body
