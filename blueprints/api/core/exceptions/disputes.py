"""Declares in the Core API what a person decides about payments: disputes, and gateways that are on hold."""

from blueprints.api.contract import Parameter
from blueprints.api.core.contract import CONTRACT
from blueprints.api.core.vocabulary import COMPANY, HISTORY, ID, IDS, SORTS, words
from blueprints.api.field import Field
from blueprints.api.field_map import Amount, Moment
from blueprints.api.verbs import expose
from domain.payments import disputes
from domain.payments.exceptions import gateways_on_hold
from models.payment import DisputeStatus

DISPUTES = expose(
    CONTRACT,
    disputes.RESOURCE,
    "/disputes",
    {
        "id": ID,
        "companies_id": COMPANY,
        "payments_id": Field(name="payment_id", refers="payment", writable=False),
        "orders_id": Field(name="order_id", writable=False),
        "clients_id": Field(name="customer_id", writable=False),
        "amount": Amount(name="amount", writable=False),
        "currency": Field(name="currency", writable=False),
        "status": Field(name="status", writable=False),
        "reason": Field(name="reason", writable=False),
        "reference": Field(name="reference", writable=False),
        "answer_due_dt": Moment(name="answer_due_at", writable=False),
        "closed_dt": Moment(name="closed_at", writable=False),
        **HISTORY,
    },
    verbs=("get", "list", "win", "lose", "reopen"),
    parameters={
        **IDS, "payments_id": Parameter("payment_ids"), "status": Parameter("status", words(DisputeStatus)),
    },
    sorts={**SORTS, "amount": "amount", "status": "status", "answer_due_dt": "answer_due_at"},
)

GATEWAY_ACCOUNTS = expose(
    CONTRACT,
    gateways_on_hold.RESOURCE,
    "/gateway-accounts",
    {
        "id": ID,
        "companies_id": COMPANY,
        "gateway": Field(name="gateway", writable=False),
        "enabled": Field(name="enabled", writable=False),
        "per_minute": Field(name="per_minute", writable=False),
        "retry_days": Field(name="retry_days", writable=False),
        "failures_in_row": Field(name="failures_in_row", writable=False),
        "on_hold_from_dt": Moment(name="parked_at", writable=False),
        "on_hold_until_dt": Moment(name="parked_until", writable=False),
        "on_hold_reason": Field(name="parked_reason", writable=False),
        **HISTORY,
    },
    verbs=("get", "list", "resume"),
    parameters={**IDS, "gateway": Parameter("gateway")},
    sorts={**SORTS, "on_hold_until_dt": "parked_until"},
)
