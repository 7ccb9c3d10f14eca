"""Reads the steps in which a merchant reminds customers of overdue invoices: a line each, such as 3: Please pay."""

import re
from dataclasses import dataclass
from typing import Annotated

from pydantic import AfterValidator

from domain.inputs import LongText
from domain.inputs.validators import wrong

LINE = re.compile(r"(\d{1,3})\s*:\s*(\S.*)")
MOST, LONGEST = 10, 1000


@dataclass(frozen=True, slots=True)
class Step:
    """So many days after the last day to pay, this text."""

    days: int
    text: str


def read(text: str | None) -> list[Step]:
    """The steps of a text that was checked, the first day first."""
    found = [LINE.fullmatch(line.strip()) for line in (text or "").splitlines() if line.strip()]
    return sorted((Step(int(one[1]), one[2]) for one in found if one is not None), key=lambda step: step.days)


def _checked(text: str) -> str:
    """The steps in their order, a line each; raises ValueError for lines that are none."""
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    steps = read(text)
    if len(steps) != len(lines) or any(not 1 <= one.days <= 365 or len(one.text) > LONGEST for one in steps):
        raise wrong("invalid", "must have a line for each step, with days (1 to 365) and a text, such as 3: Please pay")
    if len({one.days for one in steps}) != len(steps) or len(steps) > MOST:
        raise wrong("too_long", f"must have at most {MOST} steps, each on another day")
    return "\n".join(f"{one.days}: {one.text}" for one in steps)


ReminderSteps = Annotated[LongText, AfterValidator(_checked)]
