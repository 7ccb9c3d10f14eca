"""Declares the calls of the Core API that collect: pay and change the card of an order, execute and retry a payment.

The row of the attempt is committed before the gateway is asked; a repeated call answers the attempt as it is then.
"""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

from blueprints.api import schemas
from blueprints.api.contract import Arguments, Exposure, Operation, Outcome
from blueprints.api.core.contract import CONTRACT
from blueprints.api.core.ordering import ORDERS, SCHEDULED_PAYMENTS
from blueprints.api.core.payments import PAYMENTS, changed_payment, finish
from blueprints.api.description import Description, ExampleBody
from blueprints.api.verbs import body_of, changed, locked, operation
from domain.actor import Actor
from domain.errors import Invalid
from domain.payments import paying, paying_off, payment_methods
from domain.payments.attempts import Attempt

NAMED = ExampleBody(
    {
        "title": "PaymentMethodName", "type": "object", "additionalProperties": False,
        "properties": {"payment_method": {"type": "string"}}, "required": ["payment_method"],
    },
    {"payment_method": "test_ok"},
)
ANSWER = schemas.row(PAYMENTS)


def begun(actor: Actor, attempt: Attempt | None) -> Outcome:
    """The attempt whose row was written, which `finish` ends; no payment where nothing was due."""
    if attempt is None:
        return Outcome({"id": None})
    return replace(changed_payment(actor, attempt.payment_id), begun=attempt)


def named(arguments: Arguments) -> str:
    """The name of the payment method in the body; raises Invalid."""
    value = body_of(arguments).get("payment_method")
    if not isinstance(value, str):
        missing = value is None
        raise Invalid.field(
            "payment_method", "is required" if missing else "must be a string", "missing" if missing else "type"
        )
    return value


def pay(actor: Actor, arguments: Arguments) -> Outcome:
    """Pay the order's first payment with a method of the test bank, as its page would."""
    own, order = locked(ORDERS, actor, arguments)
    method = payment_methods.test_method(own, order, named(arguments))
    return begun(actor, paying.pay(own, order, method))


def pay_rest(actor: Actor, arguments: Arguments) -> Outcome:
    """Collect all that is left of an instalment order now, with one payment."""
    own, order = locked(ORDERS, actor, arguments)
    return begun(actor, paying_off.begin(own, order))


def set_payment_method(actor: Actor, arguments: Arguments) -> Outcome:
    """Collect what follows from another payment method; nothing is collected by this itself."""
    own, order = locked(ORDERS, actor, arguments)
    paying.change_method(own, order, named(arguments))
    return changed(ORDERS, actor, order.id)


def collecting(verb: Callable[[Actor, Any], Attempt]) -> Callable[[Actor, Arguments], Outcome]:
    """A call that collects a scheduled payment."""
    def run(actor: Actor, arguments: Arguments) -> Outcome:
        own, row = locked(SCHEDULED_PAYMENTS, actor, arguments)
        return begun(actor, verb(own, row))

    return run


def called(exposure: Exposure, verb: str, run: Callable[..., Outcome], summary: str, **more: Any) -> Operation:
    return operation(exposure, verb, "POST", f"/{{key}}/{verb}", run, summary=summary, **more)


WITH_METHOD: dict[str, Any] = {"takes_body": True, "positional": ("id", "payment_method")}
ON_A_ROW: dict[str, Any] = {"positional": ("id",), "finish": finish, "described": Description(answer=ANSWER)}
CONTRACT.operations += [
    called(
        ORDERS, "pay", pay, "Pay an order of the test world", **WITH_METHOD, finish=finish,
        described=Description(body=NAMED, answer=ANSWER),
    ),
    called(
        ORDERS, "set_payment_method", set_payment_method, "Change the payment method of an order", **WITH_METHOD,
        described=Description(body=NAMED),
    ),
    called(ORDERS, "pay_rest", pay_rest, "Collect all that is left of instalments with one payment", **ON_A_ROW),
    called(SCHEDULED_PAYMENTS, "execute", collecting(paying.execute), "Collect a scheduled payment now", **ON_A_ROW),
    called(SCHEDULED_PAYMENTS, "retry", collecting(paying.retry), "Try a declined payment again", **ON_A_ROW),
]
