"""The gateway of Stripe against localstripe, an independent simulator: customers, cards, payments, refunds, events.

It knows an older version of the API, and neither checkouts nor idempotency: for those there is the stand-in.
"""

import importlib.util
import json
import os
import queue
import socket
import subprocess
import sys
import threading
import time
import urllib.error
import urllib.request
from http.server import BaseHTTPRequestHandler, HTTPServer

import pytest
import stripe

from domain import clock
from domain.payments.gateways import Account, Asked, ChargeRequest, Outcome, RefundRequest, WrongSignature
from models.payment import Decline
from outbound.gateways import stripe_parameters
from outbound.gateways.stripe_gateway import StripeGateway

pytestmark = pytest.mark.skipif(
    importlib.util.find_spec("localstripe") is None, reason="localstripe is not installed (make test installs it)")
SECRET = "whsec_of_the_simulator"
MINE = Account(merchant_id=1, test=True, settings={"secret_key": "sk_test_of_mine", "webhook_secret": SECRET})


def free_port():
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return one.getsockname()[1]


@pytest.fixture(scope="module")
def simulator(tmp_path_factory):
    """Its address, in a process of its own."""
    port, folder = free_port(), tmp_path_factory.mktemp("localstripe")
    with (folder / "said.txt").open("w") as said:
        process = subprocess.Popen(
            [sys.executable, "-m", "localstripe", "--port", str(port), "--from-scratch"], cwd=folder,
            stdout=said, stderr=subprocess.STDOUT)
    address, deadline = f"http://127.0.0.1:{port}", time.monotonic() + 60
    try:
        while not answers(address):
            assert process.poll() is None, (folder / "said.txt").read_text()[-2000:]
            assert time.monotonic() < deadline, "localstripe does not answer"
            time.sleep(0.05)
        yield address
    finally:
        process.kill()
        process.wait()


def answers(address):
    try:
        urllib.request.urlopen(address + "/v1/customers", timeout=5).close()
    except urllib.error.HTTPError as refused:
        refused.close()
        return True
    except OSError:
        return False
    return True


@pytest.fixture
def gateway(simulator, monkeypatch):
    monkeypatch.setenv("NO_PROXY", ",".join(filter(None, (os.environ.get("NO_PROXY"), "127.0.0.1"))))
    monkeypatch.setattr(stripe_parameters, "ONLY_CARDS", {"payment_method_types": ["card"]})     # as it was called
    made = StripeGateway()
    made.configure("https://pay.example", simulator)
    return made


@pytest.fixture
def kept(simulator, gateway):
    """A function that keeps a card of a new customer by a set-up intent; its token."""
    client = stripe.StripeClient("sk_test_of_mine", base_addresses={"api": simulator}).v1

    def keep(card):
        customer = client.customers.create({"email": "ada@example.org"})
        intent = client.setup_intents.create({"customer": customer.id, "usage": "off_session"})
        intent = client.setup_intents.confirm(intent.id, {"payment_method": card})
        client.payment_methods.attach(intent.payment_method, {"customer": customer.id})
        return f"{customer.id}:{intent.payment_method}"

    return keep


def charge(gateway, token, key="k1", amount=1000, currency="EUR"):
    return gateway.charge(MINE, ChargeRequest(
        key=key, order_id=3, scheduled_payment_id=7, amount_minor=amount, currency=currency, token=token,
        at=clock.now(), page="/pay/token"))


def test_a_card_that_was_set_up_is_charged_off_session_and_found_again(gateway, kept):
    answer = charge(gateway, kept("pm_card_visa"))
    assert (answer.outcome, answer.amount_minor, answer.currency) == (Outcome.APPROVED, 1000, "EUR")
    again = gateway.look_up(MINE, "k1", Asked.CHARGE, clock.now(), answer.reference)
    assert (again.outcome, again.reference, again.method_label) == (
        Outcome.APPROVED, answer.reference, "Visa ending in 4242")


def test_a_card_that_is_declined_is_declined(gateway, kept):
    answer = charge(gateway, kept("pm_card_chargeCustomerFail"))
    assert (answer.outcome, answer.decline, answer.message) == (
        Outcome.DECLINED, Decline.SOFT, "Your card was declined.")


def test_a_card_of_nobody_is_declined_for_good(gateway, kept):
    customer = kept("pm_card_visa").partition(":")[0]
    assert charge(gateway, f"{customer}:pm_of_nobody").decline is Decline.HARD


def test_refunds_are_made_in_parts_and_found_by_their_keys(gateway, kept):
    charged = charge(gateway, kept("pm_card_visa")).reference

    def refund(key, amount):
        return gateway.refund(MINE, RefundRequest(
            key=key, charge_key="k1", charge_reference=charged, amount_minor=amount, currency="EUR", at=clock.now()))

    first, second = refund("r1", 400), refund("r2", 600)
    assert [(one.outcome, one.amount_minor) for one in (first, second)] == [
        (Outcome.APPROVED, 400), (Outcome.APPROVED, 600)]
    for key, answer in (("r1", first), ("r2", second)):
        for known in (charged, answer.reference):
            assert gateway.look_up(MINE, key, Asked.REFUND, clock.now(), known) == answer
    assert gateway.look_up(MINE, "r3", Asked.REFUND, clock.now(), charged).outcome is Outcome.NOT_FOUND


def test_its_signed_events_are_read_and_only_with_the_right_secret(simulator, gateway, kept):
    with listening() as (address, got):
        hook = json.dumps({"url": address, "secret": SECRET, "events": ["payment_intent.succeeded"]}).encode()
        request = urllib.request.Request(
            simulator + "/_config/webhooks/ours", hook, {"Content-Type": "application/json"})
        urllib.request.urlopen(request, timeout=5).close()
        answer = charge(gateway, kept("pm_card_visa"), key="told")
        headers, body = got("told")
    told = gateway.read_notification(MINE, headers, body)
    assert (told.key, told.kind, told.answer.outcome) == ("told", "payment_intent.succeeded", Outcome.APPROVED)
    assert told.answer.reference == answer.reference
    with pytest.raises(WrongSignature):
        gateway.read_notification(Account(merchant_id=1, test=True, settings={
            "secret_key": "sk_test_of_mine", "webhook_secret": "whsec_of_another"}), headers, body)


class listening:
    """A receiver on a free port: its address, and a function that waits for the notification about a key."""

    def __enter__(self):
        seen = queue.Queue()

        class Receiver(BaseHTTPRequestHandler):
            def log_message(self, *_):
                pass

            def do_POST(self):
                seen.put((dict(self.headers), self.rfile.read(int(self.headers["Content-Length"]))))
                self.send_response(204)
                self.end_headers()

        def wait(key):
            while True:                      # it tells what happened in other tests too, a second later
                headers, body = seen.get(timeout=60)
                if json.loads(body)["data"]["object"]["metadata"].get("countinghouse_key") == key:
                    return headers, body

        self.server = HTTPServer(("127.0.0.1", 0), Receiver)
        self.thread = threading.Thread(target=self.server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
        self.thread.start()
        return f"http://127.0.0.1:{self.server.server_port}/", wait

    def __exit__(self, *_):
        self.server.shutdown()
        self.thread.join()
        self.server.server_close()
