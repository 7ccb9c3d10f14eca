"""Declares the stored payment methods of clients in the Core API: their ids, never a number or a token."""

from blueprints.api.contract import Parameter
from blueprints.api.core.contract import CONTRACT
from blueprints.api.core.vocabulary import HISTORY, ID, IDS, SORTS
from blueprints.api.field import Field
from blueprints.api.verbs import expose
from domain.payments import customer_cards

expose(
    CONTRACT,
    customer_cards.RESOURCE,
    "/payment_methods",
    {
        "id": ID,
        "companies_id": Field(name="merchant_id", writable=False),
        "clients_id": Field(name="customer_id", writable=False),
        "gateway": Field(name="gateway", writable=False),
        "label": Field(name="label", writable=False),
        **HISTORY,
    },
    verbs=("get", "list"),
    name="payment_methods",
    parameters={**IDS, "clients_id": Parameter("customer_ids"), "gateway": Parameter("gateway")},
    sorts=SORTS,
)
