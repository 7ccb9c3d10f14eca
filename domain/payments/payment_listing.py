"""The listing of payments: every attempt with its outcome. One that will change is locked after its order."""


from sqlalchemy import String, and_, cast, exists, or_, select

from domain.list_parts import Children, Filter, common_filters
from domain.payments.schedule.scheduled_listing import OrderFirst
from models.order import Order, ScheduledPayment, ScheduledStatus
from models.payment import Decline, Dispute, DisputeStatus, Payment, PaymentStatus, Refund
from models.payment_method import PaymentMethod

OWNER = select(Order.created_by_user_id).where(Order.id == Payment.order_id).correlate(Payment).scalar_subquery()
DISPUTED = exists().where(Dispute.payment_id == Payment.id, Dispute.status == DisputeStatus.OPEN)
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

LISTING = OrderFirst(
    model=Payment,
    noun="payment",
    columns={
        **{
            name: getattr(Payment, name)
            for name in (
                "id", "merchant_id", "test", "order_id", "scheduled_payment_id", "gateway", "reason", "status",
                "currency", "amount_minor", "refunded_minor", "reference", "decline", "message", "confirm_url",
                "asked_at", "executed_at", "look_up_at", "created_at", "updated_at", "version",
            )
        },
        "customer_id": Order.customer_id,
        "customer_name": Order.customer_name,
        "method": PaymentMethod.label,
        "order_status": Order.status,
        "disputed": DISPUTED,
    },
    joins=((Order, Order.id == Payment.order_id), (PaymentMethod, PaymentMethod.id == Payment.payment_method_id)),
    children={
        "refunds": Children(
            Refund.payment_id,
            {name: getattr(Refund, name) for name in (
                "id", "status", "currency", "amount_minor", "reason", "message", "executed_at", "created_at")},
            Refund.id,
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
        "scheduled_payment_ids": Filter(list, lambda bound: Payment.scheduled_payment_id.in_(bound)),
        "status": Filter(PaymentStatus, lambda bound: Payment.status == bound),
        "decline": Filter(Decline, lambda bound: Payment.decline == bound),
        "gateway": Filter(str, lambda bound: Payment.gateway == bound),
        "currency": Filter(str, lambda bound: Payment.currency == bound),
        "customer_id": Filter(
            int, lambda bound: Payment.order_id.in_(select(Order.id).where(Order.customer_id == bound))),
        "executed_after": Filter("moment", lambda bound: Payment.executed_at >= bound),
        "executed_before": Filter("day_end", lambda bound: Payment.executed_at <= bound),
        "exception": Filter(bool, lambda bound: bound == EXCEPTION),
        "disputed": Filter(bool, lambda bound: bound == DISPUTED),
    },
    search=(Order.search_text, lambda like: like(cast(Payment.order_id, String))),
    own=OWNER,
)
