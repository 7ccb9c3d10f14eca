"""Sample keys, endpoints and deliveries for the API reference."""

from domain.resource import Sample

KEY = Sample(
    sent={
        "merchant_id": 1, "name": "Web shop", "scopes": ["READ_CUSTOMERS", "WRITE_CUSTOMERS"],
        "rate_limit_per_hour": 1000, "allowed_ips": ["203.0.113.0/24"],
    },
    changed=("rate_limit_per_hour",),
)
ENDPOINT = Sample(
    sent={
        "merchant_id": 1, "url": "https://hooks.example.com/countinghouse", "description": "The shop",
        "events": ["budget.approved", "customer.created"],
    },
    read_only={"failures_in_row": 0},
    changed=("description",),
)
DELIVERY = Sample(sent={}, read_only={"merchant_id": 1, "endpoint_id": 1, "event": "customer.created"})
