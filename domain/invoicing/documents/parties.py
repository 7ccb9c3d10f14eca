"""The seller, the buyer and the look of a document, from the rows of merchants and customers."""

from collections.abc import Mapping
from typing import Any

from domain.invoicing.documents.document import Account, Address, Brand, Party, Picture
from domain.payments import gateway_accounts
from domain.people import logos
from domain.people.brand import USUAL
from domain.people.customer_addresses import AddressInput
from models.customer import Customer
from models.merchant import Merchant

TRANSFERS = "manual"                     # the gateway whose settings hold the account


def seller(merchant: Merchant) -> Party:
    """The merchant."""
    return Party(
        name=merchant.name, legal_name=merchant.legal_name or "", address=_address(merchant),
        email=merchant.email or "", phone=merchant.phone or "", website=merchant.website or "",
        tax_number=merchant.tax_number or "", registration_number=merchant.registration_number or "",
    )


def brand(merchant: Merchant) -> Brand:
    """The merchant's colour and logo."""
    logo = logos.of_merchant(merchant)
    picture = Picture(logo.mime_type, logo.width, logo.height, logo.body) if logo is not None else None
    return Brand(merchant.brand_colour or USUAL, picture)


def account(merchant_id: int, *, test: bool) -> Account | None:
    """The bank account that customers of the merchant pay to; None where none was entered."""
    entered = gateway_accounts.for_gateway(merchant_id, TRANSFERS, test=test).settings
    name, iban, bic = (str(entered.get(part) or "") for part in ("name", "iban", "bic"))
    return Account(name=name, iban=iban, bic=bic) if iban else None


def buyer(
    customer: Customer, *, name: str | None, email: str | None, address: Mapping[str, Any] | None,
) -> Party:
    """A customer; name, e-mail and address as the document keeps them. Without a name the present ones count."""
    current = customer.billing_address
    if name is None:
        name, email = customer.name, customer.email
        address = {part: getattr(current, part) for part in AddressInput.model_fields} if current is not None else None
    organisation = customer.organisation or ""
    return Party(
        name=organisation or name, contact=name if organisation else "", email=email or "",
        address=Address(**{part: value or "" for part, value in (address or {}).items()}),
        tax_number=customer.tax_number or "", registration_number=customer.registration_number or "",
        number=customer.code,
    )


def _address(row: Any) -> Address:
    return Address(**{part: getattr(row, part) or "" for part in AddressInput.model_fields})
