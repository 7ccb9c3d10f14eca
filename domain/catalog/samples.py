"""Sample rows of the catalogue for the API reference."""

from domain.resource import Sample
from models.product import PriceRuleKind, ProductKind, ProductStatus

PRODUCT = Sample(
    sent={
        "merchant_id": 1, "name": "Desk lamp", "description": "Brass, with a green shade", "price": 49.9,
        "currency": "EUR", "sku": "LAMP-1", "category": "Lighting", "unit": "piece", "kind": ProductKind.PRODUCT,
    },
    read_only={"status": ProductStatus.ACTIVE},
    changed=("price",),
)
PRICE_RULE = Sample(
    sent={
        "merchant_id": 1, "kind": PriceRuleKind.TAX, "name": "VAT 21 %", "percentage": 21,
        "description": "The standard rate",
    },
    changed=("percentage",),
)
GROUP = Sample(sent={"merchant_id": 1, "name": "Memberships"}, changed=("name",))
CURRENCY = Sample(
    sent={},
    read_only={
        "id": 978, "code": "EUR", "name": "Euro", "rates_precision": 6, "details_precision": 6, "totals_precision": 2,
    },
)
