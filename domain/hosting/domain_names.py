"""Manages domain names of customers: dates, the price of a renewal, whether they renew by themselves."""

from collections.abc import Mapping
from datetime import date
from decimal import Decimal
from typing import Annotated, Any

from sqlalchemy import select

from database import db
from domain import inputs, usage
from domain.actor import Actor
from domain.errors import Conflict, Invalid, Mistakes, Problem
from domain.hosting import samples
from domain.hosting.hostnames import Hostname
from domain.inputs import Choice, CurrencyCode, Day, Input, Maybe, Number, OrAbsent, RowId, Text, Truth, sent_again
from domain.lifecycle import Lifecycle
from domain.list_parts import Filter, common_filters
from domain.listing import Listing
from domain.people import customers
from domain.resource import Resource, deletion
from domain.usage import Use
from models.customer import Customer
from models.domain_name import DomainName, DomainStatus
from models.merchant import Merchant

PLAIN = ("registrar", "status", "registered_on", "expires_on", "next_due_on", "auto_renew")
LIFE = Lifecycle(noun="domain_name")


class DomainNameInput(Input):
    """A domain name as callers may write it."""

    customer_id: RowId
    name: Hostname
    registrar: Maybe[Annotated[str, Text(100)]] = None
    status: Annotated[DomainStatus, Choice(DomainStatus)] = DomainStatus.ACTIVE
    registered_on: Maybe[Day] = None
    expires_on: Maybe[Day] = None
    next_due_on: Maybe[Day] = None
    auto_renew: Truth = True
    amount: Annotated[Decimal, Number()] = Decimal(0)
    currency: OrAbsent[CurrencyCode] = None


LISTING = Listing(
    model=DomainName,
    noun="domain name",
    columns={
        **{
            name: getattr(DomainName, name)
            for name in (
                "id", "merchant_id", "test", "customer_id", "name", *PLAIN, "amount_minor", "currency", "created_at",
                "updated_at", "version",
            )
        },
        "customer_name": Customer.name,
    },
    joins=((Customer, Customer.id == DomainName.customer_id),),
    sort={
        "name": DomainName.name_sort, "created_at": DomainName.created_at, "updated_at": DomainName.updated_at,
        "expires_on": DomainName.expires_on, "id": DomainName.id,
    },
    filters={
        **common_filters(DomainName),
        "customer_id": Filter(int, lambda bound: DomainName.customer_id == bound),
        "customer_ids": Filter(list, lambda bound: DomainName.customer_id.in_(bound)),
        "name": Filter(str, lambda bound: DomainName.name == bound),
        "status": Filter(DomainStatus, lambda bound: DomainName.status == bound),
        "auto_renew": Filter(bool, lambda bound: DomainName.auto_renew == bound),
    },
    search=(DomainName.search_text,),
    customer="customer_id",
    own=True,
)


def create(actor: Actor, new: DomainNameInput) -> DomainName:
    """A new domain name of a customer; Conflict when the merchant has the name already."""
    row = DomainName(**actor.ownership(), **{name: getattr(new, name) for name in PLAIN})
    _apply(actor, row, {name: getattr(new, name) for name in DomainNameInput.model_fields})
    LIFE.add(actor, row)
    return row


def update(actor: Actor, row: DomainName, changes: dict[str, Any]) -> DomainName:
    """Change what was sent and nothing else."""
    with LIFE.changing(actor, row):
        if changes.get("currency") not in (None, row.currency):
            sent_again({"amount": row.amount_minor}, changes)
        for name in PLAIN:
            if name in changes:
                setattr(row, name, changes[name])
        _apply(actor, row, changes)
    return row


def delete(actor: Actor, row: DomainName) -> None:
    """Mark the domain name as deleted; the name is free again."""
    LIFE.remove(actor, row)


def restore(actor: Actor, row: DomainName, was: Mapping[str, Any] | None = None) -> DomainName:
    """Undo of `delete`; Conflict when the name was taken meanwhile, or its customer deleted."""
    customer = db.session.get(Customer, row.customer_id)
    if customer is not None and customer.deleted_at is not None:
        raise Conflict("The customer of this domain name was deleted.")
    with LIFE.restoring(actor, row):
        _refuse_taken(row, row.name)
    return row


def _apply(actor: Actor, row: DomainName, given: Mapping[str, Any]) -> None:
    """Set the fields that have rules of their own; Invalid names all that are wrong."""
    mistakes = Mistakes()
    with mistakes.collected():
        if "customer_id" in given:
            row.customer_id = customers.LISTING.refer(actor, "customer_id", given["customer_id"]).id
    if given.get("currency") or row.currency is None:
        row.currency = given.get("currency") or _currency(row)
    with mistakes.collected():
        if "amount" in given:
            row.amount_minor = inputs.minor("amount", given["amount"], row.currency) or 0
    with mistakes.collected():
        _check_dates(row.registered_on, row.expires_on)
    mistakes.refuse()
    if "name" in given:
        _refuse_taken(row, given["name"])
        row.name = given["name"]


def _check_dates(registered: date | None, expires: date | None) -> None:
    if registered is not None and expires is not None and expires < registered:
        raise Invalid.field("expires_on", "must not be before the registration", "contradiction")


def _currency(row: DomainName) -> str:
    merchant = db.session.get(Merchant, row.merchant_id)
    assert merchant is not None      # a foreign key ensures it
    return merchant.currency


def _refuse_taken(row: DomainName, name: str) -> None:
    taken = select(DomainName.id).where(
        DomainName.merchant_id == row.merchant_id, DomainName.test == row.test, DomainName.name == name,
        DomainName.deleted_at.is_(None), DomainName.id != (row.id or 0),
    )
    with db.session.no_autoflush:            # the row is not complete yet
        if db.session.scalar(taken) is not None:
            problem = Problem("taken", "is already in your list of domain names")
            raise Conflict("This domain name is already in your list.", fields={"name": problem})


def _of_customer(customer: Customer) -> int:
    return usage.rows(DomainName, customer_id=customer.id, deleted_at=None)


usage.register(Customer, Use("domain name", "domain names", _of_customer))
usage.register(Merchant, Use("domain name", "domain names", lambda row: usage.rows(DomainName, merchant_id=row.id)))

RESOURCE = Resource(
    name="domain_names",
    noun="domain name",
    listing=LISTING,
    read_scope="READ_SERVICES",
    write_scope="WRITE_SERVICES",
    input=DomainNameInput,
    sample=samples.DOMAIN_NAME,
    create=create,
    update=update,
    delete=deletion(delete, undo=restore, bulk=True),
)
