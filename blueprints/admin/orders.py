"""Pages of orders: the list, and the record with its lines, its schedule and its payment link."""

from typing import Any

from flask import Response, request

from blueprints.admin import (
    choices,
    customers,
    line_forms,
    order_form,
    order_next,
    order_outlook,
    order_schedule,
    order_timeline,
    products,
)
from blueprints.admin.crud import records, related
from blueprints.admin.crud.facts import Fact, Group
from blueprints.admin.crud.form_fields import Field, Section, pairs
from blueprints.admin.crud.list_filters import ListFilter
from blueprints.admin.crud.listing import Column, ListPage
from blueprints.admin.order_events import page_of
from blueprints.pages.format import decimals, money, zone
from blueprints.pages.session import need, wide_actor
from blueprints.services import own_url
from database import db
from domain.actor import Actor
from domain.errors import Conflict
from domain.pages import Query
from domain.payments.checkout import previews
from domain.payments.orders import order_payments, ordering
from domain.payments.plans import cancelling
from domain.payments.plans.plan_terms import Terms, When
from domain.payments.schedule import scheduled_listing
from domain.sales.orders import order_clock, payment_links
from models.order import OrderStatus
from models.payment_method import PaymentMethod
from models.product import Billing, IntervalUnit
from models.test_clock import TestClock

MOST_CHOICES = 500
BILLED = {"cancel": When.NOW, "cancel_at_period_end": When.PERIOD_END}       # a metered order bills its last period
GROUPS = {"attention": "attention", "paying": "paying"}
STATUS = (("attention", "Needs attention"), ("paying", "Active or failed"), *pairs(OrderStatus))
BILLING = pairs(Billing)


def number(row: Any) -> str:
    """The number of an order: its id, in the test world after TEST-."""
    return f"TEST-{row.id}" if row.test else str(row.id)


def bought(row: Any) -> str:
    """What was bought: the first line's name, and how many more there are."""
    lines = row.children["items"]
    if not lines:
        return row.description or ""
    return f"{lines[0].name} and {len(lines) - 1} more" if len(lines) > 1 else str(lines[0].name)


def every(row: Any) -> str:
    """The interval as text: Every 3 months."""
    if row.interval_unit is None:
        return ""
    unit = str(row.interval_unit).lower()
    return f"Every {unit}" if row.interval_count == 1 else f"Every {row.interval_count} {unit}s"


def context(record: Any) -> dict[str, Any]:
    """The facts at the side, the lines' links, and the customer's page."""
    who = wide_actor()
    next_step = order_next.of(who, record)
    return {
        "facts": [Group("Schedule", tuple(schedule_of(record)))] if record.interval_unit else [],
        "link": own_url(request.host_url) + path if (path := payment_links.path_of(record.link_token)) else None,
        "schedule": order_schedule.of(who, record), "collected": order_schedule.collected(record.id),
        "cost": order_outlook.priced(record), "product_url": products.PAGE.at(0).removesuffix("0"),
        "customer_url": customers.PAGE.at(record.customer_id),
        "planned": planned_of(record),
        "ends_at": cancelling.ends_at(record.id) if record.planned_change or record.cancels_at_period_end else None,
        "may_change_plan": may_change_plan,
        "may_go_on": record.cancels_at_period_end and cancelling.may_withdraw(record),
        "clock_name": clock_name(record.test_clock_id),
        "next_step": next_step,
        "rows_page": related.page_of("scheduled_payment"),
        "next_row": scheduled_listing.LISTING.read(who, next_step.row_id) if next_step and next_step.row_id else None,
        "sold": ", ".join(one for one in (bought(record), every(record).lower()) if one),
        "card": card_of(record), "budget_url": budget_url(who, record),
        "timeline": order_timeline.of(who, record),
    }


def card_of(record: Any) -> str:
    """How people call the payment method that what is due is collected from."""
    row = db.session.get(PaymentMethod, record.payment_method_id) if record.payment_method_id is not None else None
    return row.label if row is not None else ""


def budget_url(who: Actor, record: Any) -> str | None:
    """The page of the budget that the order was, for who may read it."""
    return page_of("budget", record.budget_id, who) if record.budget_id is not None else None


def clock_name(key: int | None) -> str:
    """The name of the order's test clock."""
    row = db.session.get(TestClock, key) if key is not None else None
    return (row.name if row is not None else None) or f"Clock {key}"


def may_change_plan(record: Any) -> bool:
    """Whether the order's page offers a change of plan."""
    has_plan = record.billing == Billing.SUBSCRIPTION or (record.billing == Billing.METERED and record.interval_unit)
    return bool(has_plan) and record.status == "active" and not record.cancels_at_period_end


def planned_of(record: Any) -> dict[str, Any] | None:
    """The change of plan that the order waits for, in words and minor units; what depends on use is None."""
    if record.planned_change is None:
        return None
    terms = Terms.kept(record.planned_change)
    return {
        "name": terms.line.name, "quantity": decimals(terms.line.quantity_ten_thousandths),
        "amount": terms.line.later_total_minor if terms.line.metered is None else None,
        "every": terms.unit.value.lower() if terms.count == 1 else f"{terms.count} {terms.unit.value.lower()}s",
    }


def warnings(verb: str, record: Any) -> tuple[str, ...]:
    """What an action does to this order, in figures."""
    if verb in BILLED and record.billing == Billing.METERED:
        return _last_bill(record, BILLED[verb])
    if verb == "cancel_at_period_end" and (ends_at := cancelling.ends_at(record.id)) is not None:
        return (f"It ends on {ends_at.astimezone(zone()):%-d %b %Y}. Until then that can be taken back.",)
    if verb in ("cancel", "cancel_at_period_end") and record.planned_change is not None:
        return ("The change of plan that was to come is dropped.",)
    return ()


def _last_bill(record: Any, when: When) -> tuple[str, ...]:
    """Until when calls are billed, and what they cost so far."""
    order = ordering.RESOURCE.listing.get(wide_actor(), record.id)
    try:
        found = previews.of_cancellation(order, when)
    except Conflict:
        return ()
    if not found.schedule:
        return ()
    said = f"Calls are counted until {found.schedule[0].due_at.astimezone(zone()):%-d %b %Y, %H:%M}."
    if found.used is None:
        return (said,)
    return (f"{said} So far {found.used.calls:,} calls, {money(found.used.amount_minor, found.currency)}.",)


def schedule_of(record: Any) -> list[Fact]:
    """What is paid when, as facts; without empty ones."""
    found = (
        Fact("Interval", every(record)),
        Fact("First payment", money(record.initial_minor, record.currency) if record.initial_minor else ""),
        Fact("Each later payment", money(record.later_minor, record.currency) if record.later_minor else ""),
        Fact("Instalments", str(record.instalments or "")),
        Fact("Payments to come", "" if record.count_to_pay is None else str(record.count_to_pay)),
        Fact("Starts on", record.start_on.isoformat() if record.start_on else ""),
        Fact("Trial", f"{record.trial_days} days" if record.trial_days else ""),
        Fact("Credit", money(record.credit_minor, record.currency) if record.credit_minor else ""),
    )
    return [one for one in found if one.text]


def clock_choices(who: Actor) -> list[tuple[str, str]]:
    """The test clocks; there are none in the live world."""
    found = order_clock.LISTING.page(who, Query(sort="id", limit=MOST_CHOICES)).records
    return [(str(one.id), one.name or f"Clock {one.id}") for one in found]


def needing_attention(who: Actor) -> int:
    """How many orders a person has to look at, along the index of statuses."""
    return ordering.RESOURCE.listing.count(who, attention=True)


def pending(who: Actor) -> int:
    """How many orders wait for their first payment."""
    return ordering.RESOURCE.listing.count(who, status=OrderStatus.PENDING)


PAGE = ListPage(
    resource=ordering.RESOURCE,
    title="Orders",
    group="Billing",
    position=132,
    tabs=(("List", "admin.orders_list"), ("Board", "admin.orders_board")),
    views=(
        ("All", {}), ("Needs attention", {"status": "attention"}), ("Pending first payment", {"status": "pending"}),
        ("Active", {"status": "active"}), ("Subscriptions", {"billing": "subscription"}),
    ),
    view_counts={"Needs attention": needing_attention, "Pending first payment": pending},
    keys="d",
    note=lambda row: row.customer_name,
    more_children={"next": order_payments.NEXT, "refused": order_payments.REFUSED},
    icon="shopping-cart",
    about="What customers agreed to pay: once, in instalments, for each period, or by use.",
    columns=(
        Column(name="id", title="Order", kind="link", sort="id", shown=number),
        Column(name="customer_name", title="Customer", fixed_by="customer_id"),
        Column(name="items", title="Product", shown=bought, minor=True),
        Column(name="status", kind="tag", sort="status"),
        Column(name="why", shown=order_outlook.why, minor=True),
        Column(name="next_payment", shown=order_outlook.next_payment, minor=True),
        Column(name="total_minor", title="Total", kind="money", sort="total", shown=order_outlook.priced),
    ),
    file_columns=(Column(name="billing"), Column(name="created_at", kind="ago")),
    list_filters=(
        ListFilter(name="status", choices=STATUS, read=OrderStatus, groups=GROUPS),
        ListFilter(name="billing", title="Type", choices=BILLING, read=Billing),
        ListFilter(name="currency", choices=choices.currencies),
        ListFilter(name="created_after", title="Created from", kind="day"),
        ListFilter(name="created_before", title="Created until", kind="day"),
    ),
    sections=(
        Section("Order", (
            Field(name="customer_id", label="Customer", required=True),
            Field(name="discount_code", label="Discount code"),
            Field(name="invoice_ref", label="Your invoice number"),
            Field(name="description", wide=True),
            Field(name="note", kind="area", wide=True),
        )),
        Section("Schedule", (
            Field(name="interval_count", label="Every", kind="number"),
            Field(name="interval_unit", label="Period", kind="select", choices=pairs(IntervalUnit),
                  blank="The product's"),
            Field(name="instalments", label="Instalments", kind="number", hint="After the first payment."),
            Field(name="initial", label="First payment", kind="number"),
            Field(name="start_on", label="First later payment on", kind="date"),
            Field(name="trial_days", label="Days of trial", kind="number"),
            Field(name="test_clock_id", label="Test clock", kind="select", choices=clock_choices, blank="None"),
        ), folds=True),
    ),
    values=order_form.values,
    read=order_form.read,
    explain=order_form.explain,
    choices=order_form.choices,
    can_edit=lambda record: record.status == OrderStatus.DRAFT,
    then=("publish",),
    tones={
        "active": "ok", "complete": "ok", "pending": "warn", "paused": "warn", "review": "warn", "failed": "bad",
        "suspended": "bad", "rejected": "bad",
    },
    name=lambda row: f"Order {number(row)}",
    details="admin/_order.html",
    show="admin/order.html",
    form="admin/order_form.html",
    warnings=warnings,
    audit_verbs={"failed": "recorded a failed payment of"},
    context=context,
)


def register(bp: Any) -> None:
    """Register the address of the buttons for lines."""
    bp.add_url_rule("/orders/line", "orders_line", need(PAGE.resource.write_scope)(change_lines), methods=["POST"])


def change_lines() -> Response:
    """The form with a line added or removed, for browsers without JavaScript."""
    return records.form(PAGE, line_forms.edited(PAGE.resource.listing), line_forms.with_change())
