"""CAMT.053 statements: the samples of three versions, the oddities of banks, and hostile files."""

import time
from datetime import date

import pytest

from config import from_environment
from domain.errors import Invalid, TooLarge
from domain.payments.bank.formats import bank_rows, bank_statements, camt_xml
from tests.domain.payments.bank.formats.camt_files import document, entry, transaction
from tests.memory import bounded_memory

MEBIBYTE = 1024 * 1024
SAMPLES = from_environment({}).shared_data / "bank_camt053"
NL, CH = "NL26VAYB8060476890", "CH2801234000123456789"
BOOKED = date(2014, 12, 31)
# What the samples say, read by eye: account, amount, payer, first text, bank's id of each movement.
EXPECTED = {
    "camt053.v2.all-balance-types.xml": [(CH, 885, None, "Transaction Description", None)],
    "camt053.v2.five.decimals.xml": [(NL, 885, None, "Transaction Description", None)],
    "camt053.v2.minimal.ultimate.xml": [(NL, 885, "DEBTOR NAME NM", "4654654654654654", None)],
    "camt053.v2.minimal.xml": [(NL, 885, "NAME NAME", "4654654654654654", None)],
    "camt053.v2.multi.statement.xml": [
        (NL, 885, None, "Transaction Description 1", None),
        (NL, -700, "Company Name 2", "Transaction Description 2", None),
    ],
    "camt053.v2.with-account-name.xml": [(CH, 885, None, None, None)],
    "camt053.v2.with-party-ids.xml": [(NL, 885, "NAME NAME", "4654654654654654", None)],
    "camt053.v4.xml": [(NL, 885, "NAME NAME", "4654654654654654", "AAAASESS-FP-CN_98765/01")],
    "camt053.v8.xml": [(NL, 885, "NAME NAME", "4654654654654654", "AAAASESS-FP-CN_98765/01")],
    "camt53.only-Dt-with-DtTm.xml": [],
}


def rows(raw):
    return bank_statements.read(raw).rows


@pytest.mark.parametrize("name", EXPECTED)
def test_every_sample_is_read_as_it_says(name):
    if not SAMPLES.is_dir():
        pytest.skip(f"the bank statements of {SAMPLES} are not on this machine")
    found = rows((SAMPLES / name).read_bytes())
    said = [(one.account, one.amount_minor, one.payer_name, next(iter(one.texts), None), one.bank_id) for one in found]
    assert said == EXPECTED[name]
    assert {(one.currency, one.booked_on, one.is_reversal) for one in found} <= {("EUR", BOOKED, False)}


def test_every_sample_there_is_has_its_expected_rows():
    if not SAMPLES.is_dir():
        pytest.skip(f"the bank statements of {SAMPLES} are not on this machine")
    assert {path.name for path in SAMPLES.glob("*.xml")} == set(EXPECTED)


@pytest.mark.parametrize("version", ["02", "03", "04", "06", "08", "10", "13"])
def test_namespaces_of_every_version_are_read(version):
    assert [one.amount_minor for one in rows(document(entry(), version=version))] == [1250]


def test_a_batch_is_one_row_for_each_transaction_when_their_amounts_add_up():
    batch = [transaction("one", "10.00", "Ann"), transaction("two", "20", "Bo")]
    found = rows(document(entry("30.00", *batch, bank_id="B7")))
    assert [(one.amount_minor, one.payer_name, one.texts, one.bank_id) for one in found] == [
        (1000, "Ann", ("one",), "B7/1"), (2000, "Bo", ("two",), "B7/2"),
    ]
    assert len({one.identity for one in found}) == 2


@pytest.mark.parametrize("second", ["", "19.99"])
def test_a_batch_whose_amounts_do_not_add_up_stays_one_row_with_all_texts(second):
    found = rows(document(entry("30.00", transaction("one", "10.00"), transaction("two", second))))
    assert [(one.amount_minor, one.texts, one.payer_name) for one in found] == [(3000, ("one", "two"), None)]


def test_a_batch_may_have_amounts_in_its_details_and_debits_inside():
    more = '<AmtDtls><TxAmt><Amt Ccy="EUR">{}</Amt></TxAmt></AmtDtls><CdtDbtInd>{}</CdtDbtInd>'
    found = rows(document(entry(
        "30.00", transaction("paid", more=more.format("40.00", "CRDT")),
        transaction("fee", more=more.format("10.00", "DBIT")),
    )))
    assert [one.amount_minor for one in found] == [4000, -1000]


def test_a_single_transaction_has_the_amount_of_the_account_whatever_was_instructed():
    found = rows(document(entry("12.50", transaction("paid", "14.00", currency="USD"))))
    assert [(one.amount_minor, one.currency) for one in found] == [(1250, "EUR")]


def test_pending_entries_are_counted_and_left_for_the_statement_that_books_them():
    read = bank_statements.read(document(entry(status="PDNG"), entry(status="INFO"), entry(), entry(status="FUTR")))
    assert (len(read.rows), read.pending) == (1, 3)


def test_debits_are_negative_and_reversals_are_marked():
    found = rows(document(
        entry(direction="DBIT"), entry(more="<RvslInd>true</RvslInd>"),
        entry("1.00", transaction(more="<RtrInf><Rsn><Cd>AC04</Cd></Rsn></RtrInf>")),
    ))
    assert [(one.amount_minor, one.is_reversal) for one in found] == [(-1250, False), (1250, True), (100, True)]


def test_amounts_have_the_decimals_of_their_currency():
    found = rows(document(entry("1250", currency="JPY"), entry("1.234", currency="KWD"), entry("1.20000")))
    assert [(one.amount_minor, one.currency) for one in found] == [(1250, "JPY"), (1234, "KWD"), (120, "EUR")]


def test_references_are_read_from_every_place_that_has_them_structured_first():
    details = """<TxDtls><Refs><EndToEndId>E2E-1</EndToEndId></Refs>
    <RmtInf><Ustrd>for RF82 0000 </Ustrd><Ustrd>1234 0003
    </Ustrd><Strd><RfrdDocInf><Nb>INV-9</Nb></RfrdDocInf><CdtrRefInf><Ref>RF18539007547034</Ref></CdtrRefInf>
    <AddtlRmtInf>thanks</AddtlRmtInf></Strd></RmtInf><AddtlTxInf>more</AddtlTxInf></TxDtls>"""
    found = rows(document(entry("1.00", details).replace("</Ntry>", "<AddtlNtryInf>SEPA</AddtlNtryInf></Ntry>")))
    assert found[0].texts == (
        "RF18539007547034", "for RF82 00001234 0003", "E2E-1", "INV-9", "thanks", "more", "SEPA",
    )


@pytest.mark.parametrize("text", ["NOTPROVIDED", "NONREF"])
def test_words_for_no_reference_are_no_reference(text):
    details = f"<TxDtls><Refs><EndToEndId>{text}</EndToEndId></Refs></TxDtls>"
    found = rows(document(entry("1.00", details, bank_id=text)))
    assert found[0].bank_id is None
    assert "NOTPROVIDED" not in found[0].texts


def test_a_date_with_a_time_is_the_day_that_the_bank_writes():
    raw = document(entry()).replace(b"<Dt>2026-11-02</Dt>", b"<DtTm>2026-11-02T23:59:59.000000000+01:00</DtTm>")
    assert rows(raw)[0].booked_on == date(2026, 11, 2)
    valued = b"<ValDt><Dt>2026-11-03</Dt></ValDt>"
    without = document(entry()).replace(b"<BookgDt><Dt>2026-11-02</Dt></BookgDt>", valued)
    assert rows(without)[0].booked_on == date(2026, 11, 3)


@pytest.mark.parametrize("encoding", ["utf-8", "utf-16", "iso-8859-1", "windows-1252"])
def test_files_of_other_encodings_are_read(encoding):
    raw = document(entry("1.00", transaction("x", name="Müller"))).decode().replace("UTF-8", encoding).encode(encoding)
    assert rows(raw)[0].payer_name == "Müller"


def test_the_same_movement_has_the_same_identity_in_another_file():
    first, again = entry(bank_id="A1"), entry(bank_id="A1", day="2026-11-03")
    assert rows(document(first))[0].identity == rows(document(entry("7"), again, version="02"))[1].identity
    assert rows(document(first))[0].identity != rows(document(entry(bank_id="A2")))[0].identity
    other = document(first).replace(b"DE89370400440532013000", b"DE89370400440532013001")
    assert rows(document(first))[0].identity != rows(other)[0].identity


def test_equal_movements_without_a_bank_id_are_told_apart_by_their_number():
    twice = rows(document(entry(), entry()))
    assert len({one.identity for one in twice}) == 2
    assert [one.identity for one in twice] == [one.identity for one in rows(document(entry("9"), entry(), entry()))[1:]]
    assert len({one.identity for one in rows(document(entry(bank_id="A1"), entry("3", bank_id="A1")))}) == 2


@pytest.mark.parametrize(("entries", "sentence"), [
    (entry().replace("<Amt", "<Sum").replace("</Amt", "</Sum"), "Line 5: the element <Ntry> has no amount"),
    (entry("12,50"), "Line 5: the element <Amt> is no amount"),
    (entry("-1.00"), "<Amt> is no amount"),
    (entry("1e3"), "<Amt> is no amount"),
    (entry("١٢"), "<Amt> is no amount"),
    (entry("12.505"), "has more than 2 decimals of EUR"),
    (entry("9" * 18), "is too large"),
    (entry(currency="eur"), "<Amt> names no currency"),
    (entry(direction="UP"), "says neither CRDT nor DBIT"),
    (entry(status="MAYBE"), "has no status that is known"),
    (entry(day="2026-02-30"), "<Dt> is no date"),
    (entry().replace("<BookgDt><Dt>2026-11-02</Dt></BookgDt>", ""), "has no date"),
    ("\n\n" + entry("x"), "Line 7"),
])
def test_a_wrong_entry_refuses_the_file_with_line_and_element(entries, sentence):
    with pytest.raises(Invalid, match="Line") as error:
        rows(document(entries))
    assert sentence in error.value.message


@pytest.mark.parametrize("raw", [
    document(entry()).replace(b"camt.053.001", b"camt.054.001"),
    document(entry()).replace(b"urn:iso:std:iso:20022:tech:xsd:camt.053.001.08", b"https://example.org/camt.053.001.08"),
    document(entry()).replace(b' xmlns="urn:iso:std:iso:20022:tech:xsd:camt.053.001.08"', b""),
    b"<html></html>",
    b'<Document xmlns="urn:iso:std:iso:20022:tech:xsd:camt.053.001.08"></Document>',
    document(entry())[:-40],
    document(entry()).replace(b"UTF-8", b"klingon"),
    b"<?xml version='1.0'?>",
    b"<a>&nbsp;</a>",
])
def test_what_is_no_statement_is_refused_in_a_sentence(raw):
    with pytest.raises(Invalid) as error:
        rows(raw)
    assert error.value.message.endswith(".")
    assert len(error.value.message) < 200


def test_entries_of_another_document_in_an_envelope_are_left_out():
    foreign = entry("99.00").replace("<Ntry>", '<Ntry xmlns="urn:example:other">')
    found = rows(document(entry(), f"<SplmtryData><Envlp>{foreign}</Envlp></SplmtryData>"))
    assert [one.amount_minor for one in found] == [1250]


LAUGHS = "".join(f'<!ENTITY l{n} "{f"&l{n - 1};" * 10}">' for n in range(1, 10))


@pytest.mark.parametrize("doctype", [
    f'<!DOCTYPE Document [<!ENTITY l0 "ha">{LAUGHS}]>',
    '<!DOCTYPE Document [<!ENTITY file SYSTEM "file:///etc/passwd">]>',
    '<!DOCTYPE Document SYSTEM "http://127.0.0.1:9/evil.dtd">',
    "<!DOCTYPE Document>",
])
def test_a_document_type_is_refused_before_any_entity_is_read(doctype):
    raw = document(entry("1.00", transaction("&l9;"))).replace(b"<Document", doctype.encode() + b"<Document", 1)
    started = time.monotonic()
    with pytest.raises(Invalid, match="document type is not allowed"):
        rows(raw)
    assert time.monotonic() - started < 10         # a billion entities would take minutes


def test_deep_nesting_and_endless_texts_are_refused():
    with pytest.raises(Invalid, match="nested more than 40 deep"):
        rows(document("<a>" * 100_000))
    with pytest.raises(Invalid, match="longer than 20000 characters"):
        rows(document(entry("1.00", transaction("x" * 1_000_000))))


def test_line_breaks_between_the_entries_of_a_long_statement_are_no_long_text():
    assert len(rows(document(("\n" * 9_000).join([entry()] * 3) + "\n" * 9_000))) == 3


def test_a_file_of_fifty_megabytes_is_refused_unread():
    with pytest.raises(TooLarge, match="20 MiB"):
        rows(document() + b" " * 50 * 1024 * 1024)


def test_a_file_with_too_many_rows_is_refused(monkeypatch):
    monkeypatch.setattr(bank_rows, "MOST_ROWS", 3)
    assert len(rows(document(entry() * 3))) == 3
    with pytest.raises(Invalid, match="more than 3 rows"):
        rows(document(entry() * 4))


@pytest.mark.slow
def test_a_large_file_is_not_kept_in_memory_as_elements():
    raw = document(entry("1.00", transaction("x" * 140, name="Ann")) * 4000)
    with bounded_memory(12 * MEBIBYTE):
        assert len(rows(raw)) == 4000


def filled(piece, before, after, size=4 * MEBIBYTE):
    """A file of that size with the piece as often as fits."""
    return before + piece * ((size - len(before) - len(after)) // len(piece)) + after


OPEN, CLOSE = document(entry("1.00", "|")).split(b"|")
HOSTILE = {
    "elements of a movement": (filled(b"<a/>", OPEN, CLOSE), "more stands in one movement"),
    "texts of a movement": (filled(b"<a>x</a>", OPEN, CLOSE), "more stands in one movement"),
    "transactions of a movement": (filled(b"<TxDtls><Amt/></TxDtls>", OPEN, CLOSE), "more stands in one movement"),
    "elements of another document": (filled(b"<a/>", b"<D>", b"</D>"), "its root names another document"),
    "elements of no movement": (filled(b"<a/>", OPEN.partition(b"<BkTo")[0], b"</Document>"), "more stands in one"),
    "names": (b"".join(b"<n%d/>" % number for number in range(2001)).join((OPEN, CLOSE)), "2000 names"),
    "one attribute": (filled(b"x", OPEN + b'<a b="', b'"/>' + CLOSE), "more than 16384 bytes"),
    "attributes": (OPEN + b"<a" + b"".join(b' a%d=""' % number for number in range(50_000)) + b"/>" + CLOSE, "16384 b"),
    "a comment": (filled(b"x", OPEN + b"<!--", b"-->" + CLOSE), "more than 16384 bytes"),
    "a namespace": (filled(b"<a/>", OPEN + b'<b xmlns="' + b"u" * 5000 + b'">', b"</b>" + CLOSE), "200 characters"),
    "a prefix": (OPEN + b'<b xmlns:u="' + b"u" * 5000 + b'" u:a="1" u:b="1"/>' + CLOSE, "200 characters"),
    "statements": (filled(b"<Stmt/>", *document("|").split(b"|")), "more than 50000 rows"),
}


@pytest.mark.parametrize("name", HOSTILE)
def test_no_file_takes_more_memory_than_its_movements(name):
    raw, sentence = HOSTILE[name]
    with bounded_memory(40 * MEBIBYTE), pytest.raises(Invalid) as error:
        rows(raw)
    assert sentence in error.value.message


def test_a_batch_of_a_thousand_transactions_is_read():
    whole = entry("1000.00", *[transaction("x" * 140, "1.00", "Ann", more="<a/>" * 20)] * 1000)
    assert len(rows(document(whole))) == 1000


def test_a_file_with_too_many_elements_is_refused(monkeypatch):
    monkeypatch.setattr(camt_xml, "MOST_ELEMENTS", 100)
    with pytest.raises(Invalid, match="elements: split it"):
        rows(document(entry() * 20))
