"""Declares movements of bank accounts in the Core API: their list, and saying what each of them pays."""

from blueprints.api.contract import Arguments, Outcome, Parameter
from blueprints.api.core.contract import CONTRACT
from blueprints.api.core.vocabulary import COMPANY, HISTORY, ID, IDS, SORTS, words
from blueprints.api.description import Description, ExampleBody
from blueprints.api.field import Field
from blueprints.api.field_map import Amount, Day
from blueprints.api.verbs import body_of, changed, expose, locked, operation
from domain import inputs
from domain.actor import Actor
from domain.errors import Invalid
from domain.payments.bank import bank_statement_rows
from domain.payments.bank.bank_statement_rows import StatementRowInput
from models.statement_row import StatementState

PAID = "scheduled_payments_id"
STATEMENT_ROWS = expose(
    CONTRACT,
    bank_statement_rows.RESOURCE,
    "/statement-rows",
    {
        "id": ID,
        "companies_id": COMPANY,
        "booked_on": Day(name="booked_on", writable=False),
        "amount": Amount(name="amount", writable=False),
        "currency": Field(name="currency", writable=False),
        "payer_name": Field(name="payer_name", writable=False),
        "texts": Field(name="texts", writable=False),
        "state": Field(name="state", writable=False),
        "reason": Field(name="reason", writable=False),
        "orders_id": Field(name="order_id", writable=False),
        PAID: Field(name="scheduled_payment_id", refers="scheduled payment"),
        "payments_id": Field(name="payment_id", writable=False),
        "file_name": Field(name="file_name", writable=False),
        "place": Field(name="place", writable=False),
        **HISTORY,
    },
    verbs=("get", "list", "book", "ignore", "reopen", "unbook"),
    parameters={**IDS, "state": Parameter("state", words(StatementState))},
    sorts={**SORTS, "amount": "amount", "booked_on": "booked_on"},
)
CHOSEN = ExampleBody(
    {
        "title": "StatementRowInput", "type": "object", "additionalProperties": False, "required": [PAID],
        "properties": {PAID: {"type": "integer", "minimum": 1}},
    },
    {PAID: 1},
)


def assign(actor: Actor, arguments: Arguments) -> Outcome:
    """Record the movement as a payment of a scheduled payment."""
    own, movement = locked(STATEMENT_ROWS, actor, arguments)
    taken, problems = STATEMENT_ROWS.take({name: one for name, one in body_of(arguments).items() if name == PAID})
    given = inputs.changes(StatementRowInput, taken, problems=problems)
    if not given:
        raise Invalid.field("scheduled_payment_id", "is required", "missing")
    bank_statement_rows.update(own, movement, given)
    return changed(STATEMENT_ROWS, actor, movement.id)


CONTRACT.operations.append(operation(
    STATEMENT_ROWS, "assign", "POST", "/{key}/assign", assign, takes_body=True, positional=("id", PAID),
    summary="Say what a movement pays", described=Description(body=CHOSEN),
))
