"""Declares orders and their scheduled payments in the Core API."""

from blueprints.api.contract import Parameter
from blueprints.api.core.contract import CONTRACT
from blueprints.api.core.fields import PlannedChange
from blueprints.api.core.pricing.metered import CALLS, Calls
from blueprints.api.core.vocabulary import COMPANY, HISTORY, ID, IDS, SORTS, words
from blueprints.api.decimals import Decimals
from blueprints.api.field import Field
from blueprints.api.field_map import Amount, Day, Moment, Price, WriteOnly
from blueprints.api.field_parts import Many
from blueprints.api.page_link import PageLink
from blueprints.api.verbs import expose
from domain.payments.orders import ordering
from domain.payments.schedule import scheduled
from domain.sales.orders.payment_links import path_of
from models.order import OrderStatus, ScheduledStatus
from models.product import Billing

CREATED = {"c_dt_from": Parameter("created_after"), "c_dt_to": Parameter("created_before")}

ITEM = {
    "id": Field(name="id", writable=False),
    "products_id": Field(name="product_id", refers="product"),
    "name": Field(name="name", writable=False),
    "quantity": Decimals(name="quantity"),
    "unit_price": Price(name="unit_price"),
    "discount": Amount(name="discount"),
    "fee": Amount(name="fee"),
    "tax": Amount(name="tax", writable=False),
    "tax_percent": Decimals(name="tax_percent", writable=False),
    "total": Amount(name="total", writable=False),
    "code_discount": Amount(name="code_discount", writable=False),
    "calls": Calls(name="calls", fields=CALLS),
}

ORDERS = expose(
    CONTRACT,
    ordering.RESOURCE,
    "/orders",
    {
        "id": ID,
        "companies_id": COMPANY,
        "clients_id": Field(name="customer_id", refers="customer"),
        "billing": Field(name="billing"),
        "status": Field(name="status", writable=False),
        "draft": WriteOnly(name="draft"),
        "source": Field(name="source", writable=False),
        "channel": Field(name="channel"),
        "currency": Field(name="currency"),
        "invoice_ref": Field(name="invoice_ref"),
        "description": Field(name="description"),
        "note": Field(name="note"),
        "items": Many(name="items", fields=ITEM, inherit="currency"),
        "discount_code": Field(name="discount_code"),
        "total": Amount(name="total", writable=False),
        "discount": Amount(name="discount", writable=False),
        "tax": Amount(name="tax", writable=False),
        "fee": Amount(name="fee", writable=False),
        "initial_amount": Amount(name="initial"),
        "later_amount": Amount(name="later", writable=False),
        "monthly_amount": Amount(name="monthly", writable=False),
        "credit": Amount(name="credit", writable=False),
        "planned_change": PlannedChange(name="planned_change", writable=False),
        "cancels_at_period_end": Field(name="cancels_at_period_end", writable=False),
        "count_to_pay": Field(name="count_to_pay", writable=False),
        "instalments": Field(name="instalments"),
        "scheduled_unit": Field(name="interval_unit"),
        "scheduled_interval": Field(name="interval_count"),
        "start_date": Day(name="start_on"),
        "trial_days": Field(name="trial_days"),
        "collects_initial": Field(name="collects_initial", writable=False),
        "redirect_url": Field(name="redirect_url"),
        "failed_redirect_url": Field(name="failed_redirect_url"),
        "create_registration": Field(name="create_registration"),
        "create_checkout": WriteOnly(name="create_checkout"),
        "payment_link": PageLink(name="payment_link", column="link_token", path=path_of, writable=False),
        "checkouts_id": Field(name="checkout_number", writable=False),
        "checkout_until_dt": Moment(name="checkout_until", writable=False),
        "gateway": Field(name="gateway", writable=False),
        "budgets_id": Field(name="budget_id", writable=False),
        "test": Field(name="test", writable=False),
        "test_clocks_id": Field(name="test_clock_id", refers="test clock"),
        "metadata": Field(name="details"),
        "anchor_dt": Moment(name="anchor_at", writable=False),
        "activated_dt": Moment(name="activated_at", writable=False),
        "paused_dt": Moment(name="paused_at", writable=False),
        "ended_dt": Moment(name="ended_at", writable=False),
        **HISTORY,
    },
    verbs=(
        "get", "list", "update", "publish", "pause", "resume", "renew_checkout", "withdraw_change",
        "withdraw_cancellation",
    ),
    required=("merchant_id",),
    tenant="companies_id",
    parameters={
        **IDS, **CREATED, "clients_id": Parameter("customer_ids"),
        "status": Parameter("status", words(OrderStatus)), "billing": Parameter("billing", words(Billing)),
        "invoice_ref": Parameter("invoice_ref"),
    },
    sorts={**SORTS, "total": "total", "status": "status", "u_dt": "updated_at"},
)

SCHEDULED_PAYMENTS = expose(
    CONTRACT,
    scheduled.RESOURCE,
    "/scheduled-payments",
    {
        "id": ID,
        "companies_id": Field(name="merchant_id", writable=False),
        "orders_id": Field(name="order_id", writable=False),
        "clients_id": Field(name="customer_id", writable=False),
        "sequence": Field(name="sequence", writable=False),
        "amount": Amount(name="amount"),
        "currency": Field(name="currency", writable=False),
        "tax": Amount(name="tax", writable=False),
        "credit": Amount(name="credit", writable=False),
        "paid": Amount(name="paid", writable=False),
        "status": Field(name="status"),
        "scheduled_dt": Moment(name="due_at"),
        "collect_dt": Moment(name="collect_at", writable=False),
        "executed_dt": Moment(name="executed_at", writable=False),
        "declined_dt": Moment(name="declined_at", writable=False),
        "scheduled_unit": Field(name="interval_unit"),
        "scheduled_interval": Field(name="interval_count"),
        "retry_count": Field(name="retry_count", writable=False),
        "merged_into_id": Field(name="merged_into_id", writable=False),
        "depends_on_use": Field(name="awaits_count", writable=False),
        **HISTORY,
    },
    verbs=("get", "list", "update", "skip", "merge", "ask_for_card"),
    parameters={
        **IDS, "orders_id": Parameter("order_ids"), "status": Parameter("status", words(ScheduledStatus)),
        "scheduled_dt_from": Parameter("due_after"), "scheduled_dt_to": Parameter("due_before"),
    },
    sorts={**SORTS, "scheduled_dt": "due_at", "status": "status", "u_dt": "updated_at"},
)
