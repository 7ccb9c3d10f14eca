"""The form of a budget: its values, its parsing, its suggestions, and the preview of its sum."""

import re
from datetime import date
from typing import Any

from flask import render_template, request
from werkzeug.datastructures import MultiDict

from blueprints.admin.crud import records
from blueprints.admin.crud.changed_fields import changed_only
from blueprints.admin.crud.form_fields import payload
from blueprints.pages.format import words
from blueprints.pages.session import wide_actor
from database.searching import fold
from domain import inputs, zones
from domain.actor import Actor, All
from domain.catalog import pricing, products
from domain.errors import Invalid, Problem
from domain.listing import Listing
from domain.pages import Query, Record
from domain.people import customers
from domain.sales.budgets import budget_amounts, budgets
from models.budget import Budget, BudgetItem
from models.money import Money, from_micro, from_ten_thousandths
from models.product import ProductStatus

OFFERED = 30
MOST_CHOICES = 500
LONGEST = 200                       # characters of a name
NAMED = re.compile(r"\((\d{1,18})\)\s*\Z")          # how the lists name a row: Ada Lovelace (42)
TYPED = ("product_id", "description", "unit_price", "discount", "tax")      # an empty line has none of them
ITEM = re.compile(r"items\.(\d{1,6})\.(\w+)")


def values(row: Budget) -> dict[str, Any]:
    """A budget's values for the form, with its lines."""
    shown: dict[str, Any] = {
        "customer_id": f"{row.customer.name} ({row.customer_id})", "currency": row.currency, "notes": row.notes,
        "valid_until": _last_day(row),
        "discount": _amount(row.header_discount_minor, row.currency),
        "tax": _amount(row.header_tax_minor, row.currency),
    }
    for number, item in enumerate(row.items):
        shown |= {f"items.{number}.{name}": value for name, value in line(item, row.currency).items()}
    return shown


def _last_day(row: Budget) -> date | None:
    """The last day it is valid, in the merchant's zone."""
    return row.valid_until.astimezone(zones.of_merchant(row.merchant_id)).date() if row.valid_until else None


def line(item: BudgetItem, currency: str) -> dict[str, Any]:
    """One line's values for the form; the tax is a rate such as 19 %, or an amount."""
    percent = item.tax_percent_ten_thousandths
    return {
        "id": item.id, "product_id": f"{item.product.name} ({item.product_id})" if item.product else "",
        "description": item.description, "quantity": from_ten_thousandths(item.quantity_ten_thousandths),
        "unit_price": price(item.unit_price_micro), "discount": _amount(item.discount_minor, currency),
        "tax": rate(percent) if percent is not None else str(Money(item.tax_minor, currency).decimal),
    }


def _amount(minor: int, currency: str) -> str:
    return str(Money(minor, currency).decimal) if minor else ""


def price(micro: int) -> str:
    """A unit price with at least two decimals."""
    whole, _, decimals = f"{from_micro(micro):f}".partition(".")
    return f"{whole}.{decimals.rstrip('0').ljust(2, '0')}"


def rate(percent: int | None) -> str:
    return f"{from_ten_thousandths(percent or 0)} %"


# Reading --------------------------------------------------------------------------------------------


def read(form: MultiDict[str, str]) -> MultiDict[str, str]:
    """The form for the domain: rows by their ids, rates apart from amounts, without empty lines."""
    plain, filled = MultiDict[str, str](), filled_lines()
    for name in form:
        value = form[name]
        part = ITEM.fullmatch(name)
        if name in ("add_line", "remove_line") or (part and int(part[1]) not in filled):
            continue
        if name == "customer_id" or name.endswith(".product_id"):
            value = key_of(value.strip(), customers.LISTING if name == "customer_id" else products.LISTING)
        elif part and part[2] == "tax" and value.strip().endswith("%"):
            value = value.strip().removesuffix("%")
            plain.add(name + "_percent", value)
            continue
        plain.add(name, value)
        if part and part[2] == "id":                # a stored line has an id, and always a quantity
            quantity = f"items.{part[1]}.quantity"
            plain[quantity] = request.form.get(quantity, "")
    return plain


def filled_lines() -> list[int]:
    """The numbers of the lines in which something was typed."""
    found = {
        int(part[1]) for name, value in request.form.items()
        if (part := ITEM.fullmatch(name)) and part[2] in TYPED and value.strip()
    }
    return sorted(found)


def key_of(said: str, listing: Listing) -> str:
    """The id of a row by its name in the suggestions, or by its full name where only one has it."""
    if found := NAMED.search(said):
        return found.group(1)
    if not said or said.isdigit() or len(said) > LONGEST:
        return said
    query = Query(search=said.replace("\x00", ""), sort="name", descending=False, limit=MOST_CHOICES)
    page = listing.page(acting_for(edited()), query)
    same = [one for one in page.records if fold(one.name) == fold(said)]
    return str(same[0].id) if len(same) == 1 and page.total <= MOST_CHOICES else said


def explain(name: str, problem: Problem) -> tuple[str, Problem]:
    """Place a mistake at its line in the form; for a row that was not found, say what to do."""
    if part := re.fullmatch(r"items\.(\d{1,6})(\..+)?", name):
        filled = filled_lines()
        number = filled[int(part[1])] if int(part[1]) < len(filled) else part[1]
        name = f"items.{number}{(part[2] or '.description').removesuffix('_percent')}"
    if problem.code == "type" and (name == "customer_id" or name.endswith(".product_id")):
        noun = "customer" if name == "customer_id" else "product"
        return name, Problem("unknown", f"has no match: choose a {noun} from the list")
    return name, problem


# Lists ----------------------------------------------------------------------------------------------


def lines(shown: dict[str, str]) -> list[int]:
    """The numbers of the lines in a form; one empty line when there are none."""
    return sorted({int(part[1]) for name in shown if (part := ITEM.fullmatch(name))}) or [0]


def choices(who: Actor) -> dict[str, Any]:
    """The suggestions before anything is typed: the first customers and products by name."""
    return {"customers": found(customers.LISTING, who, ""), **offered(who, ""), "lines": lines,
            "days": zones.of_actor(who).key}


def offered(who: Actor, wanted: str) -> dict[str, Any]:
    """Active products whose name or SKU matches, with the values for a line."""
    records = found(products.LISTING, who, wanted, status=ProductStatus.ACTIVE)
    rates = pricing.percentages(who, {one.tax_id for one in records if one.tax_id is not None})
    return {"products": records, "rates": {key: rate(percent) for key, percent in rates.items()}, "price": price}


def found(listing: Listing, who: Actor, wanted: str, **filters: Any) -> list[Record]:
    """The first rows by name that match the text."""
    search = NAMED.sub("", wanted).strip()[:100].replace("\x00", "")
    query = Query(search=search, sort="name", descending=False, limit=OFFERED, filters=filters)
    return list(listing.page(who, query).records)


def offer_customers() -> str:
    """Customers whose name or e-mail matches the text."""
    records = found(customers.LISTING, acting_for(edited()), request.args.get("customer_id", ""))
    return render_template("admin/_customer_options.html", customers=records)


def offer_products() -> str:
    """Products whose name or SKU matches the text in one of the lines."""
    wanted = next((value for name, value in request.args.items() if name.endswith(".product_id")), "")
    return render_template("admin/_product_options.html", **offered(acting_for(edited()), wanted))


# The sum --------------------------------------------------------------------------------------------


def show_sum() -> str:
    """The amounts of the budget if the form were saved now."""
    row = edited()
    who = acting_for(row)
    if isinstance(who.merchant_ids, All) or len(who.merchant_ids) != 1:
        return render_template("admin/_sum.html", reason="Choose a merchant profile first.")
    form, off = changed_only(())
    given = {name: value for name, value in payload(read(form), off).items() if name in budget_amounts.FIELDS}
    if row is None and not given.get("items"):
        return render_template("admin/_sum.html", reason="No lines yet.")
    try:
        changes = inputs.changes(budgets.BudgetInput, given, text=True)
        return render_template("admin/_sum.html", amounts=budgets.preview(who, row, changes))
    except Invalid as error:
        name, problem = next(iter(dict(explain(*one) for one in error.fields.items()).items()))
        return render_template("admin/_sum.html", reason=f"{words(name)} {problem}.")


def edited() -> Budget | None:
    """The budget that the form changes; None for a new one."""
    key = request.values.get("key", "")
    row: Budget | None = budgets.RESOURCE.listing.get(wide_actor(), int(key)) if key.isdecimal() else None
    return row


def acting_for(row: Budget | None) -> Actor:
    """The user, for the merchant of the budget."""
    return records.acting_new() if row is None else wide_actor().for_row(row)
