"""Sample services and domain names for the API reference."""

from datetime import date

from domain.resource import Sample
from models.domain_name import DomainStatus
from models.service import ServiceStatus

SERVICE = Sample(
    sent={"merchant_id": 1, "customer_id": 1, "product_id": 1, "domain": "mysite.com", "billing_cycle": "monthly"},
    read_only={
        "product_name": "Business Hosting", "status": ServiceStatus.PENDING, "suspended_for": None, "quantity": 1,
        "later": 20, "currency": "EUR", "registered_on": date(2024, 1, 1), "next_due_on": date(2024, 2, 1),
    },
    changed=("domain",),
)
DOMAIN_NAME = Sample(
    sent={
        "merchant_id": 1, "customer_id": 1, "name": "mysite.com", "registrar": "Gandi", "status": DomainStatus.ACTIVE,
        "registered_on": date(2024, 1, 1), "expires_on": date(2025, 1, 1), "next_due_on": date(2024, 12, 1),
        "auto_renew": True, "amount": 12, "currency": "EUR",
    },
    changed=("registrar",),
)
