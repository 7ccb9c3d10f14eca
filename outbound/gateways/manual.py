"""The gateway of bank transfers: nothing is asked outside, and payments are recorded by hand or from a statement.

The settings of a merchant are `name`, `iban` and `bic` of his account.
"""

from collections.abc import Mapping
from datetime import date, datetime

from domain.payments.bank.bank_transfers import Instructions, instructions
from domain.payments.bank.creditor_references import Reference
from domain.payments.gateways import (
    Account,
    Answer,
    Asked,
    ChargeRequest,
    Checkout,
    CheckoutRequest,
    Notification,
    Outcome,
    RefundRequest,
    WrongSignature,
)
from models.money import Money


class Manual:
    """Bank transfers, in the live and the test world."""

    name = "manual"
    title = "Bank transfer"
    hosts: tuple[str, ...] = ()
    worlds: tuple[bool, ...] = (False, True)
    sets_up = False
    keeps_test_clocks = True

    def label_of(self, token: str) -> str | None:
        return self.title

    def valid_until(self, account: Account, token: str, at: datetime) -> date | None:
        return None

    def charge(self, account: Account, request: ChargeRequest) -> Answer:
        """Nothing can be collected: the customer sends the money himself. The payment waits as it did before."""
        return Answer(outcome=Outcome.ABANDONED, message="A bank transfer is sent by the customer.")

    def start_checkout(self, account: Account, request: CheckoutRequest) -> Checkout:
        """The payment page itself shows how to pay; `transfer` says what. The reference is the order's."""
        return Checkout(request.return_url, Reference(request.order_id).text if request.order_id else None)

    def transfer(self, account: Account, request: CheckoutRequest) -> Instructions:
        """What the payment page shows: account, reference, amount and QR code."""
        if request.order_id is None:
            raise LookupError("Invoices are transferred by their numbers.")
        amount = Money(request.amount_minor, request.currency)
        return instructions(account.settings, Reference(request.order_id), amount)

    def look_up(
        self, account: Account, key: str, asked: Asked, at: datetime, reference: str | None = None
    ) -> Answer:
        """No bank was asked anything."""
        return Answer(outcome=Outcome.NOT_FOUND)

    def refund(self, account: Account, request: RefundRequest) -> Answer:
        """The merchant sends the money back himself; that it is owed and given back is recorded at once."""
        return Answer(
            outcome=Outcome.APPROVED, amount_minor=request.amount_minor, currency=request.currency,
            reference=f"manual_{request.key}", message="Sent back by bank transfer.",
        )

    def read_notification(self, account: Account, headers: Mapping[str, str], body: bytes) -> Notification:
        """Banks send none: whatever claims to be one is refused."""
        raise WrongSignature("Bank transfers have no notifications.")
