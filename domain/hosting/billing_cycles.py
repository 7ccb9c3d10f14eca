"""Names of intervals: monthly, quarterly, every_2_weeks."""

import re

from domain.inputs import validators
from models.product import IntervalUnit

CYCLES = {
    "monthly": (IntervalUnit.MONTH, 1), "quarterly": (IntervalUnit.MONTH, 3), "semi_annually": (IntervalUnit.MONTH, 6),
    "annually": (IntervalUnit.YEAR, 1),
}
NAMES = {interval: name for name, interval in CYCLES.items()} | {(IntervalUnit.MONTH, 12): "annually"}
ADVERBS = {
    IntervalUnit.DAY: "daily", IntervalUnit.WEEK: "weekly", IntervalUnit.MONTH: "monthly", IntervalUnit.YEAR: "yearly",
}
OTHER = re.compile(r"every_([1-9]\d{0,3})_(day|week|month|year)s\Z", re.ASCII)
PATTERN = r"^(monthly|quarterly|semi_annually|annually|every_[1-9]\d{0,3}_(day|week|month|year)s)$"
Interval = tuple[IntervalUnit, int]


def known(value: str) -> str:
    """The name itself; raises for a text that is none."""
    read(value)
    return value


def read(value: str) -> Interval:
    """The interval of a name; raises for any other text."""
    if value in CYCLES:
        return CYCLES[value]
    found = OTHER.match(value)
    if found is None:
        raise validators.wrong("inclusion", f"must be one of {', '.join(CYCLES)}, or every_<n>_<unit>s")
    return IntervalUnit(found[2].upper()), int(found[1])


def words(name: str) -> str:
    """The name as people say it: monthly, weekly, every 2 weeks."""
    unit, count = read(name)
    if name in CYCLES:
        return name.replace("_", "-")
    return ADVERBS[unit] if count == 1 else f"every {count} {unit.lower()}s"
