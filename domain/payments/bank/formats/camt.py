"""Reads CAMT.053 (ISO 20022) account statements: every version, with batches, reversals and pending entries."""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import date
from decimal import Decimal

from domain.errors import Invalid
from domain.payments.bank.formats import camt_xml
from domain.payments.bank.formats.bank_rows import (
    LONGEST_NAME,
    MOST_ROWS,
    MOST_TEXTS,
    BankRow,
    Size,
    StatementFile,
    bank_id_of,
    cleaned,
    identified,
    minor_units,
    refuse,
    too_many,
)
from domain.payments.bank.formats.camt_xml import Element

NAMESPACE = re.compile(r"urn:iso:std:iso:20022:tech:xsd:camt\.053\.001\.\d{2,}")
AMOUNT = re.compile(r"\d{1,18}(\.\d{1,17})?|\.\d{1,17}", re.ASCII)
CURRENCY = re.compile(r"[A-Z]{3}")
DAY = re.compile(r"(\d{4}-\d\d-\d\d)(?:[T+\-Z].*)?", re.ASCII)
AWAITED = frozenset({"Ntry", "Stmt"})
BOOKED = "BOOK"
NOT_YET = frozenset({"PDNG", "INFO", "FUTR"})


@dataclass(slots=True)
class _Reading:
    """What was read of a file so far. Entries are not kept as elements: a large file would fill the memory."""

    rows: list[BankRow] = field(default_factory=list)
    open_rows: list[BankRow] = field(default_factory=list)        # of the statement that is open
    size: Size = field(default_factory=Size)
    pending: int = 0
    statements: int = 0
    root: Element | None = None

    def begun(self, root: Element) -> None:
        if root.name != "Document" or not NAMESPACE.fullmatch(root.namespace):
            raise Invalid(
                "This XML file is no CAMT.053 statement: its root names another document.", code="bad_statement")

    def finished(self, element: Element) -> None:
        if element.name not in AWAITED:
            self.root = element
        elif not NAMESPACE.fullmatch(element.namespace):          # another document's, in an envelope
            return
        elif element.name == "Ntry":
            self._read_entry(element)
        else:
            self.statements += 1
            if self.statements > MOST_ROWS:
                raise too_many()
            account = _account(element.first("Acct")) or ""
            self.rows += [replace(one, account=account) for one in self.open_rows]
            self.open_rows.clear()

    def _read_entry(self, entry: Element) -> None:
        status = entry.said("Sts/Cd", "Sts/Prtry", "Sts")
        if status in NOT_YET:
            self.pending += 1
            self.size.add()
        elif status == BOOKED:
            for row in _rows(entry):
                self.size.add(row)
                self.open_rows.append(row)
        else:
            raise _wrong(entry, "has no status that is known (BOOK, PDNG, INFO, FUTR).")


def read(raw: bytes) -> StatementFile:
    """The booked movements of a file; Invalid, with line and element, when it is no CAMT.053 statement."""
    reading = _Reading()
    camt_xml.read(raw, AWAITED, reading.begun, reading.finished)
    root = reading.root
    assert root is not None            # a file without one is not well-formed
    if root.first("BkToCstmrStmt") is None or not reading.statements:
        raise Invalid("This CAMT.053 file has no statement (Stmt).", code="bad_statement")
    return StatementFile("camt.053", identified(reading.rows), reading.pending)


def _wrong(element: Element, sentence: str) -> Invalid:
    return refuse(f"line {element.line}", f"the element <{element.name}> {sentence}")


def _rows(entry: Element) -> Iterator[BankRow]:
    """One row for an entry, or one for each transaction of a batch whose amounts add up to the entry's."""
    transactions = list(entry.all("NtryDtls/TxDtls"))
    amounts = _amounts_of_batch(entry, transactions) if len(transactions) > 1 else None
    if amounts is None:                # of a batch without amounts all references are kept, and nothing is guessed
        yield _row(entry, entry, transactions, _signed(entry, entry), "")
        return
    for number, (transaction, minor) in enumerate(zip(transactions, amounts, strict=True), 1):
        yield _row(entry, transaction, [transaction], minor, f"/{number}")


def _row(entry: Element, element: Element, transactions: list[Element], minor: int, number: str) -> BankRow:
    party = "Dbtr" if _is_credit(entry, entry) else "Cdtr"
    own = transactions[0] if len(transactions) == 1 else None
    texts = dict.fromkeys(text for one in transactions for text in _texts(one))
    is_return = any(one.first("RtrInf") for one in transactions)
    return BankRow(
        place=f"line {element.line}", account="", booked_on=_day(entry), amount_minor=minor,
        currency=_amount(entry)[1], payer_name=_name(own, party) if own else None,
        payer_account=_account_of(own, party) if own else None, texts=(*texts, *_entry_texts(entry))[:MOST_TEXTS],
        bank_id=_bank_id(entry, own, number), is_reversal=is_return or entry.said("RvslInd") in ("true", "1"),
    )


def _bank_id(entry: Element, transaction: Element | None, number: str) -> str | None:
    own = transaction and bank_id_of(transaction.said("Refs/AcctSvcrRef"))
    whole = bank_id_of(entry.said("AcctSvcrRef"))
    return own or (whole and f"{whole}{number}")


def _amounts_of_batch(entry: Element, transactions: list[Element]) -> list[int] | None:
    total, currency = _amount(entry)
    minors = []
    for one in transactions:
        found = next((
            amount for path in ("Amt", "AmtDtls/TxAmt/Amt", "AmtDtls/InstdAmt/Amt") for amount in one.all(path)
            if amount.attributes.get("Ccy") == currency
        ), None)
        if found is None:
            return None
        amount = minor_units(f"line {found.line}", _decimal(found), currency)
        minors.append(amount if _is_credit(one, entry) else -amount)
    whole = minor_units(f"line {entry.line}", total, currency)
    return minors if sum(minors) == (whole if _is_credit(entry, entry) else -whole) else None


def _signed(element: Element, entry: Element) -> int:
    amount, currency = _amount(entry)
    minor = minor_units(f"line {entry.line}", amount, currency)
    return minor if _is_credit(element, entry) else -minor


def _amount(entry: Element) -> tuple[Decimal, str]:
    element = entry.first("Amt")
    if element is None:
        raise _wrong(entry, "has no amount (Amt).")
    currency = element.attributes.get("Ccy", "")
    if not CURRENCY.fullmatch(currency):
        raise _wrong(element, "names no currency (Ccy).")
    return _decimal(element), currency


def _decimal(element: Element) -> Decimal:
    if not AMOUNT.fullmatch(element.text):
        raise _wrong(element, "is no amount.")
    return Decimal(element.text)


def _is_credit(element: Element, entry: Element) -> bool:
    direction = element.said("CdtDbtInd") or entry.said("CdtDbtInd")
    if direction not in ("CRDT", "DBIT"):
        raise _wrong(entry, "says neither CRDT nor DBIT (CdtDbtInd).")
    return direction == "CRDT"


def _day(entry: Element) -> date:
    """The day of the booking as the bank counts it, else of the value date."""
    element = entry.first("BookgDt/Dt", "BookgDt/DtTm", "ValDt/Dt", "ValDt/DtTm")
    if element is None:
        raise _wrong(entry, "has no date (BookgDt).")
    found = DAY.fullmatch(element.text)
    try:
        return date.fromisoformat(found[1] if found else "")
    except ValueError:
        raise _wrong(element, "is no date.") from None


def _name(transaction: Element, party: str) -> str | None:
    """Who paid: names lie in Pty since version 8; a party may be known by an id only."""
    roles = (party, f"{party}/Pty", f"Ultmt{party}", f"Ultmt{party}/Pty")
    names = [f"RltdPties/{role}/Nm" for role in roles]
    ids = [f"RltdPties/{role}/Id/{kind}/Othr/Id" for role in roles for kind in ("OrgId", "PrvtId")]
    return cleaned(transaction.said(*names, *ids), LONGEST_NAME)


def _account_of(transaction: Element, party: str) -> str | None:
    return _account(transaction.first(f"RltdPties/{party}Acct"))


def _account(element: Element | None) -> str | None:
    said = element and element.said("Id/IBAN", "Id/Othr/Id")
    return "".join(said.split()).upper()[:34] if said else None


def _texts(transaction: Element) -> Iterator[str]:
    """Where payers and banks put a reference; the structured one first."""
    structured = list(transaction.all("RmtInf/Strd"))
    yield from _said(structured, "CdtrRefInf/Ref")
    # Several of these are one text, cut at 140 characters each; a reference may be cut as well.
    free = cleaned("".join(one.text for one in transaction.all("RmtInf/Ustrd")))
    yield from [free] if free else []
    yield from (one for one in _said([transaction], "Refs/EndToEndId") if one.upper() != "NOTPROVIDED")
    yield from _said(structured, "RfrdDocInf/Nb")
    yield from _said(structured, "AddtlRmtInf")
    yield from _said([transaction], "AddtlTxInf")


def _entry_texts(entry: Element) -> tuple[str, ...]:
    return tuple(_said([entry], "AddtlNtryInf"))


def _said(elements: list[Element], path: str) -> Iterator[str]:
    for element in elements:
        yield from (text for one in element.all(path) if (text := cleaned(one.text)))
