"""clients.statement: the statement of account of a client, as data and as PDF."""

from dataclasses import replace
from typing import Any

from blueprints.api.contract import Arguments, Outcome
from blueprints.api.core.commerce import CLIENTS
from blueprints.api.core.contract import CONTRACT
from blueprints.api.description import Description, ExampleBody
from blueprints.api.verbs import key_of, operation
from blueprints.api.wire.files import FileContent
from domain import inputs
from domain.actor import Actor
from domain.errors import Invalid
from domain.invoicing.documents import statement_document
from domain.invoicing.e_invoice import files
from domain.invoicing.paying import statements
from domain.invoicing.paying.statements import Statement, StatementInput

NAMES = {"from": "start", "to": "until", "currency": "currency"}
QUERY: dict[str, Any] = {
    "from": {"type": "string", "format": "date", "description": "The first day; the first of the year without it"},
    "to": {"type": "string", "format": "date", "description": "The last day; today without it"},
    "currency": {"type": "string", "description": "ISO 4217; the client's without it"},
}
ENTRY = {
    "title": "StatementEntry", "type": "object", "required": ["date", "kind", "number", "amount", "balance"],
    "properties": {
        "date": {"type": "string", "format": "date"}, "kind": {"enum": list(statements.KINDS)},
        "number": {"type": "string"}, "amount": {"type": "number"}, "balance": {"type": "number"},
    },
}
ANSWER = ExampleBody(
    {
        "title": "Statement", "type": "object",
        "required": ["clients_id", "currency", "from", "to", "opening_balance", "closing_balance", "entries"],
        "properties": {
            "clients_id": {"type": "integer"}, "currency": {"type": "string"},
            "from": {"type": "string", "format": "date"}, "to": {"type": "string", "format": "date"},
            "opening_balance": {"type": "number", "description": "Plus is owed"}, "closing_balance": {"type": "number"},
            "entries": {"type": "array", "items": ENTRY},
        },
    },
    {
        "clients_id": 1, "currency": "EUR", "from": "2026-01-01", "to": "2026-12-31", "opening_balance": 0,
        "closing_balance": 70, "entries": [
            {"date": "2026-02-01", "kind": "invoice", "number": "INV-000001", "amount": 120, "balance": 120},
            {"date": "2026-02-10", "kind": "payment", "number": "1", "amount": -50, "balance": 70},
        ],
    },
)


def statement_of(actor: Actor, arguments: Arguments) -> Statement:
    """The statement that was asked for."""
    customer = CLIENTS.resource.listing.get(actor, key_of(CLIENTS, arguments.key))
    given = {inside: arguments.query[name] for name, inside in NAMES.items() if arguments.query.get(name)}
    try:
        return statements.asked(customer, inputs.parse(StatementInput, given, text=True))
    except Invalid as error:
        outside = {inside: name for name, inside in NAMES.items()}
        raise Invalid.several({outside.get(name, name): one for name, one in error.fields.items()}) from None


def run(actor: Actor, arguments: Arguments) -> Outcome:
    """The statement as data."""
    found = statement_of(actor, arguments)

    def amount(minor: int) -> Any:
        return CONTRACT.formats.amount(minor, found.currency)

    return Outcome({
        "clients_id": found.customer.id, "currency": found.currency, "from": found.start.isoformat(),
        "to": found.end.isoformat(), "opening_balance": amount(found.opening_minor),
        "closing_balance": amount(found.closing_minor), "entries": [
            {"date": one.on.isoformat(), "kind": one.kind, "number": one.number, "amount": amount(one.amount_minor),
             "balance": amount(one.balance_minor)}
            for one in found.entries
        ],
    })


def send_pdf(actor: Actor, arguments: Arguments) -> Outcome:
    """The statement as a document."""
    made = files.pdf(statement_document.document(statement_of(actor, arguments)))
    return Outcome(FileContent(made.name, made.body, made.media))


SAID = "The bytes of the file"
CONTRACT.operations += [
    replace(
        operation(
            CLIENTS, "statement", "GET", "/{key}/statement", run, parameters=tuple(QUERY),
            positional=("id", *QUERY), summary="Read the statement of account of a client",
        ),
        described=Description(query=QUERY, answer=ANSWER),
    ),
    replace(
        operation(
            CLIENTS, "statement_pdf", "GET", "/{key}/statement.pdf", send_pdf, parameters=tuple(QUERY),
            positional=("id", *QUERY), summary="Download the statement of account of a client as PDF",
            media=files.PDF,
        ),
        described=Description(query=QUERY, answer=ExampleBody({"type": "string", "description": SAID}, SAID)),
    ),
]
