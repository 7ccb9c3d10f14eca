"""The form of a budget: its values, its parsing, and the preview of its sum."""

from datetime import date
from typing import Any

from werkzeug.datastructures import MultiDict

from blueprints.admin import line_forms
from blueprints.admin.line_forms import price, rate
from domain import inputs, zones
from domain.actor import Actor
from domain.errors import Problem
from domain.sales.budgets import budget_amounts, budgets
from models.budget import Budget, BudgetItem
from models.money import Money, from_ten_thousandths

PARTS = ("product_id", "description", "unit_price", "discount", "tax")      # an empty line has none of them


def values(row: Budget) -> dict[str, Any]:
    """A budget's values for the form, with its lines."""
    shown: dict[str, Any] = {
        "customer_id": f"{row.customer.name} ({row.customer_id})", "currency": row.currency, "notes": row.notes,
        "valid_until": _last_day(row),
        "discount": line_forms.amount(row.header_discount_minor, row.currency),
        "tax": line_forms.amount(row.header_tax_minor, row.currency),
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
        "unit_price": price(item.unit_price_micro), "discount": line_forms.amount(item.discount_minor, currency),
        "tax": rate(percent) if percent is not None else str(Money(item.tax_minor, currency).decimal),
    }


# Reading --------------------------------------------------------------------------------------------


def read(form: MultiDict[str, str]) -> MultiDict[str, str]:
    """The form for the domain."""
    return line_forms.read(form, PARTS, line_forms.acting_for(edited()), tax_of)


def tax_of(name: str, value: str) -> tuple[str, str]:
    """A line's tax: a rate such as 19 %, or an amount."""
    if not value.strip().endswith("%"):
        return name, value
    return name + "_percent", value.strip().removesuffix("%")


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
    def preview(who: Actor, row: Budget | None, given: dict[str, Any]) -> Any:
        return budgets.preview(who, row, inputs.changes(budgets.BudgetInput, given, text=True))

    return line_forms.show_sum(edited(), read, budget_amounts.FIELDS, preview, explain)


def edited() -> Budget | None:
    """The budget that the form changes; None for a new one."""
    row: Budget | None = line_forms.edited(budgets.RESOURCE.listing)
    return row
