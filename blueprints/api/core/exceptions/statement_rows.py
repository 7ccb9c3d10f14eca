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
from domain.invoicing.bank import bank_statement_rows
from domain.invoicing.bank.bank_invoices import MOST
from domain.invoicing.bank.bank_statement_rows import StatementRowInput
from models.statement_row import StatementState

PAID, INVOICES = "scheduled_payments_id", "invoices_ids"
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
        INVOICES: Field(name="invoice_ids", refers="invoice"),
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
        "title": "StatementRowInput", "type": "object", "additionalProperties": False,
        "properties": {
            PAID: {"type": "integer", "minimum": 1, "description": "A scheduled payment of an order"},
            INVOICES: {"type": "array", "items": {"type": "integer", "minimum": 1}, "minItems": 1, "maxItems": MOST,
                       "description": "Or invoices of one client: the oldest is paid first, the rest is credit"},
        },
    },
    {PAID: 1},
)


def assign(actor: Actor, arguments: Arguments) -> Outcome:
    """Record the movement as a payment of a scheduled payment, or of invoices."""
    own, movement = locked(STATEMENT_ROWS, actor, arguments)
    sent = {name: one for name, one in body_of(arguments).items() if name in (PAID, INVOICES)}
    taken, problems = STATEMENT_ROWS.take(sent)
    given = inputs.changes(StatementRowInput, taken, problems=problems)
    if not given:
        raise Invalid.field("scheduled_payment_id", "is required", "missing")
    bank_statement_rows.update(own, movement, given)
    return changed(STATEMENT_ROWS, actor, movement.id)


CONTRACT.operations.append(operation(
    STATEMENT_ROWS, "assign", "POST", "/{key}/assign", assign, takes_body=True, positional=("id", PAID, INVOICES),
    summary="Say what a movement pays", described=Description(body=CHOSEN),
))
