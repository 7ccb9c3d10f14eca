"""Manages customers: who is billed. Names and addresses serve four contracts."""

from collections.abc import Mapping
from decimal import Decimal
from typing import Annotated, Any

from sqlalchemy import func

from database.searching import like
from domain import codes, inputs, tenants, texts, usage
from domain.actor import Actor
from domain.copies import copy_of, copying
from domain.errors import Invalid, Mistakes
from domain.inputs import (
    Choice,
    Country,
    CurrencyCode,
    Email,
    Input,
    LongText,
    Maybe,
    MaybeFilled,
    Metadata,
    NameText,
    Number,
    OrAbsent,
    PastDay,
    Text,
    TimeZone,
    Truth,
    WebAddress,
    sent_again,
)
from domain.integrations import events
from domain.lifecycle import Lifecycle, put_back
from domain.list_parts import Children, Filter, common_filters
from domain.listing import Listing
from domain.people import customer_addresses, samples
from domain.people.customer_addresses import AddressInput
from domain.people.logins import customer_emails
from domain.resource import Resource, deletion, switch
from models.customer import Address, AddressKind, Customer, CustomerStatus
from models.language import Language
from models.merchant import Merchant
from models.money import Money


class CustomerInput(Input):
    """A customer as callers may write it; a name in full, or first and last, or an organisation."""

    name: MaybeFilled[Annotated[str, NameText(200)]] = None
    first_name: Maybe[Annotated[str, NameText(100)]] = None
    last_name: Maybe[Annotated[str, NameText(100)]] = None
    date_of_birth: Maybe[PastDay] = None
    email: Maybe[Email] = None
    phone: Maybe[Annotated[str, Text(40)]] = None
    organisation: Maybe[Annotated[str, NameText(200)]] = None
    registration_number: Maybe[Annotated[str, Text(64)]] = None
    tax_number: Maybe[Annotated[str, Text(64)]] = None
    website: Maybe[WebAddress] = None
    organisation_note: Maybe[LongText] = None
    currency: Maybe[CurrencyCode] = None
    timezone: Maybe[TimeZone] = None
    language: Maybe[Annotated[Language, Choice(Language)]] = None
    credit_limit: Annotated[Decimal, Number()] = Decimal(0)
    low_balance: Maybe[Annotated[Decimal, Number(-(2**53))]] = None
    note: Maybe[LongText] = None
    details: Metadata = {}
    status: Annotated[CustomerStatus, Choice(CustomerStatus)] = CustomerStatus.ACTIVE
    archived: OrAbsent[Truth] = None
    billing_address: Maybe[AddressInput] = None
    billing_street: Maybe[Annotated[str, Text(255)]] = None         # this part only; the others stay
    billing_country: Maybe[Country] = None
    shipping_address: Maybe[AddressInput] = None


PLAIN = (
    "date_of_birth", "phone", "organisation", "registration_number", "tax_number", "website", "organisation_note",
    "currency", "timezone", "language", "note", "details", "status",
)

CURRENCY = func.coalesce(Customer.currency, Merchant.currency)          # that a customer is billed in

LISTING = Listing(
    model=Customer,
    noun="customer",
    columns={
        **{
            name: getattr(Customer, name)
            for name in (
                "id", "merchant_id", "code", "name", "first_name", "last_name", "date_of_birth", "email", "phone",
                "status", "organisation", "registration_number", "tax_number", "website", "organisation_note",
                "currency", "timezone", "language", "credit_limit_minor", "low_balance_minor", "note", "details",
                "created_at", "updated_at", "version",
            )
        },
        "billing_currency": CURRENCY,
    },
    joins=((Merchant, Merchant.id == Customer.merchant_id),),
    children={
        "addresses": Children(
            Address.customer_id,
            {
                name: getattr(Address, name)
                for name in (
                    "id", "kind", "street", "city", "state", "postal_code", "country", "created_at", "updated_at",
                )
            },
            Address.id,
            Address.replaced_at.is_(None),
        )
    },
    sort={
        "created_at": Customer.created_at, "updated_at": Customer.updated_at, "name": Customer.name_sort,
        "email": Customer.email_sort, "id": Customer.id, "status": Customer.status,
    },
    filters={
        **common_filters(Customer),
        "code": Filter(str, lambda bound: Customer.code == bound),
        "name": Filter(str, lambda bound: Customer.name == bound),
        "name_contains": Filter("text", lambda bound: like(Customer.name_sort, bound)),
        "email": Filter(str, lambda bound: Customer.email_key == bound, texts.email_key),
        "status": Filter(CustomerStatus, lambda bound: Customer.status == bound),
        "archived": Filter(bool, lambda bound: (Customer.status == CustomerStatus.ARCHIVED) == bound),
    },
    search=(Customer.search_text,),
    customer="id",
    own=True,
)


LIFE = Lifecycle(noun="customer", emit_event=events.emit)


def create(actor: Actor, new: CustomerInput) -> Customer:
    """A new customer of the actor's merchant; Conflict when its e-mail is taken."""
    customer = Customer(
        **actor.ownership(), code=codes.fresh(), **{name: getattr(new, name) for name in PLAIN}
    )
    given = {name: getattr(new, name) for name in ("name", "first_name", "last_name")}
    given = {name: part for name, part in given.items() if part is not None}
    _name(customer, given)
    customer_emails.change(customer, new.email)
    _amounts(customer, {"credit_limit": new.credit_limit, "low_balance": new.low_balance})
    if new.archived:
        customer.status = CustomerStatus.ARCHIVED
    for kind in AddressKind:
        customer_addresses.put(customer, kind, getattr(new, f"{kind}_address"))
    parts = new.model_dump(include={"billing_street", "billing_country"}, exclude_none=True)
    customer_addresses.change_parts(customer, parts)
    LIFE.add(actor, customer)
    customer_emails.begin(customer)
    return customer


def update(actor: Actor, customer: Customer, changes: dict[str, Any]) -> Customer:
    """Change what was sent and nothing else."""
    with LIFE.changing(actor, customer):
        currency = currency_of(customer)
        for name in PLAIN:
            if name in changes:
                setattr(customer, name, changes[name])
        if currency_of(customer) != currency:
            amounts = {"credit_limit": customer.credit_limit_minor, "low_balance": customer.low_balance_minor}
            sent_again(amounts, changes)
        if changes.keys() & {"name", "first_name", "last_name"}:
            _name(customer, changes)
        if "email" in changes:
            customer_emails.change(customer, changes["email"])
        _amounts(customer, changes)
        if changes.get("archived") is not None:
            _archive(customer, archived=changes["archived"])
        for kind in AddressKind:
            if f"{kind}_address" in changes:
                customer_addresses.put(customer, kind, changes[f"{kind}_address"])
        customer_addresses.change_parts(customer, changes)
    return customer


def delete(actor: Actor, customer: Customer) -> None:
    """Mark the customer as deleted and free its e-mail. InUse while it has open documents."""
    usage.refuse("customer", customer)
    LIFE.remove(actor, customer)
    customer_emails.free(customer)


def restore(actor: Actor, customer: Customer, was: Mapping[str, Any] | None = None) -> Customer:
    """Undo of `delete`; Conflict when its e-mail was taken meanwhile."""
    with LIFE.restoring(actor, customer):
        customer_emails.take_again(customer)
    return customer


def copy(there: Actor, customer: Customer) -> Customer:
    """The same customer in the other world, with the addresses of now; Conflict when the e-mail is taken there."""
    made: Customer = copy_of(customer, code=codes.fresh(), email=None, email_key=None)
    customer_emails.change(made, customer.email)
    for one in filter(None, (customer.billing_address, customer.shipping_address)):
        values = {name: getattr(one, name) for name in AddressInput.model_fields}
        customer_addresses.put(made, one.kind, AddressInput.model_construct(**values))
    LIFE.add(there, made)
    customer_emails.begin(made)
    return made


def archive(actor: Actor, customer: Customer) -> Customer:
    """Archive the customer."""
    return update(actor, customer, {"status": CustomerStatus.ARCHIVED})


def activate(actor: Actor, customer: Customer) -> Customer:
    return update(actor, customer, {"status": CustomerStatus.ACTIVE})


def _archive(customer: Customer, *, archived: bool) -> None:
    """Archive or activate; a stopped customer that is not archived stays stopped."""
    if archived:
        customer.status = CustomerStatus.ARCHIVED
    elif customer.status is CustomerStatus.ARCHIVED:
        customer.status = CustomerStatus.ACTIVE


def _name(customer: Customer, given: dict[str, Any]) -> None:
    """A full name splits into first and last only where both were empty; first and last make a name."""
    for part in ("first_name", "last_name"):
        if part in given:
            setattr(customer, part, given[part] or None)
    if "name" in given:
        if not given["name"]:
            raise Invalid.field("name", "can't be blank", "blank")
        customer.name = given["name"]
        if not customer.first_name and not customer.last_name:
            first, _, last = customer.name.partition(" ")
            customer.first_name, customer.last_name = first[:100], last.strip()[:100] or None
        return
    joined = " ".join(part for part in (customer.first_name, customer.last_name) if part)
    name = joined or customer.organisation
    if not name:
        raise Invalid.field("name", "is required", "missing")
    customer.name = name


def _amounts(customer: Customer, given: dict[str, Any]) -> None:
    amounts = {name: given[name] for name in ("credit_limit", "low_balance") if name in given}
    currency = currency_of(customer) if any(amounts.values()) else "EUR"        # nothing is nothing in every currency
    mistakes = Mistakes()
    for name, amount in amounts.items():
        with mistakes.collected():
            setattr(customer, f"{name}_minor", inputs.minor(name, amount, currency))
    mistakes.refuse()


def currency_of(customer: Customer) -> str:
    """The customer's currency, or else the merchant's."""
    if customer.currency:
        return customer.currency
    return tenants.currency_of(customer.merchant_id)


def credit_limit(customer: Customer) -> Money:
    return Money(customer.credit_limit_minor, currency_of(customer))


RESOURCE = Resource(
    name="customers",
    noun="customer",
    listing=LISTING,
    read_scope="READ_CUSTOMERS",
    write_scope="WRITE_CUSTOMERS",
    input=CustomerInput,
    sample=samples.CUSTOMER,
    create=create,
    update=update,
    delete=deletion(delete, undo=restore, bulk=True),
    actions=switch(
        archive, activate, is_on=lambda row: bool(row.status == CustomerStatus.ACTIVE),
        undo=put_back(update, CustomerInput), keeps="status", bulk=True,
        confirm=lambda row: ("No new budgets can be made for an archived customer. You can activate it again.",),
    ) | copying(copy),
)
