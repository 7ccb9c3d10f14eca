"""Reads the CSV files of banks: encoding, delimiter, heads, date and decimal form are found in the file itself.

Nothing is guessed: where a column can be read in two ways, the file is refused with a sentence that asks which.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from decimal import Decimal
from itertools import islice
from typing import TypeVar

from domain.errors import Invalid
from domain.payments.bank import ibans
from domain.payments.bank.formats import bank_csv_heads, bank_csv_values
from domain.payments.bank.formats.bank_csv_text import HEADS_WITHIN, Cells, CsvText
from domain.payments.bank.formats.bank_csv_values import NotRead
from domain.payments.bank.formats.bank_rows import (
    LONGEST_NAME,
    BankRow,
    Size,
    StatementFile,
    bank_id_of,
    cleaned,
    identified,
    minor_units,
    refuse,
)

DELIMITERS = ";,\t|"
CREDIT = frozenset({"c", "cr", "crdt", "credit", "h", "haben", "bij", "+", "in", "gutschrift"})
DEBIT = frozenset({"d", "dr", "dbit", "debit", "s", "soll", "af", "-", "out", "lastschrift"})
IS_BOOKED = frozenset({
    "", "booked", "book", "gebucht", "completed", "complete", "posted", "settled", "cleared", "executed",
})
IS_PENDING = frozenset({
    "pending", "pdng", "vorgemerkt", "authorised", "authorized", "processing", "reverted", "declined", "failed",
    "cancelled", "umsatz vorgemerkt",
})
ANYTHING = "info"                      # this head stands over pending or booked at some banks, over remarks at others
T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class CsvForm:
    """What the merchant says about a CSV file; whatever he does not say is found in the file."""

    columns: Mapping[str, str] = field(default_factory=dict)      # part: head; see bank_csv_heads.PARTS
    day_first: bool | None = None
    decimal_mark: str = ""             # "." or ","
    currency: str = ""                 # of a file that names none
    account: str = ""                  # of a file that names none


@dataclass(frozen=True, slots=True)
class _Table:
    """A file with its columns. Its lines are read from the file again whenever they are asked for, and not kept."""

    form: CsvForm
    file: CsvText
    delimiter: str
    place: int                                 # of the line of heads
    heads: Cells
    columns: Mapping[str, list[int]]
    account: str
    count: int | None = None                   # of the lines that are movements; None: not yet known

    def lines(self) -> Iterator[tuple[int, Cells]]:
        """The lines below the heads that are not empty, with the line of the file at which each ends."""
        below = islice(self.file.lines(self.delimiter), self.place + 1, None)
        return islice((one for one in below if any(cell.strip() for cell in one[1])), self.count)

    def cell(self, cells: Cells, part: str) -> str:
        places = self.columns.get(part, [])
        return cells[places[0]].strip() if places and places[0] < len(cells) else ""

    def all(self, *parts: str) -> Iterator[str]:
        return (value for _, cells in self.lines() for part in parts if (value := self.cell(cells, part)))

    def head(self, part: str) -> str:
        return self.heads[self.columns[part][0]].strip() if part in self.columns else part


def read(raw: bytes, form: CsvForm) -> StatementFile:
    """The booked movements of a file; Invalid, with the line, when it cannot be read without guessing."""
    bank_csv_heads.check_names(form.columns)
    table = _without_closing_lines(_table(CsvText(raw), form))
    dates = _column(table, "booked_on", lambda: bank_csv_values.date_form(table.all("booked_on"), form.day_first))
    mark = form.decimal_mark or _column(
        table, "amount", lambda: bank_csv_values.decimal_mark(table.all("amount", "credit", "debit")))
    rows, pending, size = [], 0, Size()
    for line, cells in table.lines():
        if _is_pending(table, line, cells):
            pending += 1
        else:
            rows.append(_row(table, line, cells, dates, mark))
            size.add(rows[-1])
    return StatementFile("csv", identified(rows), pending)


def _table(file: CsvText, form: CsvForm) -> _Table:
    tried = [(delimiter, found) for delimiter in DELIMITERS if (found := _heads(file, delimiter, form))]
    if not tried:
        named = f" with {', '.join(repr(one) for one in form.columns.values())}" if form.columns else ""
        raise Invalid(
            f"The first {HEADS_WITHIN} lines have no line of heads{named} in which a date and an amount are found. "
            "Name the columns.", code="bad_statement",
        )
    delimiter, (place, columns) = max(tried, key=lambda one: sum(map(len, one[1][1].values())))
    first = list(islice(file.lines(delimiter), place + 1))
    account = _account_before(first[:place]) or form.account
    return _Table(form, file, delimiter, place, first[place][1], columns, account)


def _heads(file: CsvText, delimiter: str, form: CsvForm) -> tuple[int, dict[str, list[int]]] | None:
    try:
        for place, (_, cells) in enumerate(islice(file.lines(delimiter), HEADS_WITHIN)):
            named = bank_csv_heads.named_by(form.columns, cells) if form.columns else bank_csv_heads.found_in(cells)
            if named:
                return place, named
    except Invalid:                    # quotes do not fit with this delimiter; another may
        return None
    return None


def _account_before(lines: Sequence[tuple[int, Cells]]) -> str:
    """The account that a bank names above the heads."""
    cells = [ibans.joined(cell) for _, line in lines for cell in line]
    return next((cell for cell in cells if ibans.mistake(cell) is None), "")


def _without_closing_lines(table: _Table) -> _Table:
    """The table without the lines of balances and remarks below the movements; they have no date."""
    dated = (number for number, (_, cells) in enumerate(table.lines(), 1)
             if any(letter.isdigit() for letter in table.cell(cells, "booked_on")))
    return replace(table, count=max(dated, default=0))


def _column(table: _Table, part: str, read_all: Callable[[], T]) -> T:
    try:
        return read_all()
    except NotRead as error:
        raise Invalid(f"The values of the column {table.head(part)[:60]!r} {error}.", code="bad_statement") from None


def _is_pending(table: _Table, line: int, cells: Cells) -> bool:
    word = table.cell(cells, "status").casefold()
    is_known = word in IS_BOOKED | IS_PENDING or bank_csv_heads.folded(table.head("status")) == ANYTHING
    if not is_known:
        raise refuse(f"line {line}", f"{table.head('status')[:60]!r} has a word that is neither booked nor pending.")
    return word in IS_PENDING


def _row(table: _Table, line: int, cells: Cells, dates: bank_csv_values.DateForm, mark: str) -> BankRow:
    place = f"line {line}"
    try:
        booked_on = bank_csv_values.day(table.cell(cells, "booked_on"), dates)
    except NotRead as error:
        raise refuse(place, f"{table.head('booked_on')[:60]!r} {error}.") from None
    currency = _currency(table, place, cells)
    texts = [cells[column] for column in table.columns.get("text", []) if column < len(cells)]
    account = ibans.joined(table.cell(cells, "payer_account"))[:34]
    return BankRow(
        place=place, account=ibans.joined(table.cell(cells, "account"))[:34] or table.account, booked_on=booked_on,
        amount_minor=minor_units(place, _amount(table, place, cells, mark), currency), currency=currency,
        payer_name=cleaned(table.cell(cells, "payer_name"), LONGEST_NAME), payer_account=account or None,
        texts=tuple(dict.fromkeys(text for one in texts if (text := cleaned(one)))),
        bank_id=bank_id_of(table.cell(cells, "bank_id")),
    )


def _currency(table: _Table, place: str, cells: Cells) -> str:
    part = next(one for one in ("amount", "credit") if one in table.columns)
    said = table.cell(cells, "currency").upper().replace("€", "EUR")
    found = said or bank_csv_heads.currency_of(table.head(part)) or table.form.currency
    if len(found) != 3 or not (found.isascii() and found.isalpha()):
        raise refuse(place, "no currency is named in the line, in the heads or with the file.")
    return found


def _amount(table: _Table, place: str, cells: Cells, mark: str) -> Decimal:
    """The signed amount, from one column, from one with a direction beside it, or from two."""
    part = "amount"
    try:
        if part in table.columns and (table.cell(cells, part) or "credit" not in table.columns):
            return _directed(table, cells, bank_csv_values.amount(table.cell(cells, part), mark))
        sides = {}
        for part in ("credit", "debit"):
            said = table.cell(cells, part)
            sides[part] = bank_csv_values.amount(said, mark) if said else Decimal(0)
        if sides["credit"] and sides["debit"]:
            raise NotRead("and the column of credits both have an amount")
        return sides["credit"] or -abs(sides["debit"])
    except NotRead as error:
        raise refuse(place, f"{table.head(part)[:60]!r} {error}.") from None


def _directed(table: _Table, cells: Cells, amount: Decimal) -> Decimal:
    if "direction" not in table.columns:
        return amount
    word = table.cell(cells, "direction").casefold()
    if word not in CREDIT | DEBIT or (word in CREDIT and amount < 0):
        raise NotRead("does not fit the direction beside it")
    return -abs(amount) if word in DEBIT else amount
