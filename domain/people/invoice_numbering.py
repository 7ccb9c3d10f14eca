"""The pattern of a merchant's document numbers: INV-{n:06}, or with the year, which begins the count anew."""

import re
from typing import Annotated

from pydantic import AfterValidator, BeforeValidator, Field

from domain.inputs import schema_facts, validators
from domain.inputs.validators import visible, wrong

COUNTER = re.compile(r"\{n(?::0([1-9]|1[0-2]))?\}")
YEAR = "{year}"
LONGEST = 40


def checked(value: str) -> str:
    """A pattern that can be used, as it is: one counter, at most one year, no other braces, no spaces."""
    plain, counters = COUNTER.subn("", value)
    plain = plain.replace(YEAR, "", 1)
    if counters != 1 or "{" in plain or "}" in plain or re.search(r"\s", plain):
        raise wrong("invalid", "must have one counter and no spaces, such as INV-{n:06} or {year}-{n:04}")
    return visible(value)


NumberPattern = Annotated[
    str, Field(max_length=LONGEST), AfterValidator(checked), BeforeValidator(validators.stripped),
    schema_facts.NUMBER_PATTERN,
]


def period(pattern: str, year: int) -> str:
    """What the count belongs to: the year where the pattern has it, else all time."""
    return str(year) if YEAR in pattern else ""


def number(pattern: str, count: int, year: int, *, test: bool) -> str:
    """The number of a document; those of the test world begin with TEST-."""
    written = COUNTER.sub(lambda found: str(count).zfill(int(found[1] or 0)), pattern.replace(YEAR, str(year)))
    return f"TEST-{written}" if test else written
