"""The gateway `test`: a bank with its own ledger that can simulate every fault of a real one.

It answers only after it has booked, once for each key. What it does is chosen by the payment method and the
amount (test_bank_faults.py). It keeps the time of the order, which may follow a test clock.
"""

import hmac
import json
import secrets
import sqlite3
from collections.abc import Callable, Mapping
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any

from domain.payments.gateways import (
    Account,
    Answer,
    Asked,
    ChargeRequest,
    Checkout,
    CheckoutRequest,
    DisputeNotice,
    GatewayDown,
    NoAnswer,
    Notification,
    Outcome,
    RefundRequest,
    WrongSignature,
)
from domain.vault import vault
from models.payment import Decline
from outbound.gateways.test_bank_book import Book, BookedCharge, read, written
from outbound.gateways.test_bank_decisions import ANSWERED_WITHIN, DISPUTED_AFTER, enter, give_back
from outbound.gateways.test_bank_faults import EXPIRING, TITLES, Fault, fault_of

FILE = "test_bank.sqlite3"                   # in the instance folder
SIGNATURE = "X-Test-Bank-Signature"
DOWN_FOR = timedelta(hours=1)
TO_CONFIRM = timedelta(days=1)               # then the extra step counts as refused
UNCONFIRMED = "The customer did not confirm in time."
Send = Callable[[Mapping[str, str], bytes], None]


class TestBank:
    """The gateway; app.py gives it its file, its address and where notifications go."""

    __test__ = False                         # no class of tests
    name = "test"
    title = "Test bank"
    hosts: tuple[str, ...] = ()              # its pages are ours
    worlds: tuple[bool, ...] = (True,)
    sets_up = True
    keeps_test_clocks = True

    def __init__(self) -> None:
        self.book = Book()
        self.url = ""
        self._send: Send | None = None

    def configure(self, path: Path, url: str, send: Send | None = None) -> None:
        self.book.configure(path)
        self.url, self._send = url.rstrip("/"), send

    def label_of(self, token: str) -> str | None:
        return TITLES.get(token)

    def valid_until(self, account: Account, token: str, at: datetime) -> date | None:
        """One of its cards has its last day today, whenever it is asked."""
        return at.date() if token == EXPIRING else None

    # The five verbs -----------------------------------------------------------------------------

    def charge(self, account: Account, request: ChargeRequest) -> Answer:
        fault = fault_of(request.token, request.amount_minor)
        if fault is None:
            return Answer(outcome=Outcome.DECLINED, decline=Decline.HARD, message="There is no such payment method.")
        known = self.book.charge(key=request.key)
        if known is not None:
            return self._told(self._settled(known, request.at))
        self._interrupt(fault, request.key, request.at)
        with self.book.booking() as book:
            enter(book, account, request, fault)
        charge = self._charge(key=request.key)
        if fault is Fault.ANSWER_LOST:
            raise NoAnswer("the answer was lost")
        if fault is Fault.NOTIFY_FIRST:
            self.notify(charge.id)
        return self._told(charge)

    def start_checkout(self, account: Account, request: CheckoutRequest) -> Checkout:
        known = self.book.checkout(key=request.key)
        token = known["token"] if known else secrets.token_urlsafe(24)
        if known is None:
            asked = {
                name: getattr(request, name) for name in (
                    "order_id", "scheduled_payment_id", "amount_minor", "currency", "return_url", "cancel_url",
                    "test_clock_id", "description",
                )
            }
            with self.book.booking() as book:
                book.execute(
                    "INSERT INTO checkouts (token, key, merchant_id, test, request, until) VALUES (?, ?, ?, ?, ?, ?)"
                    " ON CONFLICT (key) DO NOTHING",             # another request may have been faster
                    (token, request.key, account.merchant_id, account.test, json.dumps(asked), written(request.until)),
                )
            begun = self.book.checkout(key=request.key)
            token = begun["token"] if begun else token
        return Checkout(f"{self.url}/pay/test/{token}")

    def look_up(
        self, account: Account, key: str, asked: Asked, at: datetime, reference: str | None = None
    ) -> Answer:
        if asked is Asked.REFUND:
            found = self.book.rows("SELECT * FROM refunds WHERE key = ?", key)
            return _told_refund(found[0], self._charge(id=found[0]["charge_id"])) if found else _not_found()
        down = self.book.rows("SELECT until FROM interruptions WHERE key = ? AND until > ?", key, written(at))
        if down:
            raise GatewayDown("the bank is unavailable")
        charge = self.book.charge(key=key)
        if charge is not None:
            return self._told(self._settled(charge, at))
        checkout = self.book.checkout(key=key)
        if checkout is None:
            return _not_found()
        if (kept := self.book.setup(key)) is not None:
            return _kept(checkout, kept)
        if at < read(checkout["until"]):
            return Answer(outcome=Outcome.REQUIRES_ACTION, confirm_url=f"{self.url}/pay/test/{checkout['token']}")
        return Answer(outcome=Outcome.ABANDONED, message="The checkout was not finished in time.")

    def refund(self, account: Account, request: RefundRequest) -> Answer:
        charge = self.book.charge(key=request.charge_key)
        with self.book.booking() as book:
            found = book.execute("SELECT * FROM refunds WHERE key = ?", (request.key,)).fetchone()
            if charge is None:
                return Answer(outcome=Outcome.DECLINED, message="There is no such charge.")
            if found is None:
                found = give_back(book, charge, request)
        return _told_refund(found, charge)

    def read_notification(self, account: Account, headers: Mapping[str, str], body: bytes) -> Notification:
        given = {name.lower(): value for name, value in headers.items()}.get(SIGNATURE.lower(), "")
        text = body.decode()
        if not any(hmac.compare_digest(given.encode(), one.encode()) for one in vault.digests(_signed(text))):
            raise WrongSignature
        told = json.loads(text)
        charge = self._charge(id=int(told["charge"]))
        if told["kind"] == "dispute.opened":
            dispute = DisputeNotice(
                reference=f"dispute_{charge.key[:24]}", amount_minor=charge.amount_minor, currency=charge.currency,
                reason="The customer does not recognise the payment.",
                answer_due_at=read(charge.at) + DISPUTED_AFTER + ANSWERED_WITHIN,
            )
            return Notification(reference=told["id"], kind=told["kind"], key=charge.key, dispute=dispute)
        return Notification(reference=told["id"], kind=told["kind"], key=charge.key, answer=self._told(charge))

    # Its pages and notifications ------------------------------------------------------------------

    def pay(self, token: str, method: str, at: datetime) -> Answer:
        """Charge a checkout with the method that its customer chose."""
        checkout = self.book.checkout(token=token)
        assert checkout is not None          # its page looked
        asked = checkout["request"]
        if asked["amount_minor"] == 0:
            self.book.set_up(checkout["key"], method, at)
            return _kept(checkout, method)
        request = ChargeRequest(
            key=checkout["key"], token=method, at=at,
            **{name: asked[name] for name in (
                "order_id", "scheduled_payment_id", "amount_minor", "currency", "test_clock_id", "description",
            )},
        )
        return self.charge(Account(merchant_id=checkout["merchant_id"], test=bool(checkout["test"])), request)

    def confirm(self, token: str, *, approve: bool, at: datetime) -> BookedCharge:
        """The customer took or refused the extra step."""
        charge = self._settled(self._charge(token=token), at)
        if charge.status == "waiting":
            self._decide(charge, approve=approve, message="The customer refused.")
            charge = self._charge(token=token)
            self.notify(charge.id)
        return charge

    def notify(self, charge_id: int) -> bool:
        """Send the charge's notification, again if it was sent; False where there is no such charge."""
        charge = self.book.charge(id=charge_id)
        if charge is None:
            return False
        kind = f"charge.{charge.status}"
        found = self.book.rows("SELECT reference FROM notifications WHERE charge_id = ? AND kind = ?", charge.id, kind)
        reference = found[0]["reference"] if found else f"ntf_{charge.key[:24]}_{charge.status}"
        self._post(reference, kind, charge.id)
        return True

    def send_due(self, now: datetime, test_clock_id: int | None = None) -> int:
        """Send the notifications that are due, oldest first; returns how many."""
        due = self.book.due(now, test_clock_id)
        for one in due:
            self._post(one.reference, one.kind, one.charge_id)
            self.book.sent(one)
        return len(due)

    def _post(self, reference: str, kind: str, charge_id: int) -> None:
        if self._send is not None:
            self._send(*signed(reference, kind, charge_id))

    def ledger(self, order_ids: list[int] | None = None) -> list[dict[str, Any]]:
        """What was decided, as programs read it: one entry for each key, oldest first."""
        return [
            {
                "id": one.id, "idempotency_key": one.key, "merchant_id": one.merchant_id,
                "order_id": one.order_id or None,
                "scheduled_payment_id": one.scheduled_payment_id, "amount_minor": one.amount_minor,
                "currency": one.currency, "status": one.status, "at": one.at, "refunded_minor": one.refunded_minor,
            }
            for one in self.book.charges(order_ids)
        ]

    # How it decides -----------------------------------------------------------------------------

    def _interrupt(self, fault: Fault, key: str, at: datetime) -> None:
        """Raises instead of booking where the bank is down, or where the first request gets lost."""
        if fault not in (Fault.DOWN_HOUR, Fault.REQUEST_LOST):
            return
        with self.book.booking() as book:
            found = book.execute("SELECT until FROM interruptions WHERE key = ?", (key,)).fetchone()
            if found is None:
                until = at + DOWN_FOR if fault is Fault.DOWN_HOUR else at
                book.execute("INSERT INTO interruptions (key, until) VALUES (?, ?)", (key, written(until)))
        if fault is Fault.DOWN_HOUR and (found is None or written(at) < found["until"]):
            raise GatewayDown("the bank is unavailable")
        if found is None:
            raise NoAnswer("the request was lost")

    def _settled(self, charge: BookedCharge, at: datetime) -> BookedCharge:
        """The charge, declined if its extra step was not taken in time."""
        if charge.status == "waiting" and at >= read(charge.at) + TO_CONFIRM:
            self._decide(charge, approve=False, message=UNCONFIRMED)
            return self._charge(id=charge.id)
        return charge

    def _decide(self, charge: BookedCharge, *, approve: bool, message: str) -> None:
        values = ("approved", None, None) if approve else ("declined", Decline.SOFT.value, message)
        with self.book.booking() as book:
            book.execute(
                "UPDATE charges SET status = ?, decline = ?, message = ? WHERE id = ? AND status = 'waiting'",
                (*values, charge.id),
            )

    def _charge(self, **named: Any) -> BookedCharge:
        found = self.book.charge(**named)
        if found is None:
            raise ValueError("the bank has no such charge")
        return found

    def _told(self, charge: BookedCharge) -> Answer:
        """The answer about a charge."""
        times = 100 if charge.fault == Fault.WRONG_AMOUNT else 1
        waiting = charge.status == "waiting"
        return Answer(
            outcome=Outcome.REQUIRES_ACTION if waiting else Outcome(charge.status),
            amount_minor=charge.amount_minor * times, currency=charge.currency, reference=f"charge_{charge.key[:24]}",
            decline=Decline(charge.decline) if charge.decline else None, message=charge.message,
            confirm_url=f"{self.url}/pay/test/confirm/{charge.token}" if waiting else None,
            method_token=charge.method, method_label=TITLES[charge.method],
        )


def _told_refund(refund: sqlite3.Row, charge: BookedCharge) -> Answer:
    return Answer(
        outcome=Outcome(refund["status"]), amount_minor=refund["amount_minor"], currency=charge.currency,
        reference=f"refund_{refund['key'][:24]}", message=refund["message"],
    )


def _kept(checkout: Mapping[str, Any], method: str) -> Answer:
    """The answer about a checkout that kept a payment method: nothing was charged."""
    return Answer(
        outcome=Outcome.APPROVED, currency=checkout["request"]["currency"], method_token=method,
        method_label=TITLES[method], reference=f"setup_{checkout['key'][:24]}",
    )


def _not_found() -> Answer:
    return Answer(outcome=Outcome.NOT_FOUND)


def _signed(text: str) -> str:
    return f"test bank notification {text}"


def signed(reference: str, kind: str, charge_id: int) -> tuple[dict[str, str], bytes]:
    """A notification as it is sent: signed headers and body."""
    text = json.dumps({"id": reference, "kind": kind, "charge": charge_id})
    return {SIGNATURE: vault.digest(_signed(text))}, text.encode()


test_bank = TestBank()
