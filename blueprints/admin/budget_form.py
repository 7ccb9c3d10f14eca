"""The form of a budget: its values, its parsing, and the preview of its sum."""

from datetime import date
from typing import Any

from flask import render_template, request
from werkzeug.datastructures import MultiDict

from blueprints.admin import line_forms
from blueprints.admin.crud import records
from blueprints.admin.crud.changed_fields import changed_only
from blueprints.admin.crud.form_fields import payload
from blueprints.admin.line_forms import ITEM, price, rate
from blueprints.pages.format import words
from blueprints.pages.session import wide_actor
from blueprints.row_keys import row_key
from domain import inputs, zones
from domain.actor import Actor, All
from domain.errors import Invalid, Problem
from domain.sales.budgets import budget_amounts, budgets
from models.budget import Budget, BudgetItem
from models.money import Money, from_ten_thousandths

PARTS = ("product_id", "description", "unit_price", "discount", "tax")      # an empty line has none of them


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


# Reading --------------------------------------------------------------------------------------------


def read(form: MultiDict[str, str]) -> MultiDict[str, str]:
    """The form for the domain: rows by their ids, rates apart from amounts, without empty lines."""
    plain, filled, who = MultiDict[str, str](), line_forms.filled(PARTS), acting_for(edited())
    for name in form:
        value = form[name]
        part = ITEM.fullmatch(name)
        if name in ("add_line", "remove_line") or (part and int(part[1]) not in filled):
            continue
        if line_forms.is_named(name):
            value = line_forms.key_of(value, name, who)
        elif part and part[2] == "tax" and value.strip().endswith("%"):
            value = value.strip().removesuffix("%")
            plain.add(name + "_percent", value)
            continue
        plain.add(name, value)
        if part and part[2] == "id":                # a stored line has an id, and always a quantity
            quantity = f"items.{part[1]}.quantity"
            plain[quantity] = request.form.get(quantity, "")
    return plain


def explain(name: str, problem: Problem) -> tuple[str, Problem]:
    """Place a mistake at its line in the form; for a row that was not found, say what to do."""
    name = line_forms.place(name, PARTS, "description").removesuffix("_percent")
    return name, line_forms.not_found(name, problem)


def choices(who: Actor) -> dict[str, Any]:
    """The suggestions before anything is typed, and the zone of its days."""
    return line_forms.choices(who) | {"days": zones.of_actor(who).key}


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
    key = row_key(request.values.get("key", ""))
    row: Budget | None = budgets.RESOURCE.listing.get(wide_actor(), key) if key is not None else None
    return row


def acting_for(row: Budget | None) -> Actor:
    """The user, for the merchant of the budget."""
    return records.acting_new() if row is None else wide_actor().for_row(row)
