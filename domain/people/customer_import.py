"""Declares how the lines of a file become customers: a line with a known e-mail or code changes that customer."""

from collections.abc import Mapping
from typing import Any

from sqlalchemy import select

from database import db
from domain import texts
from domain.actor import Actor
from domain.audit import snapshot
from domain.errors import Invalid
from domain.people.customer_addresses import AddressInput
from domain.people.customers import RESOURCE
from domain.table_import import Table
from models.customer import Customer


def find(actor: Actor, cells: Mapping[str, str]) -> int | None:
    """The customer of the actor's merchant and world that has the line's code or, without one, its e-mail."""
    own = select(Customer.id).where(
        Customer.merchant_id == actor.merchant_id, Customer.test == actor.test, Customer.deleted_at.is_(None))
    if "code" in cells:
        found = db.session.scalar(own.where(Customer.code == cells["code"]))
        if found is None:
            raise Invalid.field("customer_id", "is not the code of a customer", "unknown")
        return found
    if "email" not in cells:
        return None
    return db.session.scalar(own.where(Customer.email_key == texts.email_key(cells["email"])))


def state(customer: Customer) -> tuple[Any, ...]:
    """What an update that changes nothing leaves equal: a changed address is another row."""
    return snapshot(customer), [one.id for one in (customer.billing_address, customer.shipping_address) if one]


_PARTS = tuple(AddressInput.model_fields)

TABLE = Table(
    resource=RESOURCE,
    heads={
        "customer_id": "code", "customer_code": "code", "full_name": "name", "customer_name": "name",
        "firstname": "first_name", "lastname": "last_name", "e_mail": "email", "mail": "email",
        "telephone": "phone", "company": "organisation", "vat": "tax_number", "vat_number": "tax_number",
        "birthday": "date_of_birth", "web_url": "website", "notes": "note", "postcode": "billing_address.postal_code",
        **{part: f"billing_address.{part}" for part in _PARTS},
        **{f"billing_{part}": f"billing_address.{part}" for part in _PARTS},
        **{f"shipping_{part}": f"shipping_address.{part}" for part in _PARTS},
    },
    required=(),
    find=find,
    state=state,
)
