"""CSV files of banks: what is found in them, what the merchant says about them, and what is refused."""

from datetime import date

import pytest

from domain.errors import Invalid
from domain.payments.bank.formats import bank_csv_text, bank_rows, bank_statements
from domain.payments.bank.formats.bank_csv import CsvForm
from tests.memory import bounded_memory

IBAN = "DE89370400440532013000"
GERMAN = (
    '"Auftragskonto";"Buchungstag";"Valutadatum";"Buchungstext";"Verwendungszweck";'
    '"Beguenstigter/Zahlungspflichtiger";"Kontonummer/IBAN";"Betrag";"Waehrung";"Info"\n'
    f'"{IBAN}";"02.11.26";"02.11.26";"GUTSCHR. UEBERWEISUNG";"RF82 0000 1234 0003";"Jürgen Groß";'
    '"DE02120300000000202051";"1.234,50";"EUR";"Umsatz gebucht"\n'
    f'"{IBAN}";"03.11.26";"03.11.26";"LASTSCHRIFT";"Strom";"Stadtwerke";"DE02120300000000202051";"-89,00";"EUR";'
    '"Umsatz gebucht"\n'
    f'"{IBAN}";"04.11.26";"";"GUTSCHR.";"später";"Ann";"";"5,00";"EUR";"Umsatz vorgemerkt"\n'
)
WITH_PREAMBLE = (
    f'"Girokonto";"{IBAN}"\r\n""\r\n"Kontostand vom 04.11.2026:";"1.000,00 €"\r\n""\r\n'
    '"Buchungsdatum";"Wertstellung";"Status";"Zahlungspflichtige*r";"Verwendungszweck";"IBAN";"Betrag (€)"\r\n'
    '"02.11.26";"02.11.26";"Gebucht";"Ann";"RF82 0000 1234 0003";"DE02120300000000202051";"12,5"\r\n'
    '"03.11.26";"";"Vorgemerkt";"Bo";"later";"";"7"\r\n'
    '"Kontostand";"";"";"";"";"";"1.007,00"\r\n'
)
DUTCH = (
    '"Datum","Naam / Omschrijving","Rekening","Tegenrekening","Code","Af Bij","Bedrag (EUR)","Mededelingen"\n'
    '"20261102","J. de Vries","NL91ABNA0417164300","NL02ABNA0123456789","GT","Bij","12,50","RF82 0000 1234 0003"\n'
    '"20261103","Shop","NL91ABNA0417164300","","BA","Af","3,05","bread"\n'
)
BRITISH = (
    "Date,Description,Money In,Money Out,Balance\n"
    "02/11/2026,RF82 0000 1234 0003,\"1,250.00\",,5000\n13/11/2026,Rent,,900.00,4100\n"
)
SEMI = "Date;Amount;Currency;Description\n"


def rows(text, form=None, encoding="utf-8"):
    return bank_statements.read(text.encode(encoding), form).rows


def refusal(text, form=None):
    with pytest.raises(Invalid) as error:
        rows(text, form)
    return error.value.message


def in_euros(**said):
    return CsvForm(**{"currency": "EUR", **said})


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "cp1252", "utf-16"])
def test_a_german_file_is_read_in_any_of_its_encodings(encoding):
    read = bank_statements.read(GERMAN.encode(encoding))
    first, second = read.rows
    assert (first.booked_on, first.amount_minor, first.currency) == (date(2026, 11, 2), 123450, "EUR")
    assert (first.payer_name, first.payer_account, first.account) == ("Jürgen Groß", "DE02120300000000202051", IBAN)
    assert first.texts == ("GUTSCHR. UEBERWEISUNG", "RF82 0000 1234 0003")
    assert (second.amount_minor, read.pending, first.place) == (-8900, 1, "line 2")


def test_lines_above_the_heads_and_below_the_movements_are_left_out_and_the_account_is_found_there():
    read = bank_statements.read(WITH_PREAMBLE.encode())
    assert [(one.amount_minor, one.currency, one.account, one.payer_name) for one in read.rows] == [
        (1250, "EUR", IBAN, "Ann"),
    ]
    assert (read.pending, read.rows[0].place) == (1, "line 6")


def test_a_column_of_directions_gives_the_sign():
    assert [(one.amount_minor, one.currency, one.booked_on.day) for one in rows(DUTCH)] == [
        (1250, "EUR", 2), (-305, "EUR", 3),
    ]


def test_two_columns_of_amounts_are_money_in_and_money_out():
    found = rows(BRITISH, CsvForm(currency="GBP"))
    assert [(one.amount_minor, one.booked_on) for one in found] == [
        (125000, date(2026, 11, 2)), (-90000, date(2026, 11, 13)),
    ]


@pytest.mark.parametrize("delimiter", [";", ",", "\t", "|"])
def test_the_delimiter_is_found(delimiter):
    text = "Date;Amount;Currency;Description\n2026-11-02;12.50;EUR;RF82\n".replace(";", delimiter)
    assert [(one.amount_minor, one.texts) for one in rows(text)] == [(1250, ("RF82",))]


def test_columns_with_other_heads_are_named_by_the_merchant():
    text = "Wann;Wieviel;Wer;Wozu\n2026-11-02;12,50;Ann;RF82\n"
    named = {"booked_on": "wann", "amount": "Wieviel", "payer_name": "Wer", "text": "Wozu"}
    found = rows(text, in_euros(columns=named))
    assert [(one.amount_minor, one.payer_name, one.texts) for one in found] == [(1250, "Ann", ("RF82",))]
    assert "Name the columns" in refusal(text, in_euros())
    assert "'Wie'" in refusal(text, in_euros(columns={**named, "amount": "Wie"}))


def test_a_named_column_wins_over_a_known_head():
    text = "Date;Value date;Amount;Total\n2026-11-02;2026-11-05;1;2\n"
    found = rows(text, in_euros(columns={"booked_on": "Value date", "amount": "Total"}))
    assert [(one.booked_on.day, one.amount_minor) for one in found] == [(5, 200)]


def test_parts_that_do_not_exist_are_refused():
    with pytest.raises(Invalid) as error:
        rows(GERMAN, CsvForm(columns={"colour": "Betrag"}))
    assert set(error.value.fields) == {"columns"}


@pytest.mark.parametrize(("written", "day"), [
    ("2026-11-02", 2), ("2026-11-02T10:00:00Z", 2), ("2026/11/02", 2), ("20261102", 2), ("02.11.2026", 2),
    ("2.11.26", 2), ("02.11.2026 10:00", 2),
    ("13/11/2026", 13), ("11/13/2026", 13), ("02 Nov 2026", 2), ("2-November-26", 2),
    ("11/11/2026", 11),
])
def test_dates_are_read_as_banks_write_them(written, day):
    assert rows(f"{SEMI}{written};1;EUR;x\n")[0].booked_on == date(2026, 11, day)


def test_a_column_of_dates_has_one_order_for_all_lines():
    assert [one.booked_on.day for one in rows(f"{SEMI}11/02/2026;1;EUR;x\n11/28/2026;1;EUR;x\n")] == [2, 28]
    unclear = f"{SEMI}11/02/2026;1;EUR;x\n"
    assert "could be day/month or month/day" in refusal(unclear)
    assert rows(unclear, CsvForm(day_first=True))[0].booked_on == date(2026, 2, 11)
    assert rows(unclear, CsvForm(day_first=False))[0].booked_on == date(2026, 11, 2)
    assert "Line 2: 'Date' is no date" in refusal(f"{SEMI}13/14/2026;1;EUR;x\n")


@pytest.mark.parametrize(("written", "minor"), [
    ("12.50", 1250), ("12,50", 1250), ("1.234,50", 123450), ("1,234.50", 123450), ("1'234.50", 123450),
    ("1 234,50", 123450), ("1\u00a0234,50", 123450), ("1.234.567", 123456700), ("-12,50", -1250), ("12,50-", -1250),
    ("(12.50)", -1250), ("+7", 700), ("€ 7,00", 700), ("7,00 EUR", 700), ("−7,00", -700), ("0,5", 50),
])
def test_amounts_are_read_as_banks_write_them(written, minor):
    assert rows(f"{SEMI}2026-11-02;{written};EUR;x\n")[0].amount_minor == minor


def test_a_column_of_amounts_has_one_decimal_mark():
    assert [one.amount_minor for one in rows(f"{SEMI}2026-11-02;1.234;EUR;x\n2026-11-02;1,50;EUR;x\n")] == [123400, 150]
    unclear = f"{SEMI}2026-11-02;1.234;EUR;x\n"
    assert "say which mark stands before the decimals" in refusal(unclear)
    assert rows(unclear, CsvForm(decimal_mark=","))[0].amount_minor == 123400
    both = f"{SEMI}2026-11-02;1.5;EUR;x\n2026-11-02;1,5;EUR;x\n"
    assert "decimal comma here and a decimal point there" in refusal(both)


@pytest.mark.parametrize(("line", "sentence"), [
    ("2026-11-02;;EUR;x", "Line 2: 'Amount' is no amount"),
    ("2026-11-02;1e5;EUR;x", "Line 2: 'Amount' is no amount"),
    ("2026-11-02;12.505;EUR;x\n2026-11-02;1,234.5;EUR;x", "Line 2: the amount 12.505 has more than 2 decimals of EUR"),
    ("2026-11-02;1,23.45;EUR;x", "Line 2: 'Amount' is no amount"),
    ("2026-11-02;99999999999999999;EUR;x", "Line 2: the amount is too large"),
    ("2026-11-02;1;;x", "Line 2: no currency is named"),
    ("2026-11-02;1;Euro;x", "Line 2: no currency is named"),
    ("yesterday;1;EUR;x\n2026-11-02;1;EUR;x", "Line 2: 'Date' is no date"),
    (";1;EUR;x\n2026-11-02;1;EUR;x", "Line 2: 'Date' is no date"),
    ("2026-02-30;1;EUR;x", "Line 2: 'Date' is no date"),
    ('2026-11-02;1;EUR;"open', "the quotes do not fit"),
])
def test_a_wrong_line_refuses_the_file_with_its_number(line, sentence):
    assert sentence in refusal(f"{SEMI}{line}\n")


def test_both_amounts_in_one_line_and_unknown_words_are_refused():
    assert "both have an amount" in refusal("Date;Credit;Debit\n2026-11-02;1;2\n", in_euros())
    assert "does not fit the direction" in refusal("Date;Amount;Soll/Haben\n2026-11-02;1;X\n", in_euros())
    assert "neither booked nor pending" in refusal("Date;Amount;Status\n2026-11-02;1;perhaps\n", in_euros())


@pytest.mark.parametrize("raw", [
    b"", b"  \n", b"%PDF-1.7\0\0", b"PK\x03\x04\0\0", b"\x81\x8d\xff", b"hello", b"a;b\n1;2\n",
])
def test_what_is_no_statement_is_refused_in_a_sentence(raw):
    with pytest.raises(Invalid) as error:
        bank_statements.read(raw)
    assert error.value.message.endswith(".")


def test_a_file_without_movements_is_no_mistake():
    assert bank_statements.read(SEMI.encode()).rows == ()


def test_quoted_line_breaks_belong_to_the_text_and_count_in_line_numbers():
    text = f'{SEMI}2026-11-02;1;EUR;"RF82 0000\n1234 0003"\n2026-11-02;2;EUR;x\n'
    assert [(one.texts, one.place) for one in rows(text)] == [
        (("RF82 0000 1234 0003",), "line 3"), (("x",), "line 4"),
    ]


def test_equal_lines_are_told_apart_and_the_same_in_a_longer_file():
    line = "2026-11-02;1;EUR;x\n"
    twice = [one.identity for one in rows(f"{SEMI}{line}{line}")]
    longer = [one.identity for one in rows(f"{SEMI}2026-11-01;9;EUR;y\n{line}{line}")]
    assert len(set(twice)) == 2
    assert longer[1:] == twice


def test_a_file_with_too_many_rows_is_refused(monkeypatch):
    monkeypatch.setattr(bank_rows, "MOST_ROWS", 10)
    assert "more than 10 rows" in refusal(SEMI + "2026-11-02;1;EUR;x\n" * 12)


def test_lines_that_are_no_movements_count_too(monkeypatch):
    monkeypatch.setattr(bank_csv_text, "MOST_ROWS", 10)
    monkeypatch.setattr(bank_csv_text, "HEADS_WITHIN", 1)
    assert "more than 50000 rows" in refusal(SEMI + "2026-11-02;1;EUR;x\n" + ";;;\n" * 12)
    monkeypatch.setattr(bank_csv_text, "MOST_LINES", 100)
    assert "more than 50000 rows" in refusal(SEMI + '2026-11-02;1;EUR;"' + "\n" * 101 + '"\n')


MANY = 2 * 1024 * 1024
HOSTILE = {
    "cells without heads": (";" * MANY, "Line 1: it has more than 100000 characters."),
    "cells": (SEMI + ";" * MANY, "Line 2: it has more than 100000 characters."),
    "digits": (f"{SEMI}2026-11-02;{'9' * MANY};EUR;x\n", "Line 2: it has more than 100000 characters."),
    "lines in a cell": (f'{SEMI}2026-11-02;1;EUR;"' + "\n" * MANY, "more than 50000 rows"),
    "empty lines": (SEMI + "\n" * MANY, "more than 50000 rows"),
    "too many cells": (SEMI + ";" * 200 + "\n", "Line 2: it has more than 200 cells."),
}


@pytest.mark.parametrize("name", HOSTILE)
def test_no_line_takes_more_memory_than_a_line_has(name):
    text, sentence = HOSTILE[name]
    with bounded_memory(3 * MANY):
        assert sentence in refusal(text)


def test_a_large_file_is_not_kept_in_memory_as_cells():
    head = SEMI.strip() + ";a" * 150 + "\n"
    raw = (head + ("2026-11-02;1;EUR;x" + ";bb" * 150 + "\n") * 3000).encode()
    with bounded_memory(6 * 1024 * 1024):
        assert len(bank_statements.read(raw).rows) == 3000


def test_texts_that_are_too_large_together_are_refused(monkeypatch):
    monkeypatch.setattr(bank_rows, "LARGEST", 20_000)
    line = f"2026-11-02;1;EUR;{'x' * 900}\n"
    assert len(rows(SEMI + line * 5)) == 5
    assert "too large together" in refusal(SEMI + line * 50)
