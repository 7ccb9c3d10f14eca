"""Names the mails that are sent in a merchant's name, and puts those into the outbox that the merchant has not
switched off. A task names rows only; the text is written when it is sent.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Annotated, Any

from sqlalchemy import select

from database import db
from domain.actor import Actor
from domain.errors import Conflict, Invalid
from domain.inputs.schema_facts import one_of
from domain.outbox import tasks
from models.merchant import Merchant
from models.user import User

REMINDER, RECEIPT, FAILED, CONFIRM = "reminder", "receipt", "payment_failed", "payment_confirm"
CARD, CARD_EXPIRES, DISPUTE = "another_card", "card_expires", "dispute"
SIGN_IN, INVITATION, SECURITY = "sign_in", "client_invitation", "client_security"
QUOTE_ANSWERED, DISPUTED = "quote_answered", "payment_disputed"
INVOICE, INVOICE_REMINDER, INVOICE_PAID = "invoice", "invoice_reminder", "invoice_paid"
INVOICE_CONFIRM, INVOICE_FAILED = "invoice_confirm", "invoice_payment_failed"
TICKET_ANSWER, TICKET_RECEIVED = "ticket_answer", "ticket_received"
TICKET_OPENED, TICKET_REPLIED = "ticket_opened", "ticket_replied"
KEY_EXPIRES, KEY_LEAKED = "key_expires", "key_leaked"


@dataclass(frozen=True, slots=True, kw_only=True)
class Kind:
    """A kind of mail; `says` completes: it is sent …"""

    name: str
    title: str
    says: str
    to_merchant: bool = False
    always: str = ""                 # why it cannot be switched off


KINDS = {one.name: one for one in (
    Kind(name=REMINDER, title="Payment coming up",
         says="Five days before a monthly or yearly payment is collected."),
    Kind(name=RECEIPT, title="Receipt", says="When a payment was made."),
    Kind(name=FAILED, title="Payment failed",
         says="When a payment that the customer did not make on a page was declined, and once more when it is final."),
    Kind(name=CARD, title="Another card needed", says="When a user asks the customer to pay with another card.",
         always="It is sent only when a user asks for it."),
    Kind(name=CONFIRM, title="Confirm a payment",
         says="When the customer’s bank asks for one more step and the customer is not on the page.",
         always="Without it the customer cannot confirm, and the payment fails."),
    Kind(name=CARD_EXPIRES, title="Card expires",
         says="Up to two weeks before a payment that the card will be too old for."),
    Kind(name=DISPUTE, title="Payment disputed", says="When the customer’s bank says that a payment was disputed."),
    Kind(name=INVOICE, title="Invoice", says="When a user sends an invoice, with its PDF and the link to pay it.",
         always="It is sent only when a user sends it."),
    Kind(name=INVOICE_REMINDER, title="Invoice overdue",
         says="On the days after the last day to pay that the profile names, and when a user sends it."),
    Kind(name=INVOICE_PAID, title="Invoice paid",
         says="When a customer paid invoices on their page, or a stored card was charged for them."),
    Kind(name=INVOICE_FAILED, title="Payment of an invoice failed",
         says="When a stored card was declined for an invoice on its due date or by a user, and once more when it is "
              "final."),
    Kind(name=INVOICE_CONFIRM, title="Confirm a payment of an invoice",
         says="When a stored card was charged for an invoice and the customer’s bank asks for one more step.",
         always="Without it the customer cannot confirm, and the payment fails."),
    Kind(name=TICKET_ANSWER, title="Answer to a ticket", says="When a user answers a ticket, with the answer’s files."),
    Kind(name=TICKET_RECEIVED, title="Ticket received",
         says="When a mail has become a ticket, once an hour at most to the same address."),
    Kind(name=SIGN_IN, title="Sign in", says="When a customer asks for a link to the client area.",
         always="It is sent only when a customer asks for it."),
    Kind(name=INVITATION, title="Invitation",
         says="When a user of a customer is added, by a colleague or by a user of yours, with a link to sign in.",
         always="It is sent only when somebody adds a user."),
    Kind(name=SECURITY, title="Sign-in changed",
         says="When the password, two-factor or the address of a customer’s user was changed, or a recovery code used.",
         always="Without it nobody learns that a stranger has done it."),
    Kind(name=QUOTE_ANSWERED, title="Quote answered", to_merchant=True,
         says="When a customer accepts or declines a quote, or asks for a new one."),
    Kind(name=DISPUTED, title="Payment disputed", to_merchant=True,
         says="When a customer disputes a payment at the bank."),
    Kind(name=TICKET_OPENED, title="New ticket", to_merchant=True,
         says="When a customer opens a ticket: to whom it is assigned, else to the profile’s own address."),
    Kind(name=TICKET_REPLIED, title="Reply to a ticket", to_merchant=True,
         says="When a customer writes in a ticket: to whom it is assigned."),
    Kind(name=KEY_EXPIRES, title="API key expires", to_merchant=True,
         says="14 days before an API key expires, and 3 days before."),
    Kind(name=KEY_LEAKED, title="API key leaked", to_merchant=True,
         says="When an API key was found in public and reported: it is paused.",
         always="Without it nobody learns why the key does not work."),
)}
OPTIONAL = tuple(one.name for one in KINDS.values() if not one.always)
MailName = Annotated[str, one_of(*OPTIONAL)]


def switched_off(names: Iterable[str]) -> list[str]:
    """Each name once, in the order of the kinds; raises Invalid for one that cannot be switched off."""
    wanted = set(names)
    if not wanted <= set(OPTIONAL):
        raise Invalid.field("mails_off", "must be among " + ", ".join(OPTIONAL), "inclusion")
    return [name for name in OPTIONAL if name in wanted]


def is_on(merchant: Merchant, name: str) -> bool:
    """Whether the merchant sends mails of this kind."""
    return bool(KINDS[name].always) or name not in merchant.mails_off


def merchants_without(name: str) -> list[int]:
    """The merchants that have switched this kind off."""
    rows = db.session.execute(select(Merchant.id, Merchant.mails_off)).all()
    return [key for key, off in rows if name in off]


def put(name: str, *, lane: str, merchant_id: int, test: bool, about: str | None = None, **rows: Any) -> None:
    """Put a mail about some rows into the outbox, unless the merchant has switched its kind off."""
    if is_on(db.session.get_one(Merchant, merchant_id), name):
        _task(name, lane, merchant_id, rows, test=test, about=about)


def put_sample(actor: Actor, merchant: Merchant, name: str) -> str:
    """Put a mail with sample data for the caller into the outbox, also of a kind that is off; returns the address."""
    user = db.session.get(User, actor.user_id) if actor.user_id is not None else None
    if user is None:
        raise Conflict("Only a user has an address for a sample.")
    _task(name, f"{name}_sample_{user.id}", merchant.id, {"sample": True, "user_id": user.id}, test=False)
    return user.email


def _task(
    name: str, lane: str, merchant_id: int, payload: dict[str, Any], *, test: bool, about: str | None = None
) -> None:
    tasks.put(
        "mail", lane=lane, pool=f"mail_{merchant_id}", merchant_id=merchant_id, test=test, about=about,
        payload={"mail": name, **payload},
    )
