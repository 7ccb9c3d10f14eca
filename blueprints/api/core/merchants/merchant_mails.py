"""merchants.mails and its companions: the mails that are sent in a merchant's name, a preview and a sample of each.

A kind is switched off by the field `mails_off` of merchants.update.
"""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

from blueprints.api.contract import Arguments, Operation, Outcome
from blueprints.api.core.administration import MERCHANTS
from blueprints.api.core.contract import CONTRACT
from blueprints.api.description import Description, ExampleBody
from blueprints.api.verbs import body_of, key_of, locked, operation
from blueprints.services import public_url, services
from domain.actor import Actor
from domain.errors import Invalid
from domain.people import merchant_mails
from domain.people.merchant_mails import KINDS, Kind
from models.merchant import Merchant

TEXT = {"type": "string"}
MAIL = {"type": "string", "enum": list(KINDS)}
ENTRY: dict[str, Any] = {
    "name": merchant_mails.RECEIPT, "label": "Receipt", "sent": "When a payment was made.", "to": "customer",
    "on": True, "can_be_switched_off": True,
}
ENTRIES = ExampleBody(
    {"type": "array", "items": {
        "title": "MerchantMail", "type": "object", "required": list(ENTRY),
        "properties": {
            "name": MAIL, "label": TEXT, "sent": TEXT, "to": {"type": "string", "enum": ["customer", "merchant"]},
            "on": {"type": "boolean"}, "can_be_switched_off": {"type": "boolean"},
        },
    }},
    [ENTRY],
)
SHOWN: dict[str, Any] = {
    "to": "ada@example.org", "subject": "Receipt: €30.00 to Alder & Sons", "text": "Paid",
    "html": "<!doctype html>",
}
PREVIEW = ExampleBody(
    {"title": "MailPreview", "type": "object", "required": list(SHOWN), "properties": dict.fromkeys(SHOWN, TEXT)},
    SHOWN,
)
WANTED = ExampleBody(
    {"title": "MailName", "type": "object", "additionalProperties": False, "properties": {"mail": MAIL},
     "required": ["mail"]},
    {"mail": merchant_mails.RECEIPT},
)
QUEUED = ExampleBody(
    {"title": "MailSample", "type": "object", "required": ["to"], "properties": {"to": TEXT}},
    {"to": "grace@example.org"},
)


def entry(kind: Kind, merchant: Merchant) -> dict[str, Any]:
    """A kind of mail as the contract shows it."""
    return {
        "name": kind.name, "label": kind.title, "sent": kind.says, "to": "merchant" if kind.to_merchant else "customer",
        "on": merchant_mails.is_on(merchant, kind.name), "can_be_switched_off": not kind.always,
    }


def merchant_of(actor: Actor, arguments: Arguments) -> Merchant:
    found: Merchant = MERCHANTS.resource.listing.get(actor, key_of(MERCHANTS, arguments.key))
    return found


def name_in(given: Any) -> str:
    """The name of a kind of mail; raises Invalid."""
    if given is None:
        raise Invalid.field("mail", "is required", "missing")
    if given not in list(KINDS):
        raise Invalid.field("mail", "must be among " + ", ".join(KINDS), "inclusion")
    return str(given)


def listed(actor: Actor, arguments: Arguments) -> Outcome:
    """Every kind of mail, and whether it is sent."""
    merchant = merchant_of(actor, arguments)
    return Outcome([entry(one, merchant) for one in KINDS.values()])


def previewed(actor: Actor, arguments: Arguments) -> Outcome:
    """A mail with sample data, as the page shows it."""
    merchant, name = merchant_of(actor, arguments), name_in(arguments.query.get("mail"))
    mail = services().sample_mail(name, merchant.id, public_url())
    return Outcome({"to": mail.to, "subject": mail.subject, "text": mail.text, "html": mail.page})


def sample_sent(actor: Actor, arguments: Arguments) -> Outcome:
    """Put a mail with sample data into the outbox, to the caller's own address."""
    own, merchant = locked(MERCHANTS, actor, arguments)
    name = name_in(body_of(arguments).get("mail"))
    return Outcome({"to": merchant_mails.put_sample(own, merchant, name)})


def reading(verb: str, run: Callable[[Actor, Arguments], Outcome], path: str, summary: str, **more: Any) -> Operation:
    return operation(MERCHANTS, verb, "GET", f"/{{key}}{path}", run, summary=summary, **more)


CONTRACT.operations += [
    replace(
        reading("mails", listed, "/mails", "List the mails that are sent in a merchant’s name", positional=("id",)),
        described=Description(answer=ENTRIES),
    ),
    replace(
        reading(
            "preview_mail", previewed, "/mails/preview", "Preview a mail with sample data", parameters=("mail",),
            positional=("id", "mail"),
        ),
        described=Description(
            query={"mail": MAIL}, required=("mail",), called_with={"mail": merchant_mails.RECEIPT}, answer=PREVIEW,
        ),
    ),
    replace(
        operation(
            MERCHANTS, "send_sample_mail", "POST", "/{key}/mails/send_sample", sample_sent, takes_body=True,
            positional=("id", "mail"), summary="Send a mail with sample data to yourself",
        ),
        described=Description(body=WANTED, answer=QUEUED),
    ),
]
