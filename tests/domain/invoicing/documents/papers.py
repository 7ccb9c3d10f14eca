"""Documents to print, made without a database, and how to read what was printed."""

import struct
import zlib
from dataclasses import replace
from datetime import date
from io import BytesIO

from pypdf import PdfReader

from domain.invoicing.documents.document import (
    Address,
    Brand,
    Document,
    Entry,
    Kind,
    Line,
    Party,
    StatementPeriod,
    TaxGroup,
    Totals,
)

SELLER = Party(
    name="Maison Lumière", legal_name="Maison Lumière SARL", email="hello@maison.example", phone="+33 1 99 00 12 34",
    website="https://maison.example/", tax_number="FR40303265045", registration_number="RCS Paris 000 000 000",
    address=Address(street="14 rue des Lanternes", city="Paris", postal_code="75011", country="FR"),
)
BUYER = Party(
    name="Lindenhof Handel GmbH", contact="Einkauf", number="5120", tax_number="DE111111125",
    address=Address(street="Am Musterplatz 4", city="Berlin", postal_code="10115", country="DE"),
)
DAY = date(2026, 11, 28)


def line(name="Candle", **more):
    """Twelve for 9.00 each, with 19 %."""
    return Line(**({
        "name": name, "quantity_ten_thousandths": 120_000, "unit_price_micro": 9_000_000, "amount_minor": 10_800,
        "tax_minor": 2_052, "tax_percent_ten_thousandths": 190_000,
    } | more))


def paper(kind=Kind.INVOICE, language="en", lines=None, **more):
    """A document with sums that fit its lines."""
    lines = [line()] if lines is None else lines
    net, tax = sum(one.amount_minor for one in lines), sum(one.tax_minor for one in lines)
    known = {
        "kind": kind, "number": "INV-000262", "test": False, "language": language, "currency": "EUR", "made_on": DAY,
        "seller": SELLER, "buyer": BUYER, "brand": Brand("#b4532a"), "lines": lines,
        "tax_groups": [TaxGroup(percent_ten_thousandths=190_000, base_minor=net, tax_minor=tax)],
        "totals": Totals(net_minor=net, tax_minor=tax, total_minor=net + tax, due_minor=net + tax),
    }
    if kind is Kind.STATEMENT:
        known |= {"lines": (), "tax_groups": (), "totals": None, "statement": period([("invoice", 12_852)])}
    return Document(**(known | more))


def period(changes):
    """A statement's year, in which the balance changed so."""
    entries, balance = [], 0
    for number, (kind, amount) in enumerate(changes):
        balance += amount
        entries.append(Entry(
            on=DAY, kind=kind, number=f"X-{number}", amount_minor=amount, balance_minor=balance))
    return StatementPeriod(
        start=date(2026, 1, 1), end=date(2026, 12, 31), opening_minor=0, closing_minor=balance, entries=entries)


def said_by(text):
    """A document with a text in every place that takes one."""
    place = Address(street=text, city=text, state=text, postal_code=text, country="FR")
    return paper(
        lines=[line(text, note=text, tax_reason=text)], number=text or "1", order=text, paid_with=text, notes=[text],
        seller=replace(SELLER, name=text, email=text, phone=text, website=text, tax_number=text, address=place),
        buyer=replace(BUYER, name=text, contact=text, number=text, tax_number=text, address=place),
    )


def pages(pdf):
    """The text of each page, with single blanks."""
    return [" ".join(page.extract_text().replace("\u200b", "").split()) for page in PdfReader(BytesIO(pdf)).pages]


def metadata(pdf):
    """The XMP data."""
    return PdfReader(BytesIO(pdf)).trailer["/Root"]["/Metadata"].get_data().decode()


def ink(png):
    """How many pixels of a picture are not nearly white."""
    rows, width = _rows(png)
    return sum(sum(row[place:place + 3]) < 640 for row in rows for place in range(0, 4 * width, 4))


def _rows(png):
    """The rows of a picture of 8 bits with red, green, blue and alpha, without the filters of PNG."""
    place, packed, head = 8, b"", ()
    while place < len(png):
        length, name = struct.unpack_from(">I4s", png, place)
        body = png[place + 8:place + 8 + length]
        head = struct.unpack(">IIBB", body[:10]) if name == b"IHDR" else head
        packed += body if name == b"IDAT" else b""
        place += 12 + length
    width, height, depth, colour = head
    assert (depth, colour) == (8, 6)
    pixels, size, before, rows = zlib.decompress(packed), 4 * width, bytes(4 * width), []
    for number in range(height):
        start = number * (size + 1)
        before = _unfiltered(pixels[start], bytearray(pixels[start + 1:start + 1 + size]), before)
        rows.append(before)
    return rows, width


def _unfiltered(kind, row, above):
    if kind == 2:
        return bytes((one + up) & 255 for one, up in zip(row, above, strict=True))
    for place in range(len(row) if kind else 0):
        left, up, corner = (row[place - 4], above[place], above[place - 4]) if place > 3 else (0, above[place], 0)
        nearest = min((left, up, corner), key=lambda one: abs(left + up - corner - one))
        row[place] = (row[place] + (0, left, up, (left + up) // 2, nearest)[kind]) & 255
    return bytes(row)
