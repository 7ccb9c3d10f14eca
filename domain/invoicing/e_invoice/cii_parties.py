"""Writes the seller and the buyer of an e-invoice (BG-4, BG-7)."""

from typing import Any

from domain.invoicing.e_invoice.xml_texts import text
from domain.invoicing.invoice_facts import InvoiceFacts
from domain.invoicing.parties import Party
from domain.invoicing.tax_numbers import is_vat_number, joined
from models.invoice import TaxCategory

VAT_NUMBER, TAX_NUMBER, MAIL = "VA", "FC", "EM"      # schemes of identifiers


def write(agreement: Any, facts: InvoiceFacts) -> None:
    """Both parties. Outside the scope of VAT there are no VAT numbers (BR-O-2)."""
    has_vat = all(line.category is not TaxCategory.OUTSIDE for line in facts.lines)
    _write_seller(agreement.seller, facts.seller, has_vat=has_vat)
    buyer = facts.buyer
    _write(agreement.buyer, buyer)
    if buyer.contact:
        agreement.buyer.contact.person_name = text(buyer.contact)
    if has_vat and buyer.tax_number and is_vat_number(buyer.tax_number):                    # BT-48
        _register(agreement.buyer, joined(buyer.tax_number), VAT_NUMBER)


def _write_seller(node: Any, seller: Party, *, has_vat: bool) -> None:
    _write(node, seller)
    number = seller.tax_number or ""
    is_vat = bool(number) and is_vat_number(number)
    if seller.legal_name and seller.legal_name != seller.name:
        node.legal_organization.trade_name = text(seller.name)                              # BT-28
    if number and not seller.registration_number and not (is_vat and has_vat):              # BR-CO-26: one of the three
        node.id = text(number)                                                              # BT-29
    if seller.phone:
        node.contact.person_name = text(seller.legal_name or seller.name)
        node.contact.telephone.number = text(seller.phone)
        if seller.email:
            node.contact.email.address = text(seller.email)
    if number and is_vat and has_vat:
        _register(node, joined(number), VAT_NUMBER)                                         # BT-31
    elif number and not is_vat:
        _register(node, text(number), TAX_NUMBER)                                           # BT-32


def _write(node: Any, party: Party) -> None:
    node.name = text(party.legal_name or party.name)
    if party.registration_number:
        node.legal_organization.id = ("", text(party.registration_number))
    streets = [text(line) for line in (party.street or "").splitlines() if line.strip()]
    for name, line in zip(("line_one", "line_two", "line_three"), streets, strict=False):
        setattr(node.address, name, line)
    for name, value in (("postcode", party.postal_code), ("city_name", party.city),
                        ("country_subdivision", party.state), ("country_id", party.country)):
        if value:
            setattr(node.address, name, text(value))
    if party.email:
        node.electronic_address.uri_ID = (MAIL, text(party.email))


def _register(node: Any, number: str, scheme: str) -> None:
    from drafthorse.models.party import TaxRegistration  # with lxml it takes 40 ms to load, and few processes need it

    node.tax_registrations.add(TaxRegistration(id=(scheme, number)))
