"""What a customer needs to pay by bank transfer: the account, the reference, the amount, and a QR code for euros."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from domain.errors import Invalid
from domain.payments.bank import epc_qr, ibans
from domain.payments.bank.creditor_references import Reference
from models.money import Money

EURO = "EUR"


@dataclass(frozen=True, slots=True)
class Instructions:
    """A bank transfer as it is shown; without an account the merchant has not entered one, and tells it otherwise."""

    amount: Money
    reference: str                     # as programs write it
    printed_reference: str             # in groups of four
    name: str = ""
    iban: str = ""
    printed_iban: str = ""
    bic: str = ""
    qr_svg: str = ""                   # an SVG element; empty where no bank's app would read it


def instructions(settings: Mapping[str, Any], reference: Reference, amount: Money) -> Instructions:
    """How to pay an amount to the account in a merchant's settings (name, iban, bic)."""
    name, iban, bic = (str(settings.get(part) or "") for part in ("name", "iban", "bic"))
    return Instructions(
        amount=amount, reference=reference.text, printed_reference=reference.printed, name=name, iban=iban,
        printed_iban=ibans.printed(iban), bic=bic, qr_svg=_qr_code(name, iban, bic, reference, amount),
    )


def _qr_code(name: str, iban: str, bic: str, reference: Reference, amount: Money) -> str:
    """The QR code; none for other currencies, for amounts beyond its form, and outside SEPA."""
    if amount.currency != EURO or not iban:
        return ""
    transfer = epc_qr.Transfer(name, iban, amount.minor, bic=bic, reference=reference.text)
    try:
        return epc_qr.svg(transfer)
    except Invalid:
        return ""
