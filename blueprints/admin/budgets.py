"""Budgets: the list, the record with its lines, the form with its line editor, approval."""

import re
from typing import Any

from flask import Response, flash, make_response, render_template, request
from werkzeug.datastructures import MultiDict
from werkzeug.wrappers import Response as BaseResponse

from blueprints.admin.crud import actions, cells, merging, records
from blueprints.admin.crud.form_fields import Field, Section, pairs
from blueprints.admin.crud.listing import Column, ListFilter, ListPage
from blueprints.admin.customers import currency_choices
from blueprints.pages.format import zone
from blueprints.pages.htmx import go
from blueprints.pages.session import actor, me, need, wide_actor
from blueprints.pages.shell import own_merchants
from database import transaction
from domain import inputs
from domain.actor import Actor, All
from domain.catalog import products
from domain.errors import Conflict, Invalid, PreconditionFailed, Problem
from domain.listing import Listing, expect
from domain.pages import Query
from domain.people import customers
from domain.sales import budgets
from models.budget import Budget, BudgetItem, BudgetStatus
from models.money import EXPONENTS, Money, from_micro, from_ten_thousandths
from models.product import ProductStatus

STATUS = pairs(BudgetStatus)
CLOSED = (BudgetStatus.REJECTED, BudgetStatus.EXPIRED)          # what can be opened again
MOST_CHOICES = 500
LONGEST = 200                       # letters of a name
NAMED = re.compile(r"\((\d{1,18})\)\s*\Z")          # how the lists name a row: Ada Lovelace (42)
LINE = ("product_id", "description", "quantity", "unit_price", "discount", "tax")


def values(row: Budget) -> dict[str, Any]:
    """A budget as the form shows it, lines included."""
    shown: dict[str, Any] = {
        "customer_id": f"{row.customer.name} ({row.customer_id})", "currency": row.currency, "notes": row.notes,
        "valid_until": row.valid_until.astimezone(zone()).date() if row.valid_until else None,
        "discount": _amount(row.header_discount_minor, row.currency),
        "tax": _amount(row.header_tax_minor, row.currency),
    }
    for number, item in enumerate(row.items):
        shown |= {f"items.{number}.{name}": value for name, value in line(item, row.currency).items()}
    return shown


def line(item: BudgetItem, currency: str) -> dict[str, Any]:
    """One line as the form shows it."""
    product = f"{item.product.name} ({item.product_id})" if item.product else ""
    return {
        "product_id": product, "description": item.description,
        "quantity": from_ten_thousandths(item.quantity_ten_thousandths),
        "unit_price": _price(item.unit_price_micro), "discount": _amount(item.discount_minor, currency),
        "tax": "" if item.tax_percent_ten_thousandths is not None else str(Money(item.tax_minor, currency).decimal),
    }


def _amount(minor: int, currency: str) -> str:
    return str(Money(minor, currency).decimal) if minor else ""


def _price(micro: int) -> str:
    whole, _, decimals = f"{from_micro(micro):f}".partition(".")
    return f"{whole}.{decimals.rstrip('0').ljust(2, '0')}"


def read(form: MultiDict[str, str]) -> MultiDict[str, str]:
    """The form as the domain reads it: rows by their ids, days to their end, empty lines left out.

    A day that was not changed is left out too, since the budget may end at another time of that day.
    """
    plain = MultiDict[str, str]()
    for name in form:
        value = form[name]
        if name == "customer_id" or name.endswith(".product_id"):
            value = key_of(value.strip(), customers.LISTING if name == "customer_id" else products.LISTING)
        elif name == "valid_until" and merging.untouched(name):
            continue
        elif name == "valid_until" and re.fullmatch(r"\d{4}-\d\d-\d\d", value):
            value += "T23:59:59"
        if name not in ("add_line", "remove_line") and not (name.startswith("items.") and _is_blank(form, name)):
            plain.add(name, value)
    return plain


def key_of(said: str, listing: Listing) -> str:
    """The id of a row by how the lists name it, or by its whole name where only one has it."""
    if found := NAMED.search(said):
        return found.group(1)
    if not said or said.isdigit() or len(said) > LONGEST:
        return said
    query = Query(search=said.replace("\x00", ""), sort="name", descending=False, limit=MOST_CHOICES)
    page = listing.page(records.acting(PAGE, None), query)
    same = [one for one in page.records if one.name.casefold() == said.casefold()]
    return str(same[0].id) if len(same) == 1 and page.total <= MOST_CHOICES else said


def explain(name: str, problem: Problem) -> Problem:
    """A row that cannot be told by what was typed: what to do."""
    if problem.code == "type" and (name == "customer_id" or name.endswith(".product_id")):
        noun = "customer" if name == "customer_id" else "product"
        return Problem("unknown", f"is not known by this name: choose a {noun} from the list")
    return problem


def _is_blank(form: MultiDict[str, str], name: str) -> bool:
    stem = name.rpartition(".")[0]
    return not any(form.get(f"{stem}.{part}", "").strip() for part in LINE if part != "quantity")


def lines(shown: dict[str, str]) -> list[int]:
    """The numbers of the lines in a form; one empty line when there are none."""
    found = {int(name.split(".")[1]) for name in shown if re.fullmatch(r"items\.\d{1,6}\.\w+", name)}
    return sorted(found) or [0]


def choices(who: Actor) -> dict[str, Any]:
    """What the form's lists offer: customers and products of the merchant, by name."""
    query = Query(sort="name", descending=False, limit=MOST_CHOICES)
    active = Query(sort="name", descending=False, limit=MOST_CHOICES, filters={"status": ProductStatus.ACTIVE})
    return {
        "customers": customers.LISTING.page(who, query).records,
        "products": products.LISTING.page(who, active).records,
        "lines": lines, "home_currency": home_currency(who), "exponents": EXPONENTS,
    }


def home_currency(who: Actor) -> str:
    """The currency of a budget that names none, where the form knows its merchant."""
    ids = who.merchant_ids
    found = {one.currency for one in own_merchants(me()) if isinstance(ids, All) or one.id in ids}
    return found.pop() if len(found) == 1 else ""


PAGE = ListPage(
    resource=budgets.RESOURCE,
    title="Budgets",
    group="Billing",
    place=130,
    keys="b",
    note=lambda row: row.customer_name,
    icon="file-dollar",
    about="Quotes that a customer approves or rejects before their date.",
    columns=(
        Column(name="id", title="Budget", kind="link", sort="id"),
        Column(name="customer_name", title="Customer"),
        Column(name="status", kind="tag", sort="status"),
        Column(name="total_minor", title="Total", kind="money", sort="total"),
        Column(name="valid_until", kind="day", sort="valid_until"),
        Column(name="created_at", title="Created", kind="ago", sort="created_at", minor=True),
    ),
    list_filters=(
        ListFilter(name="status", choices=STATUS, read=BudgetStatus),
        ListFilter(name="created_after", title="From", kind="day"),
        ListFilter(name="created_before", title="To", kind="day"),
    ),
    sections=(
        Section("Budget", (
            Field(name="customer_id", required=True),
            Field(name="currency", kind="select", choices=currency_choices, blank="The merchant's"),
            Field(name="valid_until", kind="date"),
            Field(name="notes", kind="area"),
        )),
    ),
    values=values,
    tones={"PENDING": "warn", "APPROVED": "ok", "REJECTED": "bad", "EXPIRED": ""},
    name=lambda row: f"Budget {row.id}",
    form="admin/budget_form.html",
    show="admin/budget.html",
    read=read,
    explain=explain,
    choices=choices,
    can_edit=lambda record: record.status == BudgetStatus.PENDING,
)


def register(bp: Any) -> None:
    """What a budget has beyond a declared noun."""
    write = need("WRITE_BUDGETS")
    bp.add_url_rule("/budgets/<int:key>/reopen", "budgets_ask_reopen", write(ask_reopen), methods=["GET"])
    bp.add_url_rule("/budgets/<int:key>/reopen", "budgets_reopen", write(reopen), methods=["POST"])
    bp.add_url_rule("/budgets/line", "budgets_line", write(change_lines), methods=["POST"])
    bp.add_url_rule("/budgets/customers", "budgets_customers", need("READ_CUSTOMERS")(offer_customers),
                    methods=["GET"])


def ask_reopen(key: int, wrong: Invalid | None = None) -> BaseResponse:
    """A rejected or expired budget opens again with a date in the future."""
    record = budgets.RESOURCE.listing.read(wide_actor(), key)
    if record.status not in CLOSED:
        return actions.refused(PAGE, key, f"Budget {key} is {record.status.lower()}: there is nothing to reopen.")
    page = render_template("admin/budget_reopen.html", here=PAGE, record=record, wrong=wrong)
    return make_response(page, 422 if wrong else 200)


def reopen(key: int) -> BaseResponse:
    """Pending again, until the end of the day that was chosen."""
    who, zone_name = wide_actor(), me().user.timezone
    day = request.form.get("valid_until", "")
    given = {"status": "PENDING", "valid_until": f"{day}T23:59:59"}
    try:
        if not day:
            raise Invalid.field("valid_until", "is required", "missing")
        changes = inputs.changes(budgets.BudgetInput, given, text=True, zone=zone_name)
        with transaction():
            own, row = budgets.RESOURCE.listing.lock(who, key)
            expect(row, cells.seen_version())
            budgets.settle(row)
            if row.status not in CLOSED:
                raise Conflict(f"Budget {key} is {row.status.lower()}: there is nothing to reopen.")
            budgets.update(own, row, changes)
    except Invalid as error:
        return ask_reopen(key, error)
    except (Conflict, PreconditionFailed) as error:
        return actions.refused(PAGE, key, error.message)
    flash(f"Budget {key} is open again.", "ok")
    return go(PAGE.url("show", key=key))


def change_lines() -> Response:
    """The form again with a line more or less, for browsers without JavaScript."""
    shown = request.form.to_dict()
    gone = shown.pop("remove_line", "")
    if shown.pop("add_line", ""):
        shown[f"items.{max(lines(shown)) + 1}.quantity"] = "1"
    if gone:
        shown = {name: value for name, value in shown.items() if not name.startswith(f"items.{gone}.")}
    key = shown.pop("key", "")
    row = budgets.RESOURCE.listing.get(wide_actor(), int(key)) if key.isascii() and key.isdigit() else None
    return records.form(PAGE, row, shown)


def offer_customers() -> str:
    """Customers whose name or e-mail fits what was typed."""
    wanted = request.args.get("customer_id", "").strip()[:100].replace("\x00", "")
    query = Query(search=wanted, sort="name", descending=False, limit=30)
    return render_template("admin/_options.html", rows=customers.LISTING.page(actor(), query).records)
