"""QR codes of bank transfers: the payload of EPC069-12, its limits, and the drawing."""

import re
from xml.etree import ElementTree

import pytest
import segno

from domain.errors import Invalid
from domain.payments.bank import epc_qr, ibans
from domain.payments.bank.creditor_references import Reference
from domain.payments.bank.epc_qr import Transfer

IBAN = "DE89 3704 0044 0532 0130 00"


def transfer(**changed):
    return Transfer(**{"name": "Müller & Söhne", "iban": IBAN, "amount_minor": 12345, **changed})


def test_a_payload_has_the_elements_in_their_order():
    reference = Reference(1234, 2)
    assert epc_qr.payload(transfer(bic="cobadeff xxx", reference=reference.printed, note="Thank you")) == "\n".join([
        "BCD", "002", "1", "SCT", "COBADEFFXXX", "Müller & Söhne", "DE89370400440532013000", "EUR123.45", "",
        "RF82000012340003", "", "Thank you",
    ])


def test_nothing_follows_the_last_element_that_is_there():
    assert epc_qr.payload(transfer()).endswith("\nEUR123.45")
    assert epc_qr.payload(transfer(text="Invoice 7")).endswith("\nEUR123.45\n\n\nInvoice 7")


@pytest.mark.parametrize(("minor", "said"), [
    (1, "EUR0.01"), (99, "EUR0.99"), (100, "EUR1.00"), (1005, "EUR10.05"), (99_999_999_999, "EUR999999999.99"),
])
def test_amounts_have_a_point_and_two_decimals(minor, said):
    assert epc_qr.payload(transfer(amount_minor=minor)).splitlines()[7] == said


@pytest.mark.parametrize(("field", "changed"), [
    ("amount", {"amount_minor": 0}), ("amount", {"amount_minor": -1}), ("amount", {"amount_minor": 10**11}),
    ("name", {"name": " "}), ("name", {"name": "x" * 71}), ("name", {"name": "A\nB"}),
    ("iban", {"iban": "DE89370400440532013001"}), ("iban", {"iban": "DE8937040044053201300"}), ("iban", {"iban": ""}),
    ("iban", {"iban": "US64SVBKUS6S3300958879"}), ("bic", {"bic": "COBA"}), ("bic", {"iban": "CH9300762011623852957"}),
    ("reference", {"reference": "RF19539007547034"}), ("reference", {"reference": "Invoice 7"}),
    ("text", {"text": "x" * 141}), ("text", {"text": "one\ntwo"}), ("note", {"note": "x" * 71}),
    ("text", {"text": "Invoice 7", "reference": "RF18539007547034"}),
])
def test_what_a_bank_would_not_take_is_refused_by_field(field, changed):
    with pytest.raises(Invalid) as error:
        epc_qr.payload(transfer(**changed))
    assert set(error.value.fields) == {field}


def test_a_payload_of_more_than_331_bytes_is_refused():
    most = transfer(name="x" * 60, text="é" * 105)
    assert len(epc_qr.payload(most).encode()) <= 331
    with pytest.raises(Invalid, match="331 bytes"):
        epc_qr.payload(transfer(name="x" * 60, text="é" * 125))


def test_the_drawing_is_the_code_of_the_payload_at_error_level_m():
    reference = transfer(reference=Reference(77, 0).text)
    drawn = ElementTree.fromstring(epc_qr.svg(reference))
    expected = segno.make_qr(epc_qr.payload(reference).encode(), error="m", mode="byte", boost_error=False)
    assert (expected.error, expected.version <= 13) == ("M", True)
    size = expected.symbol_size(border=4)[0]
    assert drawn.get("viewBox") == f"0 0 {size} {size}"
    assert dark_modules(drawn) == sum(sum(row) for row in expected.matrix)


def dark_modules(drawn):
    """How many dark squares the horizontal strokes of a drawing cover."""
    path = next(one for one in drawn.iter() if one.get("stroke"))
    return sum(int(length) for length in re.findall(r"h(\d+)", path.get("d")))


def test_a_drawing_has_no_inline_style_and_no_script():
    drawn = epc_qr.svg(transfer())
    assert not re.search(r"style|<script|on\w+=|class=", drawn)


@pytest.mark.parametrize("iban", [
    "DE89370400440532013000", "GB29NWBK60161331926819", "FR1420041010050500013M02606", "NO9386011117947",
    "MT84MALT011000012345MTLCAST001S", "CH9300762011623852957", "NL91ABNA0417164300", "BE68539007547034",
])
def test_published_ibans_are_taken_and_each_wrong_digit_is_noticed(iban):
    assert ibans.mistake(iban) is None
    for place, letter in enumerate(iban[2:], 2):
        if letter.isdigit():
            wrong = iban[:place] + str((int(letter) + 1) % 10) + iban[place + 1:]
            assert ibans.mistake(wrong) is not None, wrong


def test_accounts_are_shown_by_their_ends_only():
    assert ibans.masked("DE89 3704 0044 0532 0130 00") == "DE89…3000"
    assert ibans.masked("12345678") == "••••••78"
    assert ibans.masked("") == ""
