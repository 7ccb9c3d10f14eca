"""A merchant and a customer with all that an e-invoice needs."""

from database import db, transaction
from domain.payments.bank import gateway_settings
from domain.people import customers, merchants
from models.customer import Customer
from models.merchant import Merchant
from tests import cast

IBAN = "FR1420041010050500013M02606"
SELLER = {"legal_name": "Alder Ltd", "street": "8 Tannery Row", "city": "Bristol", "postal_code": "BS1 0AA",
          "country": "GB", "tax_number": "GB123456789", "document_footer": "Our terms apply."}
BUYER = {"street": "3 Mill Lane", "city": "Bath", "postal_code": "BA1 0ZZ", "country": "GB"}


def make_complete(alder):
    """Give the merchant all of it; the id of such a customer."""
    actor = cast.actor_for(alder)
    with transaction():
        merchants.update(actor, db.session.get(Merchant, alder), SELLER)
        gateway_settings.update(actor, "manual", {"name": "Alder Ltd", "iban": IBAN})
    key = cast.make_customer(alder, "Ada Lovelace", organisation="Engines Ltd")
    with transaction():
        customers.update(actor, db.session.get(Customer, key), {
            "billing_address": customers.AddressInput(**BUYER), "tax_number": "GB987654321"})
    return key
