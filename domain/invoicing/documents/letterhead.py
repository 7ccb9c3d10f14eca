"""The names and addresses on a document: in the window of its envelope, at its head and in its foot."""

from domain.invoicing.documents.document import Address, Document, Party
from domain.invoicing.documents.formats import Formats
from domain.invoicing.documents.languages import words
from domain.invoicing.tax_numbers import is_vat_number
from domain.payments.bank import ibans

STATE_BEFORE_CODE = frozenset({"US", "CA", "AU", "IN", "MX", "BR"})
CODE_LAST = STATE_BEFORE_CODE | {"GB", "IE", "NZ", "ZA", "SG", "HK", "MT"}
# Where the tax on sales is a value-added tax by that name; elsewhere the documents say tax.
VAT_COUNTRIES = frozenset((
    "AT", "BE", "BG", "CH", "CY", "CZ", "DE", "DK", "EE", "ES", "FI", "FR", "GB", "GR", "HR", "HU", "IE", "IS", "IT",
    "LI", "LT", "LU", "LV", "MC", "MT", "NL", "NO", "PL", "PT", "RO", "SE", "SI", "SK",
))


def tax_word(document: Document) -> str:
    """VAT in its languages, or tax where the seller's country has another one."""
    return words(document.language)["vat" if document.seller.address.country in VAT_COUNTRIES else "tax"]


def town(address: Address) -> str:
    """The line with the town and the postal code, in the order of its country."""
    if address.country in STATE_BEFORE_CODE:
        tail = " ".join(filter(None, (address.state, address.postal_code)))
        return ", ".join(filter(None, (address.city, tail)))
    parts = (address.postal_code, address.city)
    return " ".join(filter(None, parts[::-1] if address.country in CODE_LAST else parts))


def address_lines(address: Address, formats: Formats, *, home: str) -> list[str]:
    """The lines of an address below the name; the country where it is not the sender's."""
    state = "" if address.country in STATE_BEFORE_CODE else address.state
    country = formats.country(address.country) if address.country and address.country != home else ""
    return [line for line in (*address.street.splitlines(), town(address), state, country) if line.strip()]


def buyer_lines(document: Document, formats: Formats) -> list[str]:
    """Name and address, as they stand in the window of an envelope."""
    buyer = document.buyer
    contact = [buyer.contact] if buyer.contact and buyer.contact != buyer.full_name else []
    home = document.seller.address.country
    return [buyer.full_name, *contact, *address_lines(buyer.address, formats, home=home)]


def sender_line(seller: Party) -> str:
    """The seller in one line, above the buyer's address."""
    return " · ".join(filter(None, (seller.full_name, *seller.address.street.splitlines(), town(seller.address))))


def footer(document: Document, formats: Formats) -> list[list[str]]:
    """Three columns: the seller's address, how to reach it, and its numbers."""
    seller, known = document.seller, words(document.language)
    numbers = [
        (known["vat_number" if is_vat_number(seller.tax_number) else "tax_number"], seller.tax_number),
        (known["registration"], seller.registration_number),
    ]
    if document.way is not None and document.way.account is not None:
        numbers.append(("IBAN", ibans.printed(document.way.account.iban)))
    columns = [
        [seller.full_name, *address_lines(seller.address, formats, home="")],
        [seller.email, seller.phone, seller.website.removeprefix("https://").rstrip("/")],
        [f"{name} {value}" for name, value in numbers if value],
    ]
    return [[line for line in column if line] for column in columns]
