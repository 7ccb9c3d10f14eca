"""Sample customers, their users, users and merchants for the API reference."""

from domain.resource import Sample
from models.customer import CustomerStatus
from models.user import Role

CUSTOMER = Sample(
    sent={
        "merchant_id": 1, "name": "Ada Lovelace", "first_name": "Ada", "last_name": "Lovelace",
        "email": "ada@example.org", "phone": "+44 20 7946 0000",
        "organisation": "Analytical Engines Ltd", "currency": "EUR",
        "billing_address": {
            "street": "12 St James's Square", "city": "London", "state": "England", "postal_code": "SW1Y 4JH",
            "country": "GB",
        },
        "billing_street": "12 St James's Square", "billing_country": "GB", "timezone": "Europe/London",
        "credit_limit": 500,
    },
    read_only={"status": CustomerStatus.ACTIVE},
    changed=("phone",),
)
MERCHANT = Sample(
    sent={"name": "Alder & Sons", "currency": "EUR", "timezone": "Europe/Madrid", "legal_name": "Alder & Sons SL"},
    read_only={"active": True, "logo_digest": None},
    changed=("legal_name",),
)
USER = Sample(
    sent={
        "email": "grace@example.org", "password": "a long and private sentence", "name": "Grace Hopper",
        "role": Role.NORMAL, "merchant_ids": [1], "api_access": True, "timezone": "Europe/Madrid",
    },
    read_only={"active": True},
    changed=("name",),
)
CUSTOMER_USER = Sample(
    sent={"merchant_id": 1, "customer_id": 1, "email": "charles@example.org", "name": "Charles Babbage"},
    read_only={"is_first": False, "has_password": False, "two_factor_at": None, "signed_in_at": None},
    changed=("name",),
)
