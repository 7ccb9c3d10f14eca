"""Computes the amounts of a budget, when it is written and for the preview of a form."""

from dataclasses import dataclass
from typing import Any

from domain.actor import Actor
from domain.errors import Invalid, Mistakes
from domain.inputs import minor, sent_again
from domain.sales import totals
from domain.sales.budgets import budget_lines
from domain.sales.budgets.budget_lines import Line
from domain.sales.totals import Totals
from models.budget import Budget
from models.money import LIMIT

FIELDS = frozenset({"items", "discount", "tax", "currency"})


@dataclass(frozen=True, slots=True)
class Amounts:
    """A budget's lines and sums before they are written."""

    currency: str
    lines: list[Line]
    discount: int
    tax: int
    totals: Totals


def change(actor: Actor, budget: Budget, given: dict[str, Any]) -> None:
    """Write the currency, items, discount and tax that were sent, and the sums."""
    found = computed(actor, budget, given)
    budget.currency = found.currency
    if given.get("items") is not None or "discount" in given:
        budget_lines.write(budget, found.lines)
    budget.header_discount_minor, budget.header_tax_minor = found.discount, found.tax
    sums = found.totals
    budget.subtotal_minor, budget.discount_minor = sums.subtotal, sums.discount
    budget.tax_minor, budget.total_minor = sums.tax, sums.total


def computed(actor: Actor, budget: Budget, given: dict[str, Any]) -> Amounts:
    """The new amounts; changes nothing. Invalid names everything that is wrong."""
    mistakes = Mistakes()
    currency = given.get("currency") or budget.currency
    if currency != budget.currency:
        whole = {"discount": budget.header_discount_minor, "tax": budget.header_tax_minor}
        with mistakes.collected():
            sent_again({"items": budget.items, **whole}, given)
    items = given.get("items")
    lines = [budget_lines.kept(one, currency) for one in budget.items]
    if items is not None:
        with mistakes.collected():
            lines = budget_lines.read(actor, budget, items, currency)
    discount, tax = budget.header_discount_minor or 0, budget.header_tax_minor or 0
    if "discount" in given:
        with mistakes.collected():
            discount = minor("discount", given["discount"], currency) or 0
    if "tax" in given:
        with mistakes.collected():
            tax = minor("tax", given["tax"], currency) or 0
    mistakes.refuse()
    if discount > sum(one.amount_minor - one.discount_minor for one in lines):
        raise Invalid.field("discount", "must not be more than the budget's amount", "contradiction")
    if items is not None or "discount" in given:        # nothing else changes a line's tax
        for line, line_tax in zip(lines, totals.taxes(lines, discount), strict=True):
            line.tax_minor = line_tax
    sums = totals.add_up(lines, discount, tax)
    if max(sums.subtotal, sums.total) >= LIMIT:
        raise Invalid.field("items", "add up to an amount that is too large", "overflow")
    return Amounts(currency, lines, discount, tax, sums)
