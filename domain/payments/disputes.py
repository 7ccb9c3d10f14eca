"""Manages disputes: payments that customers disputed at their banks, and how that ended.

Gateways tell both. What a gateway does not tell, a person records. No gateway is asked for either; what the bank took
with a lost one is booked as a refund.
"""

from datetime import UTC, datetime
from typing import Any

from sqlalchemy import func, select

from database import db
from domain import usage
from domain.actor import Actor
from domain.errors import Conflict, Problem
from domain.lifecycle import Lifecycle
from domain.list_parts import Filter, common_filters, is_row
from domain.list_search import Number, Of
from domain.listing import Listing
from domain.payments import locking
from domain.payments.exceptions import dispute_refunds
from domain.resource import Action, Resource, Sample
from domain.sales.orders import order_status
from domain.sales.orders.order_clock import now_of
from domain.usage import Use
from models.customer import Customer
from models.merchant import Merchant
from models.money import Money
from models.order import Order
from models.payment import Dispute, DisputeStatus, Payment

LIFE = Lifecycle(noun="dispute")
OWNER = (
    select(func.coalesce(Order.created_by_user_id, Payment.created_by_user_id))
    .select_from(Payment).outerjoin(Order, Payment.order_id == Order.id)
    .where(Payment.id == Dispute.payment_id).correlate(Dispute).scalar_subquery()
)


class PaymentFirst(Listing):
    """Locks the order, the customer's account and the payment before a dispute of it, as everybody does."""

    def lock_before(self, key: int) -> None:
        payment_id = db.session.scalar(select(Dispute.payment_id).where(is_row(Dispute.id, key)))
        if payment_id is not None:
            locking.lock_payment(payment_id)


LISTING = PaymentFirst(
    model=Dispute,
    noun="dispute",
    columns={
        **{
            name: getattr(Dispute, name) for name in (
                "id", "merchant_id", "test", "payment_id", "status", "currency", "amount_minor", "reference", "reason",
                "answer_due_at", "closed_at", "created_at", "updated_at", "version",
            )
        },
        "gateway": Payment.gateway, "order_id": Payment.order_id, "customer_id": Payment.customer_id,
        "customer_name": func.coalesce(Order.customer_name, Customer.name), "order_status": Order.status,
    },
    joins=(
        (Payment, Payment.id == Dispute.payment_id), (Order, Order.id == Payment.order_id),
        (Customer, Customer.id == Payment.customer_id),
    ),
    sort={
        "created_at": Dispute.created_at, "answer_due_at": Dispute.answer_due_at, "status": Dispute.status,
        "amount": (Dispute.currency, Dispute.amount_minor), "id": Dispute.id,
    },
    filters={
        **common_filters(Dispute),
        "payment_id": Filter(int, lambda bound: Dispute.payment_id == bound),
        "payment_ids": Filter(list, lambda bound: Dispute.payment_id.in_(bound)),
        "status": Filter(DisputeStatus, lambda bound: Dispute.status == bound),
        "currency": Filter(str, lambda bound: Dispute.currency == bound),
    },
    search=(
        Of(Order.search_text, Payment.order_id, through=Dispute.payment_id),
        Of(Customer.search_text, Payment.customer_id, through=Dispute.payment_id),
        Number(Dispute.payment_id, "payment"),
    ),
    own=OWNER,
)


def win(actor: Actor, dispute: Dispute) -> Dispute:
    """Record that the bank decided for the merchant; Conflict where it has decided already."""
    return _close(actor, dispute, DisputeStatus.WON)


def lose(actor: Actor, dispute: Dispute) -> Dispute:
    """Record that the bank decided for the customer, who keeps the money: it is booked as refunded."""
    return _close(actor, dispute, DisputeStatus.LOST)


def reopen(actor: Actor, dispute: Dispute) -> Dispute:
    """The bank has not decided after all; Conflict for a dispute that is open."""
    if dispute.status is DisputeStatus.OPEN:
        raise _refused("is open")
    return decided(actor, dispute, DisputeStatus.OPEN)


def _close(actor: Actor, dispute: Dispute, status: DisputeStatus) -> Dispute:
    if dispute.status is not DisputeStatus.OPEN:
        raise _refused(f"is already {dispute.status}")
    return decided(actor, dispute, status)


def decided(actor: Actor, dispute: Dispute, status: DisputeStatus) -> Dispute:
    """Give the dispute of a locked payment another status, and book what that says of the money."""
    with LIFE.changing(actor, dispute):
        dispute.status = status
        dispute.closed_at = None if status is DisputeStatus.OPEN else now_of(dispute.payment.order)
    dispute_refunds.follow(actor, dispute, dispute.payment)
    return dispute


def _refused(message: str) -> Conflict:
    return Conflict(f"The dispute {message}.", fields={"status": Problem("locked", message)})


def _is_open(actor: Actor, row: Any) -> bool:
    return bool(row.status == DisputeStatus.OPEN)


def _lost(row: Any) -> tuple[str, ...]:
    """What the dialog says that a lost dispute does."""
    amount = f"{Money(row.amount_minor, row.currency).decimal:,} {row.currency}"
    booked = (
        f"The bank gave {amount} back to the customer. It is booked as refunded, at most what is left of the payment: "
        "on its invoices, the customer's balance and the books.")
    goes_on = "The order goes on. Cancel it where nothing more is to be collected."
    return (booked, goes_on) if row.order_status in order_status.LIVE else (booked,)


def _put_back(actor: Actor, dispute: Dispute, was: Any) -> Dispute:
    return reopen(actor, dispute)


usage.register(Merchant, Use("dispute", "disputes", lambda row: usage.rows(Dispute, merchant_id=row.id)))

RESOURCE = Resource(
    name="disputes",
    noun="dispute",
    listing=LISTING,
    read_scope="READ_PAYMENTS",
    write_scope="WRITE_PAYMENTS",
    actions={
        "win": Action(
            run=win, title="Mark as won", past="{} was marked as won.", icon="circle-check", offered=_is_open,
            undo=_put_back, bulk=True,
        ),
        "lose": Action(
            run=lose, title="Mark as lost", past="{} was marked as lost.", icon="circle-x", offered=_is_open,
            undo=_put_back, bulk=True, confirm=_lost,
        ),
        "reopen": Action(
            run=reopen, title="Reopen", past="{} was reopened.", icon="rotate",
            offered=lambda actor, row: bool(row.status != DisputeStatus.OPEN),
        ),
    },
    sample=Sample(
        sent={},
        read_only={
            "merchant_id": 1, "payment_id": 1, "order_id": 1, "customer_id": 1, "amount": 20, "currency": "EUR",
            "status": DisputeStatus.OPEN, "reason": "fraudulent", "reference": "dp_1Q2w3E",
            "answer_due_at": datetime(2026, 2, 14, 12, tzinfo=UTC), "closed_at": None,
        },
    ),
)
