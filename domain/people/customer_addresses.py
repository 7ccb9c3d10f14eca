"""Stores addresses of customers: a changed address is a new row, the previous one is kept, closed."""

from collections.abc import Mapping
from typing import Annotated, Any

from domain import clock
from domain.inputs import Country, Input, Maybe, Text
from models.customer import Address, AddressKind, Customer


class AddressInput(Input):
    street: Maybe[Annotated[str, Text(255)]] = None
    city: Maybe[Annotated[str, Text(100)]] = None
    state: Maybe[Annotated[str, Text(100)]] = None
    postal_code: Maybe[Annotated[str, Text(32)]] = None
    country: Maybe[Country] = None


def billing_of(children: Mapping[str, Any]) -> Any:
    """The current billing address among the children of a customer that was read; None when there is none."""
    return next((one for one in children["addresses"] if one.kind is AddressKind.BILLING), None)


def shipping_of(children: Mapping[str, Any]) -> Any:
    """The current shipping address, as `billing_of` gives the billing address."""
    return next((one for one in children["addresses"] if one.kind is AddressKind.SHIPPING), None)


def put(customer: Customer, kind: AddressKind, new: AddressInput | None) -> None:
    """Store a changed address as a new row and close the previous one."""
    current = customer.billing_address if kind is AddressKind.BILLING else customer.shipping_address
    values = new.model_dump() if new is not None else {}
    if current is not None and values == {name: getattr(current, name) for name in AddressInput.model_fields}:
        return
    now = clock.now()
    if current is not None:
        current.replaced_at = current.updated_at = now
    if any(values.values()):
        customer.addresses.append(Address(kind=kind, created_at=now, updated_at=now, **values))


def change_parts(customer: Customer, given: dict[str, Any]) -> None:
    """Change parts of the billing address, such as `billing_street`, and keep the rest."""
    parts = {name: given[f"billing_{name}"] for name in AddressInput.model_fields if f"billing_{name}" in given}
    if not parts:
        return
    current = customer.billing_address
    kept = {name: getattr(current, name, None) for name in AddressInput.model_fields}
    put(customer, AddressKind.BILLING, AddressInput.model_construct(**(kept | parts)))
