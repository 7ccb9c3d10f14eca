"""VAT rates of the European Union and the United Kingdom, which are offered when a tax is made.

They are suggestions: the percentages that were in force in 2025, without exceptions by region. What they come from
is said in vat_rates.SOURCE.md.
"""

import json
from dataclasses import dataclass
from decimal import Decimal
from functools import cache
from pathlib import Path

CUT = Path(__file__).with_name("vat_rates.json")
KINDS = {"standard": "standard", "reduced": "reduced", "super_reduced": "super-reduced", "parking": "parking"}


@dataclass(frozen=True, slots=True)
class VatRate:
    """One rate of a country."""

    kind: str
    percent: Decimal

    @property
    def name(self) -> str:
        """A name for a tax of this rate: VAT 5.5 %."""
        return f"VAT {self.percent} %"


@cache
def by_country() -> dict[str, tuple[VatRate, ...]]:
    """The rates of each country, the standard one first."""
    found = json.loads(CUT.read_text("utf-8"), parse_float=Decimal)
    return {
        country: tuple(VatRate(KINDS[kind], Decimal(percent)) for kind, percent in rates)
        for country, rates in found.items()
    }
