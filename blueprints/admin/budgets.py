"""Pages of budgets: the list, the record with its lines, the form with its line editor, approval."""

from typing import Any

from flask import Response, flash, make_response, render_template, request
from werkzeug.wrappers import Response as BaseResponse

from blueprints.admin import budget_form, choices, line_forms, products
from blueprints.admin.crud import actions, cells, history, records
from blueprints.admin.crud.form_fields import Field, Section, pairs
from blueprints.admin.crud.list_filters import ListFilter
from blueprints.admin.crud.listing import Column, ListPage
from blueprints.admin.customers import PARTS
from blueprints.pages.format import zone
from blueprints.pages.htmx import redirect_to
from blueprints.pages.session import need, wide_actor
from database import transaction
from domain import inputs, zones
from domain.errors import Conflict, Invalid, PreconditionFailed
from domain.listing import expect
from domain.payments.checkout import budget_orders
from domain.sales.budgets import budget_links, budgets
from models.budget import BudgetStatus

STATUS = pairs(BudgetStatus)
CLOSED = (BudgetStatus.REJECTED, BudgetStatus.EXPIRED)          # can be reopened


def number(row: Any) -> str:
    """The number of a budget: its id, in the test world after TEST-."""
    return f"TEST-{row.id}" if row.test else str(row.id)


def context(record: Any) -> dict[str, Any]:
    """The address that was agreed, else the customer's current one; who approved; whether lines have discounts."""
    row = budgets.RESOURCE.listing.get(wide_actor(), record.id)
    address = row.billing_address
    if row.customer_name is None and (current := row.customer.billing_address) is not None:
        address = {part: getattr(current, part) for part in PARTS}
    return {
        "address": ", ".join(address[part] for part in PARTS if address[part]) if address else "",
        "approver": history.signer(wide_actor(), record.approved_by),
        "product_url": products.PAGE.at(0).removesuffix("0"),
        "discounts": any(item.discount_minor for item in record.children["items"]),
        "link": budget_links.latest(record.id),
        "became": budget_orders.order_of(record.id) if wide_actor().can("READ_ORDERS") else None,
    }


PAGE = ListPage(
    resource=budgets.RESOURCE,
    title="Budgets",
    group="Billing",
    position=130,
    keys="b",
    note=lambda row: row.customer_name,
    icon="file-dollar",
    about="Quotes that a customer approves or rejects before their date.",
    columns=(
        Column(name="id", title="Budget", kind="link", sort="id", shown=number),
        Column(name="customer_name", title="Customer", fixed_by="customer_id"),
        Column(name="status", kind="tag", sort="status"),
        Column(name="total_minor", title="Total", kind="money", sort="total"),
        Column(name="valid_until", kind="until", sort="valid_until"),
        Column(name="created_at", title="Created", kind="ago", sort="created_at", minor=True),
    ),
    list_filters=(
        ListFilter(name="status", choices=STATUS, read=BudgetStatus),
        ListFilter(name="currency", choices=choices.currencies),
        ListFilter(name="valid_after", title="Valid until, from", kind="day"),
        ListFilter(name="valid_before", title="Valid until, to", kind="day"),
        ListFilter(name="created_after", title="Created from", kind="day"),
        ListFilter(name="created_before", title="Created until", kind="day"),
    ),
    sections=(
        Section("Budget", (
            Field(name="customer_id", required=True),
            Field(name="currency", kind="select", choices=choices.currencies, blank="The merchant's"),
            Field(name="valid_until", kind="date"),
            Field(name="notes", kind="area"),
        )),
    ),
    values=budget_form.values,
    tones={"PENDING": "warn", "APPROVED": "ok", "REJECTED": "bad", "EXPIRED": ""},
    name=lambda row: f"Budget {number(row)}",
    form="admin/budget_form.html",
    show="admin/budget.html",
    details="admin/_budget.html",
    audit_verbs={"requested_again": "asked for a new one in place of"},
    read=budget_form.read,
    explain=budget_form.explain,
    choices=budget_form.choices,
    context=context,
    can_edit=lambda record: record.status == BudgetStatus.PENDING,
)


def register(bp: Any) -> None:
    """Register the URLs that only budgets have."""
    write = need("WRITE_BUDGETS")
    bp.add_url_rule("/budgets/<int:key>/reopen", "budgets_ask_reopen", write(ask_reopen), methods=["GET"])
    bp.add_url_rule("/budgets/<int:key>/reopen", "budgets_reopen", write(reopen), methods=["POST"])
    bp.add_url_rule("/budgets/line", "budgets_line", write(change_lines), methods=["POST"])
    bp.add_url_rule("/budgets/sum", "budgets_sum", write(budget_form.show_sum), methods=["POST"])


def ask_reopen(key: int, wrong: Invalid | None = None) -> BaseResponse:
    """Ask for a future date before a rejected or expired budget is reopened."""
    record = budgets.RESOURCE.listing.read(wide_actor(), key)
    if record.status not in CLOSED:
        return actions.refused(
            PAGE, key, f"{PAGE.name(record)} is {record.status.lower()}: it cannot be reopened."
        )
    page = render_template("admin/budget_reopen.html", here=PAGE, record=record, wrong=wrong,
                           days=zones.of_merchant(record.merchant_id).key)
    return make_response(page, 422 if wrong else 200)


def reopen(key: int) -> BaseResponse:
    """Reopen the budget until the end of the chosen day."""
    who = wide_actor()
    day = request.form.get("valid_until", "")
    given = {"status": "PENDING", "valid_until": day}
    try:
        if not day:
            raise Invalid.field("valid_until", "is required", "missing")
        changes = inputs.changes(budgets.BudgetInput, given, text=True, zone=zone().key)
        with transaction():
            own, row = budgets.RESOURCE.listing.lock(who, key)
            expect(row, cells.seen_version())
            budgets.settle(row)
            if row.status not in CLOSED:
                raise Conflict(f"{PAGE.name(row)} is {row.status.lower()}: it cannot be reopened.")
            budgets.update(own, row, changes)
            name = PAGE.name(row)
    except Invalid as error:
        return ask_reopen(key, error)
    except (Conflict, PreconditionFailed) as error:
        return actions.refused(PAGE, key, error.message)
    flash(f"{name} was reopened.", "ok")
    return redirect_to(PAGE.url("show", key=key))


def change_lines() -> Response:
    """The form with a line added or removed, for browsers without JavaScript."""
    return records.form(PAGE, budget_form.edited(), line_forms.with_change())
