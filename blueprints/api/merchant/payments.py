"""Declares payments in the Merchant API: every attempt to collect, read only. Events of payments show this."""

from blueprints.api.contract import Parameter
from blueprints.api.field_map import Moment
from blueprints.api.merchant.contract import CONTRACT
from blueprints.api.merchant.ordering import money, shown
from blueprints.api.verbs import expose
from domain.payments import payments
from models.payment import Decline, PaymentStatus

PAYMENTS = expose(
    CONTRACT,
    payments.RESOURCE,
    "/payments",
    {
        "id": shown("id"),
        "profile_id": shown("merchant_id"),
        "order_id": shown("order_id"),
        "scheduled_payment_id": shown("scheduled_payment_id"),
        "customer_id": shown("customer_id"),
        "amount": money("amount"),
        "refunded_amount": money("refunded"),
        "currency": shown("currency"),
        "status": shown("status"),
        "decline": shown("decline"),
        "message": shown("message"),
        "disputed": shown("disputed"),
        "gateway": shown("gateway"),
        "reference": shown("reference"),
        "executed_at": Moment(name="executed_at", writable=False),
        "test": shown("test"),
        "created_at": Moment(name="created_at", writable=False),
        "updated_at": Moment(name="updated_at", writable=False),
    },
    verbs=("list", "get"),
    event_shape=True,
    parameters={
        "order_id": Parameter("order_id"), "status": Parameter("status", {one.value: one for one in PaymentStatus}),
        "decline": Parameter("decline", {one.value: one for one in Decline}),
    },
)
