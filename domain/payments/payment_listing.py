"""The listing of payments: every attempt with its outcome. One that will change is locked after its order."""



from sqlalchemy import and_, exists, func, or_, select

from database import db
from domain.list_parts import Children, Filter, common_filters, is_row
from domain.list_search import Number, Of
from domain.listing import Listing
from domain.payments import locking
from models.allocation import Allocation
from models.customer import Customer
from models.order import Order, ScheduledPayment, ScheduledStatus
from models.payment import Decline, Dispute, DisputeStatus, Payment, PaymentReason, PaymentStatus, Refund
from models.payment_method import PaymentMethod
from models.product import Billing

OWNER = func.coalesce(
    select(Order.created_by_user_id).where(Order.id == Payment.order_id).correlate(Payment).scalar_subquery(),
    Payment.created_by_user_id,
)
DISPUTED = exists().where(Dispute.payment_id == Payment.id, Dispute.status == DisputeStatus.OPEN)
# Whose index has the credit of customers, in the same words.
FREE = and_(
    Payment.order_id.is_(None), Payment.status == PaymentStatus.APPROVED,
    Payment.amount_minor > Payment.refunded_minor + Payment.allocated_minor,
)
# What a person should look at: a decline that was not made good, an unknown outcome, a step not taken, a dispute.
EXCEPTION = or_(
    Payment.status.in_((PaymentStatus.UNKNOWN, PaymentStatus.REQUIRES_ACTION)),
    and_(
        Payment.status == PaymentStatus.DECLINED,
        Payment.scheduled_payment_id.in_(select(ScheduledPayment.id).where(ScheduledPayment.status.in_(
            (ScheduledStatus.SOFT_DECLINED, ScheduledStatus.HARD_DECLINED, ScheduledStatus.REVIEW)))),
    ),
    DISPUTED,
)


class AccountFirst(Listing):
    """Locks the order and the customer's account before a payment, as everybody does."""

    def lock_before(self, key: int) -> None:
        statement = select(Payment.order_id, Payment.customer_id).where(is_row(Payment.id, key))
        for order_id, customer_id in db.session.execute(statement):
            if order_id is not None:
                locking.lock(Order, order_id)
            locking.lock_account(customer_id)


LISTING = AccountFirst(
    model=Payment,
    noun="payment",
    is_kept=True,
    columns={
        **{
            name: getattr(Payment, name)
            for name in (
                "id", "merchant_id", "test", "customer_id", "order_id", "scheduled_payment_id", "gateway", "reason",
                "status", "currency", "amount_minor", "refunded_minor", "allocated_minor", "reference", "decline",
                "message", "confirm_url", "asked_at", "executed_at", "look_up_at", "created_at", "updated_at",
                "version",
            )
        },
        "customer_name": func.coalesce(Order.customer_name, Customer.name),
        "method": PaymentMethod.label,
        "order_status": Order.status,
        "disputed": DISPUTED,
    },
    joins=(
        (Order, Order.id == Payment.order_id), (Customer, Customer.id == Payment.customer_id),
        (PaymentMethod, PaymentMethod.id == Payment.payment_method_id),
    ),
    children={
        "refunds": Children(
            Refund.payment_id,
            {name: getattr(Refund, name) for name in (
                "id", "status", "currency", "amount_minor", "reason", "message", "executed_at", "created_at")},
            Refund.id,
        ),
        "allocations": Children(
            Allocation.payment_id,
            {name: getattr(Allocation, name) for name in ("id", "invoice_id", "amount_minor", "returned_minor")},
            Allocation.id,
        ),
    },
    sort={
        "created_at": Payment.created_at, "updated_at": Payment.updated_at, "status": Payment.status,
        "amount": (Payment.currency, Payment.amount_minor), "executed_at": Payment.executed_at, "id": Payment.id,
    },
    filters={
        **common_filters(Payment),
        "order_id": Filter(int, lambda bound: Payment.order_id == bound),
        "order_ids": Filter(list, lambda bound: Payment.order_id.in_(bound)),
        "scheduled_payment_id": Filter(int, lambda bound: Payment.scheduled_payment_id == bound),
        "scheduled_payment_ids": Filter(list, lambda bound: Payment.scheduled_payment_id.in_(bound)),
        "status": Filter(PaymentStatus, lambda bound: Payment.status == bound),
        "refunded": Filter(bool, lambda bound: bound == (Payment.refunded_minor > 0)),
        "decline": Filter(Decline, lambda bound: Payment.decline == bound),
        "billing": Filter(Billing, lambda bound: Payment.order_id.in_(select(Order.id).where(Order.billing == bound))),
        "reason": Filter(PaymentReason, lambda bound: Payment.reason == bound),
        "gateway": Filter(str, lambda bound: Payment.gateway == bound),
        "currency": Filter(str, lambda bound: Payment.currency == bound),
        "customer_id": Filter(int, lambda bound: Payment.customer_id == bound),
        "invoice_id": Filter(int, lambda bound: Payment.id.in_(
            select(Allocation.payment_id).where(Allocation.invoice_id == bound))),
        "invoice_ids": Filter(list, lambda bound: Payment.id.in_(
            select(Allocation.payment_id).where(Allocation.invoice_id.in_(bound)))),
        "executed_after": Filter("moment", lambda bound: Payment.executed_at >= bound),
        "executed_before": Filter("day_end", lambda bound: Payment.executed_at <= bound),
        "exception": Filter(bool, lambda bound: bound == EXCEPTION),
        "disputed": Filter(bool, lambda bound: bound == DISPUTED),
    },
    search=(
        Of(Order.search_text, Payment.order_id), Of(Customer.search_text, Payment.customer_id),
        Number(Payment.id, "payment"), Number(Payment.order_id, "order"),
    ),
    own=OWNER,
)
