"""QR codes that fill in a bank transfer in euros: the payload of EPC069-12, and its drawing as SVG."""

import io
from dataclasses import dataclass

from domain.errors import Invalid, Mistakes
from domain.payments.bank import creditor_references as references
from domain.payments.bank import ibans

MOST_BYTES = 331                      # a QR code of version 13 at error level M, which banks' apps are sure to read
LONGEST_NAME, LONGEST_TEXT, LONGEST_NOTE = 70, 140, 70
MOST_MINOR = 99_999_999_999           # 999999999.99
UTF8 = "1"


@dataclass(frozen=True, slots=True)
class Transfer:
    """A transfer in euros. `reference` is an ISO 11649 reference, `text` free words: one of them, or neither."""

    name: str
    iban: str
    amount_minor: int
    bic: str = ""
    reference: str = ""
    text: str = ""
    note: str = ""                    # shown to the payer, not sent with the transfer


def payload(transfer: Transfer) -> str:
    """What the QR code says; raises Invalid with all mistakes. The amount is in cents."""
    iban, bic, reference = (ibans.joined(one) for one in (transfer.iban, transfer.bic, transfer.reference))
    name, text, note = transfer.name.strip(), transfer.text.strip(), transfer.note.strip()
    _check_account(name, iban, bic)
    _check_payment(transfer.amount_minor, reference, text, note)
    euros, cents = divmod(transfer.amount_minor, 100)
    elements = [
        "BCD", "002", UTF8, "SCT", bic, name, iban, f"EUR{euros}.{cents:02}", "", reference, text, note,
    ]
    said = "\n".join(elements).rstrip("\n")               # nothing follows the last element that is there
    if len(said.encode()) > MOST_BYTES:
        raise Invalid(f"The QR code would need more than {MOST_BYTES} bytes: shorten the name or the text.")
    return said


def svg(transfer: Transfer) -> str:
    """The QR code as an SVG element that scales with its box; its colours do not follow a dark page."""
    import segno  # takes 40 ms to load, and only the page of a bank transfer draws a code

    # Error level M is what EPC069-12 asks for, although a higher one would fit into some codes.
    code = segno.make_qr(payload(transfer), error="m", mode="byte", encoding="utf-8", boost_error=False)
    out = io.BytesIO()
    code.save(out, kind="svg", xmldecl=False, svgns=True, nl=False, omitsize=True, border=4, dark="#000", light="#fff",
              svgclass=None, lineclass=None)
    return out.getvalue().decode()


def _check_account(name: str, iban: str, bic: str) -> None:
    mistakes = Mistakes()
    with mistakes.collected():
        _check_words("name", name, LONGEST_NAME)
    with mistakes.collected():
        if not name:
            raise Invalid.field("name", "is empty", "blank")
    with mistakes.collected():
        if iban[:2] not in ibans.SEPA_LENGTHS:
            raise Invalid.field("iban", "must be of a country that takes part in SEPA")
        if wrong := ibans.mistake(iban):
            raise Invalid.field("iban", wrong)
    with mistakes.collected():
        if not bic and iban[:2] in ibans.OUTSIDE_EEA:
            raise Invalid.field("bic", f"is required for accounts in {iban[:2]}", "incomplete")
        if bic and (wrong := ibans.bic_mistake(bic)):
            raise Invalid.field("bic", wrong)
    mistakes.refuse()


def _check_payment(amount_minor: int, reference: str, text: str, note: str) -> None:
    mistakes = Mistakes()
    with mistakes.collected():
        if not 0 < amount_minor <= MOST_MINOR:
            raise Invalid.field("amount", "must be from 0.01 to 999999999.99 euros", "range")
    with mistakes.collected():
        if reference and text:
            raise Invalid.field("text", "must be empty beside a reference", "contradiction")
        if reference and not references.is_valid(reference):
            raise Invalid.field("reference", "must be an ISO 11649 reference with right check digits")
    with mistakes.collected():
        _check_words("text", text, LONGEST_TEXT)
    with mistakes.collected():
        _check_words("note", note, LONGEST_NOTE)
    mistakes.refuse()


def _check_words(field: str, value: str, longest: int) -> None:
    if len(value) > longest:
        raise Invalid.field(field, f"must have at most {longest} characters", "too_long")
    if any(not letter.isprintable() for letter in value):             # a line break would begin another element
        raise Invalid.field(field, "must be one line of visible characters", "characters")
