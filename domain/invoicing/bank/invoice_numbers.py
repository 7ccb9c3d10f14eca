"""Finds numbers of invoices in what payers write into bank transfers, whatever the case and between its parts.

A number's key is its letters and digits: `INV-000123`, `inv 000123` and `INV000123` have the same one.
"""

import re
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass, field

from domain.payments.bank import creditor_references

RUN = re.compile(r"[^\W\d_]+|\d+")               # letters, or digits
LONGEST = 64                                     # letters and digits of a number
MOST_RUNS = 10                                   # of a number, as somebody may have cut it
MOST = 2000                                      # places of a text that are looked at
SHORTEST = 5                                     # letters and digits; less stands in many texts by chance


@dataclass(slots=True)
class Written:
    """The keys that may be numbers of invoices, each with how it was written."""

    keys: dict[str, set[str]] = field(default_factory=dict)

    def is_surely(self, number: str) -> bool:
        """Whether a text names this number, and not something that looks like it: a date, or an amount.

        A number of digits alone must be written as it is, or without anything but blanks between its digits.
        """
        key = key_of(number)
        if len(key) < SHORTEST:
            return False
        return not key.isdigit() or bool(self.keys.get(key, set()) & {key, _tight(_plain(number))})


def key_of(number: str) -> str:
    """The letters and digits of a number, in small letters."""
    return "".join(RUN.findall(_plain(number)))[:LONGEST]


def found_in(texts: Iterable[str]) -> Written:
    """What in these texts may be a number: each text alone, then all of them joined, as banks cut them anywhere."""
    plain = [_plain(one) for one in texts]
    written = Written()
    for text in [*plain, "\n".join(plain)] if len(plain) > 1 else plain:
        _look(creditor_references.without(text), written)
    return written


def _look(text: str, written: Written) -> None:
    runs = list(RUN.finditer(text))
    for place, first in enumerate(runs):
        key = ""
        for run in runs[place:place + MOST_RUNS]:
            key += run[0]
            if len(key) > LONGEST or len(written.keys) >= MOST:
                break
            if any(letter.isdigit() for letter in key):
                written.keys.setdefault(key, set()).add(_tight(text[first.start():run.end()]))


def _plain(text: str) -> str:
    return unicodedata.normalize("NFKC", text).casefold()


def _tight(text: str) -> str:
    """The text without blanks, and with one kind of dash."""
    return "".join("-" if unicodedata.category(one) == "Pd" else one for one in text if not one.isspace())
