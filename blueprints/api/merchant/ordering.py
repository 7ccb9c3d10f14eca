"""Declares orders in the Merchant API: four creations, the list, and what ends, stops and renews them."""

from typing import Any

from blueprints.api.contract import Arguments, Operation, Outcome, Parameter
from blueprints.api.decimals import Decimals
from blueprints.api.description import Description, ExampleBody
from blueprints.api.field import Field
from blueprints.api.field_map import Moment, WriteOnly
from blueprints.api.field_parts import Many
from blueprints.api.merchant import order_bodies
from blueprints.api.merchant.contract import CONTRACT, moment
from blueprints.api.merchant.fields import Computed, WholeText
from blueprints.api.merchant.order_fields import (
    Named,
    SentInterval,
    SentLines,
    SentMoney,
    SentTruth,
    SentWhole,
    Source,
)
from blueprints.api.merchant.previewing import previewed
from blueprints.api.money_text import Money, UnitPrice
from blueprints.api.page_link import PageLink
from blueprints.api.verbs import action, created, expose, locked
from domain.actor import Actor
from domain.payments.orders import ordering
from domain.sales.orders import order_amounts, payment_links
from models.order import OrderStatus
from models.product import Billing


def shown(name: str, column: str = "") -> Field:
    return Field(name=name, column=column, writable=False)


def money(name: str, column: str = "") -> Money:
    return Money(name=name, column=column, writable=False)


LINK = PageLink(name="payment_link", column="link_token", path=payment_links.path_of, writable=False)
SENT_LINE = {
    "product_id": Named(name="product_id", refers="product"),
    "qty": SentMoney(name="quantity", or_absent=True),
    "amount": SentMoney(name="unit_price"),
    "discount_amount": SentMoney(name="discount"),
    "fee_amount": SentMoney(name="fee"),
}
LINE = {
    "product_id": shown("product_id"),
    "name": shown("name"),
    "qty": Decimals(name="quantity", writable=False),
    "amount": UnitPrice(name="unit_price", writable=False),
    "discount_amount": money("discount"),
    "fee_amount": money("fee"),
    "tax_amount": money("tax"),
    "total": money("total"),
}

ORDERS = expose(
    CONTRACT,
    ordering.RESOURCE,
    "/orders",
    {
        "id": shown("id"),
        "profile_id": shown("merchant_id"),
        "order_type": shown("billing"),
        "status": shown("status", "told_status"),
        "invoice_id": Field(name="invoice_ref"),
        "customer_id": Named(name="customer_id", refers="customer"),
        "currency": Field(name="currency"),
        "monthly_amount": money("monthly"),
        "scheduled_duration_unit": shown("interval_unit"),
        "scheduled_duration_number": WholeText(name="interval_count", writable=False),
        "total_to_pay": money("total"),
        "count_to_pay": shown("count_to_pay"),
        "description": Field(name="description"),
        "profile_payment_method": shown("channel"),
        "order_source": Source(name="source", writable=False),
        "collect_initial_payment": shown("collects_initial"),
        "total_installment_amount": Computed(name="later", compute=order_amounts.instalments_minor),
        "total_discount_amount": money("discount"),
        "total_tax_amount": money("tax"),
        "total_fee_amount": money("fee"),
        "products": Many(name="lines", column="items", fields=LINE, inherit="currency", writable=False),
        "payment_link": LINK,
        "checkout_id": shown("checkout_number"),
        "test": shown("test"),
        "test_clock_id": Field(name="test_clock_id", refers="test clock"),
        "created_at": Moment(name="created_at", writable=False),
        "updated_at": Moment(name="updated_at", writable=False),
        "order_products": SentLines(name="items", fields=SENT_LINE),
        "create_checkout": SentTruth(name="create_checkout"),
        "create_registration": SentTruth(name="create_registration"),
        "redirect_url": WriteOnly(name="redirect_url"),
        "failed_redirect_url": WriteOnly(name="failed_redirect_url"),
        "note": WriteOnly(name="note"),
        "initial_amount": SentMoney(name="initial"),
        "split_number": SentWhole(name="instalments"),
        "scheduled_unit": WriteOnly(name="interval_unit"),
        "scheduled_interval": SentWhole(name="interval_count"),
        "recurring_collection_interval": SentInterval(name="interval_count", called=order_bodies.COLLECTION),
        "start_date": WriteOnly(name="start_on"),
        "trial_days": SentWhole(name="trial_days"),
    },
    verbs=("list", "get"),
    required=("items",),
    wrapper="order",
    event_shape=True,
    parameters={
        "status": Parameter("told_status", {one.value: one for one in OrderStatus}),
        "customer_id": Parameter("customer_id"),
        "invoice_id": Parameter("invoice_ref"),
    },
)
KINDS = {
    "single": Billing.SINGLE_PAYMENT, "instalment": Billing.INSTALMENT, "subscription": Billing.SUBSCRIPTION,
    "metered": Billing.METERED,
}
CONTRACT.newest_first = ("orders",)
CONTRACT.operations += [
    previewed(
        created(ORDERS, preset={"billing": billing}, name=f"create_{word}_order", path=f"/create_{word}_order",
                summary=f"Create {'an' if word == 'instalment' else 'a'} {word} order",
                described=order_bodies.described(ORDERS, billing)),
        ORDERS, {"billing": billing},
    )
    for word, billing in KINDS.items()
]
CONTRACT.operations += [
    action(ORDERS, name, method="PUT", called=f"{name}_order") for name in ("cancel", "pause", "resume")
]


def renew_checkout(actor: Actor, arguments: Arguments) -> Outcome:
    """Give an order a new checkout, which may be finished for 25 minutes; its payment link stays the same."""
    own, row = locked(ORDERS, actor, arguments)
    order = ordering.renew_checkout(own, row)
    write: Any = LINK.convert(CONTRACT.formats)
    assert order.checkout_until is not None
    return Outcome({
        "id": order.checkout_number, "order_id": order.id, "url": write(order.link_token, order),
        "expires_at": moment(order.checkout_until),
    })


CHECKOUT = ExampleBody(
    {
        "title": "OrderCheckout", "type": "object",
        "properties": {
            "id": {"type": "integer"}, "order_id": {"type": "integer"}, "url": {"type": ["string", "null"]},
            "expires_at": {"type": "string", "format": "date-time"},
        },
        "required": ["id", "order_id", "url", "expires_at"],
    },
    {
        "id": 1, "order_id": 1, "url": "https://billing.example.org/pay/…", "expires_at": "2026-01-31T12:25:00.000Z",
    },
)
CONTRACT.operations.append(Operation(
    name="order_checkouts.create", method="POST", path="/order_checkouts/{key}", scope=ordering.RESOURCE.write_scope,
    run=renew_checkout, writes=True, exposure=ORDERS, parameters=CONTRACT.call_parameters, positional=("id",),
    summary="Renew the checkout of an order", described=Description(answer=CHECKOUT),
))
