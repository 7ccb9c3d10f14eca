"""Declares payments in the Core API: reading, recording by hand, and giving money back.

The row of a refund is committed before the gateway is asked; a repeated call answers the payment as it is then.
"""

from dataclasses import replace

import orjson

from blueprints.api import schemas
from blueprints.api.contract import Arguments, Outcome, Parameter
from blueprints.api.core.contract import CONTRACT
from blueprints.api.core.invoicing import receipts
from blueprints.api.core.vocabulary import COMPANY, HISTORY, ID, IDS, SORTS, YES_NO, words
from blueprints.api.description import Description, ExampleBody
from blueprints.api.field import Field
from blueprints.api.field_map import Amount, Moment
from blueprints.api.field_parts import Many
from blueprints.api.verbs import body_of, changed, expose, locked, operation, shown
from blueprints.api.wire.row_cache import DUMPS
from blueprints.services import services
from domain import inputs
from domain.actor import Actor
from domain.invoicing.paying import recording
from domain.payments import payment_inquiries, payments, refunds
from models.payment import Decline, PaymentStatus

WRITTEN = ("orders_id", "scheduled_payments_id", "amount", "gateway", "reference")
OF_INVOICES = ("clients_id", "invoices_ids", "currency", "received_date")
ALLOCATION = {"invoices_id": Field(name="invoice_id"), "amount": Amount(name="amount")}
REFUND = {
    "id": ID,
    "status": Field(name="status"),
    "amount": Amount(name="amount"),
    "reason": Field(name="reason"),
    "message": Field(name="message"),
    "executed_dt": Moment(name="executed_at"),
    "c_dt": Moment(name="created_at"),
}

PAYMENTS = expose(
    CONTRACT,
    payments.RESOURCE,
    "/payments",
    {
        "id": ID,
        "companies_id": COMPANY,
        "orders_id": Field(name="order_id", refers="order"),
        "scheduled_payments_id": Field(name="scheduled_payment_id", refers="scheduled payment"),
        "clients_id": Field(name="customer_id", writable=False),
        "amount": Amount(name="amount"),
        "currency": Field(name="currency", writable=False),
        "status": Field(name="status", writable=False),
        "decline": Field(name="decline", writable=False),
        "message": Field(name="message", writable=False),
        "gateway": Field(name="gateway"),
        "reference": Field(name="reference"),
        "reason": Field(name="reason", writable=False),
        "confirm_url": Field(name="confirm_url", writable=False),
        "refunded_amount": Amount(name="refunded", writable=False),
        "allocated_amount": Amount(name="allocated", writable=False),
        "invoices": Many(name="allocations", fields=ALLOCATION, inherit="currency", writable=False),
        "disputed": Field(name="disputed", writable=False),
        "executed_dt": Moment(name="executed_at", writable=False),
        "refunds": Many(name="refunds", fields=REFUND, inherit="currency", writable=False),
        **HISTORY,
    },
    verbs=("get", "list"),
    parameters={
        **IDS, "orders_id": Parameter("order_ids"), "clients_id": Parameter("customer_id"),
        "invoices_id": Parameter("invoice_ids"), "scheduled_payments_id": Parameter("scheduled_payment_ids"),
        "status": Parameter("status", words(PaymentStatus)), "decline": Parameter("decline", words(Decline)),
        "exception": Parameter("exception", YES_NO), "disputed": Parameter("disputed", YES_NO),
    },
    sorts={**SORTS, "amount": "amount", "status": "status", "u_dt": "updated_at", "executed_dt": "executed_at"},
)

RECORDED = ExampleBody(
    {
        "title": "PaymentInput", "type": "object", "additionalProperties": False, "required": ["amount"],
        "properties": {
            "orders_id": {"type": ["integer", "null"]}, "scheduled_payments_id": {"type": ["integer", "null"]},
            "clients_id": {"type": ["integer", "null"]},
            "invoices_ids": {"type": ["array", "null"], "items": {"type": "integer"}, "maxItems": recording.MOST},
            "amount": {"type": "number", "exclusiveMinimum": 0},
            "currency": {"type": ["string", "null"], "description": "Of the invoices, where it is not sent"},
            "gateway": {"enum": ["manual", "cash"], "description": "Cash only for invoices"},
            "reference": {"type": ["string", "null"], "maxLength": 255},
            "received_date": {"type": ["string", "null"], "format": "date", "description": "Today, if not sent"},
        },
    },
    {"orders_id": 1, "amount": 10, "reference": "RF18 5390 0754 7034"},
)
GIVEN_BACK = ExampleBody(
    {
        "title": "RefundInput", "type": "object", "additionalProperties": False,
        "properties": {
            "amount": {"type": ["number", "null"], "exclusiveMinimum": 0}, "reason": {"type": ["string", "null"]},
        },
    },
    {"amount": 10, "reason": "Returned"},
)


def changed_payment(actor: Actor, payment_id: int) -> Outcome:
    changed(PAYMENTS, actor, payment_id)                 # flushes what is read with plain statements
    return Outcome(shown(PAYMENTS, actor, payment_id).payload)


def finish(actor: Actor, outcome: Outcome) -> Outcome:
    """Ask the gateway, unless this is a repetition; the answer is the payment as it is now."""
    if outcome.begun is not None:
        services().ask_gateway(outcome.begun)
    told = orjson.loads(orjson.dumps(outcome.payload, option=DUMPS))         # a repetition's is stored as text
    if told["id"] is None:
        return outcome                               # nothing was due
    return replace(outcome, payload=shown(PAYMENTS, actor, told["id"]).payload)


def create(actor: Actor, arguments: Arguments) -> Outcome:
    """Record a payment that was received by other means: of an order, or of invoices, whose rest is credit."""
    body = body_of(arguments)
    if any(body.get(name) is not None for name in OF_INVOICES):
        return changed_payment(actor, receipts.record(actor, body).id)
    taken, problems = PAYMENTS.take({name: value for name, value in body.items() if name in WRITTEN})
    new = inputs.parse(payments.PaymentInput, taken, problems=problems)
    made = payments.record(actor, new)
    return changed_payment(actor, made.id)


def refund(actor: Actor, arguments: Arguments) -> Outcome:
    """Give back an amount, or all that is left; answers the payment."""
    own, payment = locked(PAYMENTS, actor, arguments)
    body = body_of(arguments)
    given = inputs.parse(refunds.RefundInput, {name: body[name] for name in ("amount", "reason") if name in body})
    attempt = refunds.begin(own, payment, given.amount, given.reason)
    return replace(changed_payment(actor, payment.id), begun=attempt)


def look_up(actor: Actor, arguments: Arguments) -> Outcome:
    """Ask the gateway at once what became of a payment without an outcome."""
    own, payment = locked(PAYMENTS, actor, arguments)
    asked = payment_inquiries.look_up(own, payment)
    return replace(changed_payment(actor, payment.id), begun=asked)


ANSWER = schemas.row(PAYMENTS)
CONTRACT.operations += [
    operation(
        PAYMENTS, "create", "POST", "", create, positional=WRITTEN + OF_INVOICES, takes_body=True,
        summary="Record a payment received by hand", described=Description(body=RECORDED, answer=ANSWER),
    ),
    operation(
        PAYMENTS, "refund", "POST", "/{key}/refund", refund, positional=("id", "amount", "reason"),
        summary="Give money back", takes_body=True, finish=finish,
        described=Description(body=GIVEN_BACK, answer=ANSWER),
    ),
    operation(
        PAYMENTS, "look_up", "POST", "/{key}/look_up", look_up, positional=("id",),
        summary="Ask the gateway what became of a payment", finish=finish, described=Description(answer=ANSWER),
    ),
]
