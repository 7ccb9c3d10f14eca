"""A contract with the methods of the JSON-RPC 2.0 specification's examples, on the real dispatcher."""

from decimal import Decimal

from flask import g

from blueprints.api import rpc
from blueprints.api.call import Call
from blueprints.api.contract import Arguments, Operation, Outcome
from blueprints.api.core.contract import CoreContract


class ExampleContract(CoreContract):
    """Parameters by name; a list of any length is numbered."""

    def arguments(self, operation, params):
        return Arguments(body=params)


def operation(name, positional, run):
    return Operation(
        name=name, method="POST", path=f"/{name}", scope=None, positional=positional,
        run=lambda actor, arguments: Outcome(run(**arguments.body)),
    )


def total(**numbers):
    return sum(numbers.values())


FIVE = ("a", "b", "c", "d", "e")
heard = []


def contract():
    """subtract, sum, update, get_data and the notify_ methods of the specification."""
    made = ExampleContract()
    made.operations += [
        operation("subtract", ("minuend", "subtrahend"), lambda minuend, subtrahend: minuend - subtrahend),
        operation("sum", FIVE, total),
        operation("update", FIVE, lambda **given: heard.append(("update", *given.values()))),
        operation("notify_sum", FIVE, lambda **given: heard.append(("notify_sum", *given.values()))),
        operation("notify_hello", ("number",), lambda number: heard.append(("notify_hello", number))),
        operation("get_data", (), lambda: ["hello", 5]),
        operation("echo", ("value",), lambda value: float(value) if isinstance(value, Decimal) else value),
        operation("fail", (), lambda: 1 / 0),
    ]
    return made


def answer(app, raw):
    """What the dispatcher answers to a document: the status and the raw body."""
    made = contract()
    dispatcher = rpc.Dispatcher(made)
    body = raw.encode() if isinstance(raw, str) else raw
    with app.test_request_context("/", method="POST", data=body) as context:
        g.call = Call(context.request)
        g.call.contract = made
        response = rpc.document(dispatcher, lambda calls: lambda one, arguments, _: one.run(None, arguments))
        return response.status_code, response.get_data()
