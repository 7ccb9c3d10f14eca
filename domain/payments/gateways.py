"""The protocol that gateways implement: charge, start a checkout, look up, refund, read a notification.

A gateway is asked outside of any transaction. It gets the key of the attempt as its idempotency key, so that
asking twice charges once. Each implementation is a file of outbound/gateways; app.py registers them.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from enum import StrEnum
from typing import Any, Protocol

from models.payment import Decline, DisputeStatus

LONGEST_MESSAGE = 500


class NoAnswer(Exception):
    """The gateway gave no answer that can be used: the outcome is unknown, not failed."""


class GatewayDown(NoAnswer):
    """The gateway could not be reached, or said that it is out of order."""


class Refused(Exception):
    """The gateway will not do what was asked, and says why: nothing was charged, and nothing will be."""


class WrongSignature(Exception):
    """A notification that the gateway did not sign; it changes nothing."""


class Outcome(StrEnum):
    APPROVED = "approved"
    DECLINED = "declined"
    REQUIRES_ACTION = "requires_action"      # the customer has to confirm
    PENDING = "pending"                      # the gateway has it, and has not decided
    ABANDONED = "abandoned"                  # the customer did not finish a checkout; nothing was charged
    NOT_FOUND = "not_found"                  # the gateway never got this key


class Asked(StrEnum):
    """What a key was used for."""

    CHARGE = "charge"
    REFUND = "refund"
    SETUP = "setup"                          # a checkout that keeps a payment method


@dataclass(frozen=True, slots=True, kw_only=True)
class Account:
    """A merchant in one world, with the merchant's settings of the gateway."""

    merchant_id: int
    test: bool
    settings: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class ChargeRequest:
    """An attempt to collect. `at` is the time of the order, which may follow a test clock."""

    key: str
    order_id: int | None                     # none where invoices are paid
    scheduled_payment_id: int | None
    amount_minor: int
    currency: str
    token: str                               # of the payment method
    at: datetime
    test_clock_id: int | None = None
    description: str = ""
    page: str = ""                           # the path of the payment page, to come back to after an extra step
    is_repeated: bool = False                # it was asked before, and may have been charged


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckoutRequest:
    """A first payment on the gateway's own page."""

    key: str
    order_id: int | None                     # none where invoices are paid
    scheduled_payment_id: int | None
    amount_minor: int
    currency: str
    at: datetime
    until: datetime                          # after it the page refuses to charge
    return_url: str
    cancel_url: str
    test_clock_id: int | None = None
    description: str = ""
    customer_email: str | None = None
    customer_token: str | None = None        # a payment method that the customer has at this gateway
    reference: str | None = None             # of the checkout, where it was started before


@dataclass(frozen=True, slots=True)
class Checkout:
    """Where the customer pays."""

    url: str
    reference: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class RefundRequest:
    """A refund of an approved charge."""

    key: str
    charge_key: str
    charge_reference: str | None
    amount_minor: int
    currency: str
    at: datetime
    reference: str | None = None             # of the refund, where the gateway has answered before


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What a gateway said about a key. The amount is what it says it took, which is compared with what was asked."""

    outcome: Outcome
    amount_minor: int = 0
    currency: str = ""
    reference: str | None = None             # the gateway's own id
    decline: Decline | None = None
    message: str | None = None
    confirm_url: str | None = None
    method_token: str | None = None          # of a checkout: the stored payment method
    method_label: str | None = None

    def __post_init__(self) -> None:
        """Cut the message, which a gateway may write at any length, to what is kept."""
        if self.message and len(self.message) > LONGEST_MESSAGE:
            object.__setattr__(self, "message", self.message[:LONGEST_MESSAGE])


@dataclass(frozen=True, slots=True, kw_only=True)
class DisputeNotice:
    """A customer disputed a payment at the bank, or the bank has decided."""

    reference: str
    amount_minor: int
    currency: str
    status: DisputeStatus = DisputeStatus.OPEN
    reason: str | None = None
    answer_due_at: datetime | None = None    # until when the bank takes evidence


@dataclass(frozen=True, slots=True, kw_only=True)
class Notification:
    """A message of a gateway; the same reference is processed once."""

    reference: str
    kind: str
    key: str                                 # of the charge or the refund that it is about, empty for nothing of ours
    about: Asked = Asked.CHARGE
    answer: Answer | None = None
    dispute: DisputeNotice | None = None
    refund: Answer | None = None             # one that began at the gateway: nobody asked for it here
    charge: Answer | None = None             # what the charge is that the refund or the dispute is about


class Gateway(Protocol):
    """The five verbs, which may raise NoAnswer, and to start a checkout also Refused."""

    name: str
    title: str
    hosts: tuple[str, ...]                   # of its checkout pages, which a form may be redirected to; or origins
    worlds: tuple[bool, ...]                 # the values of `test` in which it may be used
    sets_up: bool                            # a checkout of 0 keeps a payment method without a payment
    keeps_test_clocks: bool                  # whether it can be used by orders that follow a test clock

    def label_of(self, token: str) -> str | None:
        """How a payment method is shown to people; None where the gateway knows no such token."""

    def valid_until(self, account: Account, token: str, at: datetime) -> date | None:
        """The last day on which a stored payment method can be used; None where there is no such day."""

    def charge(self, account: Account, request: ChargeRequest) -> Answer:
        """Collect from a stored payment method."""

    def start_checkout(self, account: Account, request: CheckoutRequest) -> Checkout:
        """Prepare a page on which the customer pays."""

    def look_up(
        self, account: Account, key: str, asked: Asked, at: datetime, reference: str | None = None
    ) -> Answer:
        """What became of a key; NOT_FOUND when it never arrived.

        `reference` is the gateway's id where it is known: of the charge or checkout, of the refund or its charge.
        """

    def refund(self, account: Account, request: RefundRequest) -> Answer:
        """Refund a charge."""

    def read_notification(self, account: Account, headers: Mapping[str, str], body: bytes) -> Notification:
        """Check the signature and read the message; raises WrongSignature, or ValueError for what it cannot read."""


class Registry:
    """The gateways of this installation, by name."""

    def __init__(self) -> None:
        self._known: dict[str, Gateway] = {}

    def register(self, gateway: Gateway) -> None:
        self._known[gateway.name] = gateway

    def get(self, name: str) -> Gateway:
        """The gateway; raises LookupError for an unknown name."""
        return self._known[name]

    def find(self, name: str | None) -> Gateway | None:
        return self._known.get(name or "")

    def names(self, *, test: bool) -> list[str]:
        """Those that may be used in the live or in the test world."""
        return sorted(name for name, one in self._known.items() if test in one.worlds)


registry = Registry()
