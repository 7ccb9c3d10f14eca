"""QR codes on documents: of an address, or of a transfer in euros."""

import io

from domain.errors import Invalid
from domain.invoicing.documents.document import Account
from domain.payments.bank import epc_qr
from domain.payments.bank.bank_transfers import EURO

DARK = "#101623"


def of_url(url: str) -> str:
    """The code that opens an address, as an SVG element."""
    import segno  # takes 40 ms to load

    out = io.BytesIO()
    segno.make_qr(url, error="m").save(
        out, kind="svg", xmldecl=False, svgns=True, nl=False, omitsize=True, border=0, dark=DARK, svgclass=None,
        lineclass=None)
    return out.getvalue().decode()


def of_transfer(account: Account, currency: str, minor: int, *, reference: str = "", text: str = "") -> str:
    """The code that fills in a transfer; empty for other currencies, and where no bank's app would read it."""
    if currency != EURO:
        return ""
    transfer = epc_qr.Transfer(account.name, account.iban, minor, bic=account.bic, reference=reference, text=text)
    try:
        return epc_qr.svg(transfer)
    except Invalid:
        return ""
