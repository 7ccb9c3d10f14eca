"""Reads a bank statement, CAMT.053 or CSV, into rows of one type. A file is read wholly or refused wholly."""

import codecs

from domain.errors import Invalid, TooLarge
from domain.payments.bank.formats import bank_csv, camt
from domain.payments.bank.formats.bank_csv import CsvForm
from domain.payments.bank.formats.bank_rows import StatementFile

MOST_BYTES = 20 * 1024 * 1024
MARKS = (codecs.BOM_UTF8, codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)


def read(raw: bytes, form: CsvForm | None = None) -> StatementFile:
    """The movements of a file; `form` says what a CSV file does not say itself.

    Raises Invalid with a sentence that names the line or the element, TooLarge beyond 20 MiB.
    """
    if len(raw) > MOST_BYTES:
        raise TooLarge(f"A statement may have {MOST_BYTES // 1024**2} MiB; split the file.")
    if not raw.strip():
        raise Invalid("The file is empty.", code="bad_statement")
    return camt.read(raw.lstrip()) if _is_xml(raw) else bank_csv.read(raw, form or CsvForm())


def _is_xml(raw: bytes) -> bool:
    begins = raw[:200]
    for mark in MARKS:
        begins = begins.removeprefix(mark)
    return begins.replace(b"\0", b"").lstrip().startswith(b"<")
