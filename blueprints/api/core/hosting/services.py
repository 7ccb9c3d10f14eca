"""Declares services in the Core API."""

from blueprints.api.contract import Parameter
from blueprints.api.core.contract import CONTRACT
from blueprints.api.core.vocabulary import COMPANY, HISTORY, ID, IDS, SORTS, words
from blueprints.api.decimals import Decimals
from blueprints.api.field import Field
from blueprints.api.field_map import Amount, Day
from blueprints.api.verbs import expose
from domain.hosting import services
from models.service import ServiceStatus, SuspensionReason

SERVICES = expose(
    CONTRACT,
    services.RESOURCE,
    "/services",
    {
        "id": ID,
        "companies_id": COMPANY,
        "clients_id": Field(name="customer_id", refers="customer"),
        "products_id": Field(name="product_id", refers="product"),
        "product_name": Field(name="product_name", writable=False),
        "domain": Field(name="domain"),
        "status": Field(name="status"),
        "suspended_for": Field(name="suspended_for", writable=False),
        "billing_cycle": Field(name="billing_cycle"),
        "quantity": Decimals(name="quantity"),
        "amount": Amount(name="later", writable=False),
        "currency": Field(name="currency", writable=False),
        "registration_date": Day(name="registered_on"),
        "next_due_date": Day(name="next_due_on"),
        "cancels_at_period_end": Field(name="cancels_at_period_end", writable=False),
        **HISTORY,
    },
    verbs=("get", "list", "create", "update", "suspend", "unsuspend", "cancel", "terminate"),
    required=("merchant_id", "customer_id", "product_id"),
    tenant="companies_id",
    event_shape=True,
    parameters={
        **IDS, "clients_id": Parameter("customer_ids"), "status": Parameter("status", words(ServiceStatus)),
        "suspended_for": Parameter("suspended_for", words(SuspensionReason)),
        "domain": Parameter("domain"),
    },
    sorts={**SORTS, "u_dt": "updated_at"},
)
