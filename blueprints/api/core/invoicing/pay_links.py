"""invoices.pay_link: the link under which a client pays an invoice, or several at once."""

from flask import g

from blueprints.api.contract import Arguments, Outcome
from blueprints.api.core.contract import CONTRACT
from blueprints.api.core.invoicing.invoices import INVOICES
from blueprints.api.core.invoicing.taken import in_words_of, read
from blueprints.api.description import Description, ExampleBody
from blueprints.api.field import Field
from blueprints.api.verbs import locked, operation
from blueprints.services import own_url
from domain.actor import Actor
from domain.invoicing.paying import invoice_links
from domain.invoicing.paying.invoice_links import LinkInput

TAKEN = {"invoices_ids": Field(name="invoice_ids", refers="invoice"), "renew": Field(name="renew")}
ASKED = ExampleBody(
    {
        "title": "PayLinkInput", "type": "object", "additionalProperties": False,
        "properties": {
            "invoices_ids": {"type": ["array", "null"], "items": {"type": "integer"}, "maxItems": invoice_links.MOST,
                             "description": "Others of the same client that are paid together with it"},
            "renew": {"type": "boolean", "default": False, "description": "The link of before works no more"},
        },
    },
    {},
)
LINK = ExampleBody(
    {
        "title": "PayLink", "type": "object", "required": ["url"],
        "properties": {"url": {"type": ["string", "null"], "format": "uri", "description": "Whoever has it may pay"}},
    },
    {"url": "https://billing.example.com/pay/zkWS1Vb3r7XqBqk2b4mVx0n3vQy8f5pJd6hTgLcR9aE"},
)


def run(actor: Actor, arguments: Arguments) -> Outcome:
    """Give the link of an invoice, with others where they are named."""
    own, invoice = locked(INVOICES, actor, arguments)
    with in_words_of(TAKEN):
        token = invoice_links.link(own, invoice, read(LinkInput, TAKEN, arguments))
    # The link is a secret, so a repetition with an Idempotency-Key answers without it.
    return Outcome({"url": f"{own_url(g.call.request.host_url)}/pay/{token}"}, kept={"url": None})


CONTRACT.operations.append(operation(
    INVOICES, "pay_link", "POST", "/{key}/pay_link", run, positional=("id", "invoices_ids", "renew"), takes_body=True,
    summary="Give the link under which an invoice is paid", lasting=True,
    described=Description(body=ASKED, answer=LINK),
))
