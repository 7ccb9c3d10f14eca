"""Reads the numbers and codes of an e-invoice in the syntax CII."""

from collections.abc import Iterator
from decimal import ROUND_FLOOR, Decimal, InvalidOperation
from typing import Any

NAMES = {
    "rsm": "urn:un:unece:uncefact:data:standard:CrossIndustryInvoice:100",
    "ram": "urn:un:unece:uncefact:data:standard:ReusableAggregateBusinessInformationEntity:100",
    "udt": "urn:un:unece:uncefact:data:standard:UnqualifiedDataType:100",
}
CENT, HALF = Decimal("0.01"), Decimal("0.005")
SETTLEMENT = "//ram:ApplicableHeaderTradeSettlement"
SUMS = f"{SETTLEMENT}/ram:SpecifiedTradeSettlementHeaderMonetarySummation"
LINES = "//ram:IncludedSupplyChainTradeLineItem/ram:SpecifiedLineTradeSettlement"
YES, NO = "true", "false"


def rounded(amount: Decimal) -> Decimal:
    """To whole cents as XPath rounds: halves up, also below zero."""
    return (amount + HALF).quantize(CENT, ROUND_FLOOR)


class Reader:
    """One document. Paths without a leading slash are below the node that is given."""

    def __init__(self, tree: Any):
        self.tree = tree

    def all(self, path: str, node: Any = None) -> list[Any]:
        found: list[Any] = (self.tree if node is None else node).xpath(path, namespaces=NAMES)
        return found

    def text(self, path: str, node: Any = None) -> str | None:
        """The text of the first; None where there is none."""
        found = self.all(path, node)
        return None if not found else (found[0].text or "").strip()

    def number(self, path: str, node: Any = None) -> Decimal | None:
        """The number of the first; None where there is none, or it is no number."""
        return as_number(self.text(path, node))

    def sum(self, path: str, node: Any = None) -> Decimal:
        numbers = (as_number(one.text) for one in self.all(path, node))
        return sum((one for one in numbers if one is not None), Decimal())

    def total(self, name: str) -> Decimal | None:
        """One of the sums of the document."""
        return self.number(f"{SUMS}/ram:{name}")

    def has_empty_elements(self) -> bool:
        return bool(self.all("//*[not(*) and not(normalize-space())]"))

    def groups(self) -> list[Any]:
        """The taxes by category and rate."""
        return self.all(f"{SETTLEMENT}/ram:ApplicableTradeTax")

    def base_of(self, category: str, rate: Decimal | None) -> Decimal:
        """What the lines, charges and allowances of a category come to; without a rate those of every rate."""
        lines = sum((
            self.sum("ram:SpecifiedTradeSettlementLineMonetarySummation/ram:LineTotalAmount", line)
            for line in self.all(LINES) if self._is_of(line, "ram:ApplicableTradeTax", category, rate)
        ), Decimal())
        return lines + self._changes(YES, category, rate) - self._changes(NO, category, rate)

    def _changes(self, is_charge: str, category: str, rate: Decimal | None) -> Decimal:
        return sum((
            self.sum("ram:ActualAmount", one) for one in self.changes(is_charge)
            if self._is_of(one, "ram:CategoryTradeTax", category, rate)
        ), Decimal())

    def changes(self, is_charge: str) -> Iterator[Any]:
        """The charges, or the allowances, on the whole."""
        for one in self.all(f"{SETTLEMENT}/ram:SpecifiedTradeAllowanceCharge"):
            if self.text("ram:ChargeIndicator/udt:Indicator", one) == is_charge:
                yield one

    def _is_of(self, node: Any, tax: str, category: str, rate: Decimal | None) -> bool:
        own = self.number(f"{tax}/ram:RateApplicablePercent", node)
        return self.text(f"{tax}/ram:CategoryCode", node) == category and (rate is None or own == rate)


def as_number(text: str | None) -> Decimal | None:
    """A number as XML Schema writes it."""
    try:
        return Decimal(text.strip()) if text and text.strip() else None
    except InvalidOperation:
        return None
