"""The listing of services: subscription orders as their customer sees them."""

from typing import Any

from sqlalchemy import Date, String, and_, case, cast, func, literal, literal_column, select

from domain.hosting.billing_cycles import NAMES
from domain.list_parts import Filter, common_filters
from domain.listing import Listing
from domain.sales.orders.order_listing import TO_PAY
from models.order import Order, OrderItem, OrderStatus, ScheduledPayment
from models.service import ServiceStatus, SuspensionReason

S = OrderStatus
NOT_SHOWN = (S.DRAFT, S.REJECTED)
STATUS_OF = {
    S.PENDING: ServiceStatus.PENDING, S.ACTIVE: ServiceStatus.ACTIVE, S.REVIEW: ServiceStatus.ACTIVE,
    S.FAILED: ServiceStatus.SUSPENDED, S.SUSPENDED: ServiceStatus.SUSPENDED, S.PAUSED: ServiceStatus.SUSPENDED,
    S.CANCELLED: ServiceStatus.CANCELLED, S.COMPLETE: ServiceStatus.TERMINATED,
}
STATUS = case(*((Order.status == inside, str(shown)) for inside, shown in STATUS_OF.items()))
REASON = case(
    (Order.status == S.PAUSED, SuspensionReason.PAUSED.value),
    (Order.status == S.FAILED, SuspensionReason.DECLINED.value),
    (Order.status == S.SUSPENDED, func.coalesce(
        cast(Order.suspended_for, String), literal(SuspensionReason.DECLINED.value, String))),
    else_=None,
)


UNIT = func.lower(cast(Order.interval_unit, String))
CYCLE = case(
    *(
        (and_(Order.interval_unit == unit, Order.interval_count == count), name)
        for (unit, count), name in NAMES.items()
    ),
    else_=literal("every_") + cast(Order.interval_count, String) + "_" + UNIT + "s",
)


def _of_first_line(column: Any) -> Any:
    """A column of the order's first line."""
    statement = select(column).where(OrderItem.order_id == Order.id).order_by(OrderItem.position).limit(1)
    return statement.correlate(Order).scalar_subquery()


NEXT_DUE_AT = (
    select(func.min(ScheduledPayment.due_at))
    .where(ScheduledPayment.order_id == Order.id, ScheduledPayment.status.in_(TO_PAY))
    .correlate(Order).scalar_subquery()
)

LISTING = Listing(
    model=Order,
    noun="service",
    columns={
        **{
            name: getattr(Order, name)
            for name in (
                "id", "merchant_id", "test", "customer_id", "customer_name", "domain", "currency", "later_minor",
                "cancels_at_period_end", "created_at", "updated_at", "version",
            )
        },
        "status": STATUS,
        "suspended_for": REASON,
        "product_id": _of_first_line(OrderItem.product_id),
        "product_name": _of_first_line(OrderItem.name),
        "quantity_ten_thousandths": _of_first_line(OrderItem.quantity_ten_thousandths),
        "billing_cycle": CYCLE,
        "registered_on": func.date(func.coalesce(Order.activated_at, Order.created_at), type_=Date),
        "next_due_on": func.date(NEXT_DUE_AT, type_=Date),
    },
    sort={"id": Order.id, "created_at": Order.created_at, "updated_at": Order.updated_at},
    filters={
        **common_filters(Order),
        "customer_id": Filter(int, lambda bound: Order.customer_id == bound),
        "customer_ids": Filter(list, lambda bound: Order.customer_id.in_(bound)),
        "status": Filter(ServiceStatus, lambda bound: bound == STATUS),
        "suspended_for": Filter(SuspensionReason, lambda bound: bound == REASON),
        "domain": Filter(str, lambda bound: Order.domain == bound),
    },
    search=(Order.search_text,),
    customer="customer_id",
    own=True,
    # A constant in the statement, not a value: the index has only such rows.
    where=(Order.billing == literal_column("'subscription'"), Order.status.not_in(NOT_SHOWN)),
)
