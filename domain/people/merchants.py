"""Manages merchants, the tenants: operators create them, their admins change them."""

from collections.abc import Callable
from typing import Annotated, Any

from sqlalchemy import exists, select

from database import db
from domain import usage
from domain.actor import Actor, All
from domain.errors import Conflict, Forbidden, Problem
from domain.inputs import (
    Choice,
    Colour,
    Country,
    CurrencyCode,
    Email,
    Input,
    LongText,
    Maybe,
    Name,
    NameText,
    TaggedEmail,
    Text,
    TimeZone,
    Truth,
    WebAddress,
    Whole,
)
from domain.lifecycle import Lifecycle, put_back
from domain.people import merchant_listing, merchant_mails, samples
from domain.people.invoice_numbering import NumberPattern
from domain.people.invoice_reminders import ReminderSteps
from domain.people.merchant_mails import MailName
from domain.resource import Action, Resource, switch
from domain.usage import Use
from models.budget import Budget
from models.customer import Customer
from models.language import Language
from models.merchant import CustomerCancels, InvoicesMade, Merchant
from models.product import Product

LISTING = merchant_listing.LISTING


class MerchantInput(Input):
    """A merchant profile with what its documents print."""

    name: Name
    currency: CurrencyCode = "EUR"
    timezone: Maybe[TimeZone] = None
    active: Truth = True
    legal_name: Maybe[Annotated[str, NameText(200)]] = None
    registration_number: Maybe[Annotated[str, Text(64)]] = None
    tax_number: Maybe[Annotated[str, Text(64)]] = None
    email: Maybe[Email] = None
    phone: Maybe[Annotated[str, Text(40)]] = None
    website: Maybe[WebAddress] = None
    street: Maybe[Annotated[str, Text(255)]] = None
    city: Maybe[Annotated[str, Text(255)]] = None
    state: Maybe[Annotated[str, Text(255)]] = None
    postal_code: Maybe[Annotated[str, Text(32)]] = None
    country: Maybe[Country] = None
    document_footer: Maybe[LongText] = None
    language: Maybe[Annotated[Language, Choice(Language)]] = None
    brand_colour: Maybe[Colour] = None
    customer_cancels: Annotated[CustomerCancels, Choice(CustomerCancels)] = CustomerCancels.ANY
    customer_skips: Truth = False
    customer_changes: Truth = False
    mails_off: list[MailName] = []
    support_email: Maybe[TaggedEmail] = None
    invoice_pattern: NumberPattern = "INV-{n:06}"
    credit_note_pattern: NumberPattern = "CN-{n:06}"
    payment_terms_days: Annotated[int, Whole(0, 365)] = 14
    invoices_made: Annotated[InvoicesMade, Choice(InvoicesMade)] = InvoicesMade.NONE
    invoices_charged: Truth = False
    invoice_reminders: Maybe[ReminderSteps] = None
    unpaid_throttle_days: Maybe[Annotated[int, Whole(0, 365)]] = None
    unpaid_calls_per_hour: Annotated[int, Whole(1, 1_000_000)] = 60
    unpaid_stop_days: Maybe[Annotated[int, Whole(0, 365)]] = None
    unpaid_suspend_days: Maybe[Annotated[int, Whole(0, 365)]] = None


LIFE = Lifecycle(noun="merchant", merchant_of=lambda merchant: int(merchant.id))
_at_creation: list[Callable[[Merchant], None]] = []


def at_creation(run: Callable[[Merchant], None]) -> None:
    """Register what every new merchant gets. Areas above this one register; it cannot import them."""
    _at_creation.append(run)


def is_operator(actor: Actor) -> bool:
    """Whether the actor has all merchants, and so may create, archive, activate and delete profiles."""
    return isinstance(actor.merchant_ids, All)


def create(actor: Actor, new: MerchantInput) -> Merchant:
    """A new merchant; the actor must have all merchants."""
    if not is_operator(actor):
        raise Forbidden("Only a user with all merchants can create a merchant profile.")
    merchant = Merchant(**new.model_dump() | {"mails_off": merchant_mails.switched_off(new.mails_off)})
    LIFE.add(actor, merchant)
    for run in _at_creation:
        run(merchant)
    return merchant


def update(actor: Actor, merchant: Merchant, changes: dict[str, Any]) -> Merchant:
    """Change what was sent; only operators archive or activate a merchant."""
    if "active" in changes and changes["active"] != merchant.active and not is_operator(actor):
        raise Forbidden("Only a user with all merchants can switch a merchant profile off or on.")
    if changes.get("currency", merchant.currency) != merchant.currency and _does_business(merchant):
        problem = Problem("locked", "can no longer change: there are amounts in this currency")
        raise Conflict("This merchant profile has customers, products or budgets.", fields={"currency": problem})
    if "mails_off" in changes:
        changes = changes | {"mails_off": merchant_mails.switched_off(changes["mails_off"])}
    with LIFE.changing(actor, merchant):
        for name, value in changes.items():
            setattr(merchant, name, value)
    return merchant


def switch_mail(actor: Actor, merchant: Merchant, name: str, *, on: bool) -> Merchant:
    """Send mails of one kind, or send none of them any more."""
    off = [*merchant.mails_off, name] if not on else [one for one in merchant.mails_off if one != name]
    return update(actor, merchant, {"mails_off": off})


def archive(actor: Actor, merchant: Merchant) -> Merchant:
    """Archive the merchant: its keys and tokens are refused."""
    return update(actor, merchant, {"active": False})


def activate(actor: Actor, merchant: Merchant) -> Merchant:
    return update(actor, merchant, {"active": True})


def delete(actor: Actor, merchant: Merchant) -> None:
    """Delete a merchant without business; any other is archived instead."""
    if not is_operator(actor):
        raise Forbidden("Only a user with all merchants can delete a merchant profile.")
    usage.refuse("merchant", merchant, "Switch it off instead.")
    with LIFE.removing(actor, merchant):
        merchant.active = False


def _does_business(merchant: Merchant) -> bool:
    """Whether any row has amounts in the merchant's currency."""
    return any(
        db.session.scalar(select(exists().where(model.merchant_id == merchant.id)))
        for model in (Customer, Product, Budget)
    )


usage.register(Merchant, Use("customer", "customers", lambda merchant: usage.rows(Customer, merchant_id=merchant.id)))

RESOURCE = Resource(
    name="merchants",
    noun="merchant",
    listing=LISTING,
    read_scope="READ_MERCHANTS",
    write_scope="WRITE_MERCHANTS",
    input=MerchantInput,
    sample=samples.MERCHANT,
    create=create,
    update=update,
    may_create=is_operator,
    delete=Action(run=delete),
    actions=switch(
        archive, activate, is_on=lambda row: bool(row.active), allowed=is_operator,
        undo=put_back(update, MerchantInput), keeps="active",
        confirm=lambda row: ("Keys and tokens of this profile are refused until you switch it on again.",),
        titles=("Switch off", "Switch on"), past=("{} was switched off.", "{} was switched on."),
    ),
)
