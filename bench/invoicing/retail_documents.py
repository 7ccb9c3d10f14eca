"""Prints invoices and credit notes as PDF, and reads their text and the e-invoices in them back."""

from collections.abc import Iterator
from decimal import Decimal
from io import BytesIO
from typing import Any

import facturx  # type: ignore[import-untyped]
from lxml import etree
from pypdf import PdfReader
from sqlalchemy import select

from bench.retail import retail
from database import db
from domain.invoicing import invoice_facts
from domain.invoicing.documents import invoice_document
from domain.invoicing.e_invoice import checking, embedding
from domain.invoicing.invoice_facts import InvoiceFacts
from models.credit_note import CreditNote
from models.invoice import Invoice

# What an e-invoice asks for of the seller and the buyer.
PLACE = {"street": "8 Tannery Row", "city": "Bristol", "postal_code": "BS1 0AA", "country": "GB"}
SELLER = {"legal_name": "Retail Ltd", "tax_number": "GB123456789", **PLACE}
Said = list[tuple[str, Decimal, Decimal]]               # name, quantity and amount of each line


def wrong(row: Invoice, sale: retail.Invoice) -> Iterator[str]:
    """What differs between the PDF of a sale's invoice and the data, a sentence each."""
    lines = [(line.description or line.sku, Decimal(line.quantity), line.amount) for line in sale.lines]
    yield from _wrong(invoice_facts.of_invoice(row), sale.total, lines)


def wrong_credits(credited: dict[int, Decimal]) -> Iterator[str]:
    """What differs between the PDFs of all credit notes and the data: what each invoice's notes come to."""
    found: dict[int, Decimal] = {}
    for note in db.session.scalars(select(CreditNote).order_by(CreditNote.id)):
        amount = Decimal(note.total_minor) / 100
        yield from _wrong(invoice_facts.of_credit_note(note), amount)
        found[note.invoice_id] = found.get(note.invoice_id, Decimal(0)) + amount
    if found != credited:
        yield "the credit notes come to other amounts than the data takes back"


def _wrong(facts: InvoiceFacts, total: Decimal, lines: Said | None = None) -> Iterator[str]:
    pdf = embedding.pdf(invoice_document.document(facts))
    printed = _letters(" ".join(page.extract_text() for page in PdfReader(BytesIO(pdf)).pages))
    for text in (facts.number or "a number", facts.buyer.name, f"£{total:,.2f}", *(name for name, *_ in lines or ())):
        if _letters(text) not in printed:
            yield f"the PDF of {facts.number} does not say {text!r}"
    name, xml = facturx.get_xml_from_pdf(pdf, check_xsd=True)
    if not xml:
        yield f"the PDF of {facts.number} has no e-invoice"
        return
    yield from (f"the e-invoice of {facts.number} breaks {one}" for one in checking.mistakes(xml))
    root = etree.fromstring(xml)
    said = (root.findtext("./{*}ExchangedDocument/{*}ID"), Decimal(root.findtext(".//{*}GrandTotalAmount")))
    if said != (facts.number, total):
        yield f"the e-invoice of {facts.number} in {name} says {said}"
    if lines is not None and [_said(line) for line in root.iterfind(".//{*}IncludedSupplyChainTradeLineItem")] != lines:
        yield f"the e-invoice of {facts.number} has other lines"


def _said(line: Any) -> tuple[str, Decimal, Decimal]:
    quantity, amount = (Decimal(line.findtext(f".//{{*}}{name}")) for name in ("BilledQuantity", "LineTotalAmount"))
    return line.findtext(".//{*}SpecifiedTradeProduct/{*}Name"), quantity, amount


def _letters(text: str) -> str:
    """The text as it is compared: a PDF knows no spaces, and a long word may be broken at any letter."""
    return "".join(text.replace("\u200b", "").split())
