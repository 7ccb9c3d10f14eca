"""Seller and buyer of a document: as they are now for a draft, and stored with it when it is issued."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from typing import Any

from database import db
from domain.people.customer_addresses import AddressInput
from models.customer import Customer
from models.merchant import Merchant

FOOTER = "footer"


@dataclass(frozen=True, slots=True, kw_only=True)
class Party:
    """Who sells or buys."""

    name: str                            # as people call it
    legal_name: str | None = None        # of a seller, where it is another one
    contact: str | None = None           # the person, where the buyer is a company
    street: str | None = None
    city: str | None = None
    state: str | None = None
    postal_code: str | None = None
    country: str | None = None           # ISO 3166-1, two letters
    tax_number: str | None = None
    registration_number: str | None = None
    email: str | None = None
    phone: str | None = None
    website: str | None = None


NAMES = tuple(one.name for one in fields(Party))


def seller(merchant: Merchant) -> Party:
    """The merchant as a seller."""
    same = {name: getattr(merchant, name) for name in NAMES if name != "contact"}
    return Party(**same)


def buyer(customer: Customer) -> Party:
    """The customer as a buyer: the company, where there is one, with the person as its contact."""
    address = customer.billing_address
    where = {} if address is None else {name: getattr(address, name) for name in AddressInput.model_fields}
    company = customer.organisation
    return Party(
        name=company or customer.name, contact=customer.name if company and company != customer.name else None,
        tax_number=customer.tax_number, registration_number=customer.registration_number, email=customer.email,
        phone=customer.phone, website=customer.website, **where,
    )


def stored(party: Party, **more: Any) -> dict[str, Any]:
    """A party as a column keeps it."""
    return asdict(party) | more


def _read(kept: Mapping[str, Any]) -> Party:
    return Party(**{name: kept.get(name) for name in NAMES})  # type: ignore[arg-type]


def seller_of(kept: Mapping[str, Any] | None, merchant_id: int) -> tuple[Party, str | None]:
    """The seller and the footer that were stored, or those of the merchant now."""
    if kept is not None:
        return _read(kept), kept.get(FOOTER)
    merchant = db.session.get_one(Merchant, merchant_id)
    return seller(merchant), merchant.document_footer


def buyer_of(kept: Mapping[str, Any] | None, customer: Customer | None) -> Party:
    """The buyer that was stored, or the customer as it is now."""
    if kept is not None:
        return _read(kept)
    assert customer is not None          # a credit note stores its buyer
    return buyer(customer)
