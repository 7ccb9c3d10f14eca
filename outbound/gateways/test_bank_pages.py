"""What the pages of the test bank show and do: a checkout with named answers, and the extra step of a charge."""

from datetime import datetime
from typing import Any

from database import db
from domain import clock
from domain.payments.gateways import NoAnswer, Outcome
from domain.sales.orders.order_clock import now_of
from models.order import Order
from outbound.gateways.test_bank import TestBank
from outbound.gateways.test_bank_book import read
from outbound.gateways.test_bank_faults import TITLES


class TestBankPages:
    """The pages of one test bank; tokens are its own, not those of payment links."""

    __test__ = False                         # no class of tests

    def __init__(self, bank: TestBank):
        self._bank = bank

    def methods(self) -> list[tuple[str, str]]:
        """The payment methods by name, with their titles."""
        return list(TITLES.items())

    def checkout(self, token: str) -> dict[str, Any] | None:
        """A checkout with the methods to choose from; `is_open` says whether it can still be paid."""
        found = self._bank.book.checkout(token=token)
        if found is None:
            return None
        book = self._bank.book
        is_used = book.charge(key=found["key"]) is not None or book.setup(found["key"]) is not None
        is_open = not is_used and self._now(found["request"]["order_id"]) < read(found["until"])
        return {**found["request"], "is_open": is_open, "methods": self.methods()}

    def pay(self, token: str, method: str) -> str | None:
        """Charge the checkout; the address to go to next. None for an unknown token or method."""
        shown, found = self.checkout(token), self._bank.book.checkout(token=token)
        if shown is None or found is None or method not in TITLES:
            return None
        back = str(shown["return_url"])
        if not shown["is_open"]:
            return back
        try:
            answer = self._bank.pay(token, method, self._now(shown["order_id"]))
        except NoAnswer:
            return back
        return answer.confirm_url if answer.outcome is Outcome.REQUIRES_ACTION and answer.confirm_url else back

    def waiting(self, token: str) -> dict[str, Any] | None:
        """The charge that waits for the customer's step."""
        charge = self._bank.book.charge(token=token)
        if charge is None:
            return None
        return {"amount_minor": charge.amount_minor, "currency": charge.currency, "is_open": charge.status == "waiting",
                "return_url": self._back(charge.key)}

    def confirm(self, token: str, *, approve: bool) -> str | None:
        """Take or refuse the step; the address to go to next, empty where the customer did not come from a page."""
        charge = self._bank.book.charge(token=token)
        if charge is None:
            return None
        self._bank.confirm(token, approve=approve, at=self._now(charge.order_id))
        return self._back(charge.key)

    def _back(self, key: str) -> str:
        found = self._bank.book.checkout(key=key)
        return str(found["request"]["return_url"]) if found is not None else ""

    @staticmethod
    def _now(order_id: int | None) -> datetime:
        """The order's time, which may follow a test clock; the transaction of the reading is ended."""
        order = db.session.get(Order, order_id) if order_id else None
        now = now_of(order) if order is not None else clock.now()
        db.session.rollback()
        return now
