"""The listing of orders."""

from typing import Any

from sqlalchemy import String, and_, case, cast, func, literal, select, true

from domain.list_parts import Bound, Children, Filter, common_filters
from domain.list_search import Number
from domain.listing import Listing
from domain.sales.orders.order_amounts import A_YEAR
from models.order import Order, OrderItem, OrderSource, OrderStatus, ScheduledPayment, ScheduledStatus
from models.product import Billing

S = ScheduledStatus
TO_PAY = (S.SCHEDULED, S.PROCESSING, S.SOFT_DECLINED, S.HARD_DECLINED, S.PAUSED)
NEEDS_ATTENTION = (OrderStatus.FAILED, OrderStatus.SUSPENDED, OrderStatus.REVIEW)
ENDLESS = (Billing.SUBSCRIPTION, Billing.METERED)
# How many payments are still open; null where there is no last one.
COUNT_TO_PAY = case(
    (Order.billing.in_(ENDLESS), None),
    else_=select(func.count(ScheduledPayment.id))
    .where(ScheduledPayment.order_id == Order.id, ScheduledPayment.status.in_(TO_PAY))
    .correlate(Order).scalar_subquery(),
)

# A metered order that was cancelled waits for its last bill only: for who ended it, it is complete.
TOLD_STATUS = case(
    (and_(Order.status == OrderStatus.ACTIVE, Order.ended_at.is_not(None)),
     literal(OrderStatus.COMPLETE, Order.status.type)),
    else_=Order.status,
)


def _monthly() -> Any:
    """The later payment brought to a month, as `order_amounts.monthly_minor` does; null without an interval."""
    unit_of_later = func.coalesce(Order.later_interval_unit, Order.interval_unit)

    def brought(times: int, out_of: int) -> Any:
        divisor = 12 * out_of * func.coalesce(Order.later_interval_count, Order.interval_count)
        return (2 * times * Order.later_minor + divisor) // (2 * divisor)

    return case(*((unit_of_later == unit, brought(*parts)) for unit, parts in A_YEAR.items()), else_=None)


def _naming(bound: Any) -> Any:
    return Order.id.in_(select(OrderItem.order_id).where(OrderItem.product_id == bound))


def _only(clause: Any) -> Bound:
    """A filter for rows of which this holds, along its index; there is none for the others."""
    return lambda bound: and_(bound == true(), clause)


LISTING = Listing(
    model=Order,
    noun="order",
    is_kept=True,
    columns={
        **{
            name: getattr(Order, name)
            for name in (
                "id", "merchant_id", "test", "customer_id", "customer_name", "customer_email", "billing_address",
                "billing", "status", "source", "channel", "currency", "invoice_ref", "description", "note", "details",
                "redirect_url", "failed_redirect_url", "create_registration", "total_minor", "discount_minor",
                "tax_minor", "fee_minor", "initial_minor", "later_minor", "later_tax_minor", "credit_minor",
                "discount_code", "code_initial_minor",
                "planned_change", "cancels_at_period_end",
                "interval_unit", "interval_count", "instalments", "trial_days", "collects_initial", "start_on",
                "anchor_at", "activated_at", "paused_at", "suspended_for", "ended_at", "gateway", "payment_method_id",
                "link_token",
                "checkout_number", "checkout_until", "budget_id", "test_clock_id", "created_at", "updated_at",
                "version",
            )
        },
        "count_to_pay": COUNT_TO_PAY,
        "told_status": TOLD_STATUS,
        "monthly_minor": _monthly(),
    },
    children={
        "items": Children(
            OrderItem.order_id,
            {
                name: getattr(OrderItem, name)
                for name in (
                    "id", "product_id", "name", "quantity_ten_thousandths", "unit_price_micro", "discount_minor",
                    "fee_minor", "tax_minor", "tax_percent_ten_thousandths", "total_minor", "later_tax_minor",
                    "later_total_minor", "metered", "code_discount_minor", "code_first_only",
                )
            },
            OrderItem.position,
        )
    },
    sort={
        "created_at": Order.created_at, "updated_at": Order.updated_at, "total": (Order.currency, Order.total_minor),
        "status": Order.status, "id": Order.id,
    },
    filters={
        **common_filters(Order),
        "status": Filter(OrderStatus, lambda bound: Order.status == bound),
        "told_status": Filter(OrderStatus, lambda bound: cast(bound, String) == TOLD_STATUS),
        "paying": Filter(bool, _only(Order.status.in_((OrderStatus.ACTIVE, OrderStatus.FAILED)))),
        "attention": Filter(bool, _only(Order.status.in_(NEEDS_ATTENTION))),
        "billing": Filter(Billing, lambda bound: Order.billing == bound),
        "source": Filter(OrderSource, lambda bound: Order.source == bound),
        "customer_id": Filter(int, lambda bound: Order.customer_id == bound),
        "customer_ids": Filter(list, lambda bound: Order.customer_id.in_(bound)),
        "product_id": Filter(int, _naming),
        "invoice_ref": Filter(str, lambda bound: Order.invoice_ref == bound),
        "currency": Filter(str, lambda bound: Order.currency == bound),
        "test_clock_id": Filter(int, lambda bound: Order.test_clock_id == bound),
    },
    search=(Order.search_text, Number(Order.id, "order")),
    customer="customer_id",
    own=True,
)
