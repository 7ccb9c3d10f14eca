"""invoices.charge_card: charges a client's stored card for what is open of an invoice.

The row of the attempt is committed before the gateway is asked; a repeated call answers the attempt as it is then.
"""

from blueprints.api import schemas
from blueprints.api.contract import Arguments, Outcome
from blueprints.api.core.collecting import begun
from blueprints.api.core.contract import CONTRACT
from blueprints.api.core.invoicing.invoices import INVOICES
from blueprints.api.core.invoicing.taken import in_words_of, read
from blueprints.api.core.payments import PAYMENTS, finish
from blueprints.api.description import Description, ExampleBody
from blueprints.api.field import Field
from blueprints.api.verbs import locked, operation
from domain.actor import Actor
from domain.invoicing.paying import card_charges
from domain.invoicing.paying.card_charges import CardInput

TAKEN = {"payment_methods_id": Field(name="payment_method_id")}
ASKED = ExampleBody(
    {
        "title": "CardInput", "type": "object", "additionalProperties": False,
        "properties": {
            "payment_methods_id": {
                "type": ["integer", "null"],
                "description": "A stored card of the client (payment_methods.search); the newest, if not sent"},
        },
    },
    {},
)


def run(actor: Actor, arguments: Arguments) -> Outcome:
    """Charge what is open of an invoice; answers the payment."""
    own, invoice = locked(INVOICES, actor, arguments)
    with in_words_of(TAKEN):
        attempt = card_charges.charge(own, invoice, read(CardInput, TAKEN, arguments))
    return begun(actor, attempt)


CONTRACT.operations.append(operation(
    INVOICES, "charge_card", "POST", "/{key}/charge_card", run, positional=("id", "payment_methods_id"),
    takes_body=True, finish=finish, summary="Charge a client's stored card for an invoice", lasting=True,
    described=Description(body=ASKED, answer=schemas.row(PAYMENTS)),
))
