"""The rows of a bank statement, whatever its format, and what makes a row the same when it is read again."""

import hashlib
import re
import sys
import unicodedata
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal

from domain.errors import Invalid
from models.money import LIMIT, to_minor

MOST_ROWS, MOST_TEXTS = 50_000, 50
LONGEST_NAME, LONGEST_TEXT, LONGEST_ID = 140, 1000, 100
LARGEST = 64 * 1024 * 1024             # bytes that all rows of a file may take in memory
WEIGHT = 500                           # bytes of a row without its texts
NO_ID = frozenset({"NONREF", "NOTPROVIDED", "NOREF", "NONE", "0"})        # what banks write where they have no id


@dataclass(frozen=True, slots=True)
class BankRow:
    """One movement on an account: money in is positive, money out negative."""

    place: str                         # where it stands in the file, for messages: "line 12"
    account: str                       # the merchant's own, as the bank writes it; empty if the file names none
    booked_on: date
    amount_minor: int
    currency: str
    payer_name: str | None = None      # of money out: who received it
    payer_account: str | None = None
    texts: tuple[str, ...] = ()        # in which a reference may stand, structured ones first
    bank_id: str | None = None         # the bank's own id of the movement
    is_reversal: bool = False          # takes back an earlier movement
    identity: str = ""                 # equal for the same movement in another file


@dataclass(frozen=True, slots=True)
class StatementFile:
    """What was read from one file. Pending movements are counted only: they come again when they are booked."""

    kind: str                          # "camt.053" or "csv"
    rows: tuple[BankRow, ...]
    pending: int = 0


def refuse(place: str, sentence: str) -> Invalid:
    """The error of a file that cannot be read: where, and why."""
    return Invalid(f"{place[:1].upper()}{place[1:]}: {sentence}", code="bad_statement", details={"place": place})


def too_many() -> Invalid:
    """The error of a file with more rows than are read at once."""
    return Invalid(f"The file has more than {MOST_ROWS} rows: split it.", code="bad_statement")


@dataclass(slots=True)
class Size:
    """How much was read of a file: bounded, as whoever sends a file would otherwise choose how much memory it takes."""

    rows: int = 0
    memory: int = 0

    def add(self, row: BankRow | None = None) -> None:
        """Count a row, or a pending one, which is not kept."""
        self.rows += 1
        if row is not None:
            self.memory += WEIGHT + sum(map(sys.getsizeof, (*row.texts, row.payer_name)))
        if self.rows > MOST_ROWS:
            raise too_many()
        if self.memory > LARGEST:
            raise Invalid("The texts of the file are too large together: split it.", code="bad_statement")


def minor_units(place: str, amount: Decimal, currency: str) -> int:
    """A file's amount in minor units; zeros behind the currency's decimals are allowed, other digits are not."""
    try:
        minor = to_minor(amount, currency)
    except ValueError as error:
        raise refuse(place, f"the amount {amount} {error} of {currency}.") from None
    if abs(minor) >= LIMIT:
        raise refuse(place, "the amount is too large.")
    return minor


def cleaned(text: str | None, longest: int = LONGEST_TEXT) -> str | None:
    """A text of a file with single blanks, without invisible characters, cut at a length; None for nothing."""
    visible = "".join(letter if letter.isprintable() else " " for letter in unicodedata.normalize("NFC", text or ""))
    return " ".join(visible.split())[:longest].rstrip() or None


def bank_id_of(text: str | None) -> str | None:
    """The bank's id; None for the words that banks write when there is none."""
    found = cleaned(text, LONGEST_ID)
    return None if found is None or re.sub(r"\W", "", found.upper()) in NO_ID else found


def identified(rows: Iterable[BankRow]) -> tuple[BankRow, ...]:
    """The rows with their identities.

    Account and bank's id make a movement the same; without an id all that is known of it does. Movements
    that are equal within one file are told apart by their number, so that none of them is lost.
    """
    seen: Counter[str] = Counter()
    found = []
    for row in rows:
        key = _key_of(row)
        seen[key] += 1
        digest = hashlib.sha256(f"{key}\x1f{seen[key]}".encode("utf-8", "surrogatepass")).hexdigest()
        found.append(replace(row, identity=digest))
    return tuple(found)


def _key_of(row: BankRow) -> str:
    known: tuple[object, ...]
    if row.bank_id:
        known = ("id", row.account, row.bank_id)
    else:
        known = (
            "row", row.account, row.booked_on.isoformat(), row.amount_minor, row.currency, row.payer_name or "",
            row.payer_account or "", row.is_reversal, *row.texts,
        )
    return "\x1f".join(str(one) for one in known)
