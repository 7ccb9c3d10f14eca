"""Declares customers in the Merchant API."""

from collections.abc import Callable, Mapping
from typing import Any

from blueprints.api.contract import Parameter
from blueprints.api.field import Field
from blueprints.api.field_groups import Group
from blueprints.api.field_map import Moment
from blueprints.api.field_parts import One
from blueprints.api.merchant.contract import CONTRACT
from blueprints.api.merchant.fields import DayText, Filled, Phone
from blueprints.api.verbs import expose
from domain.people import customers
from domain.people.customer_addresses import billing_of, shipping_of

ORGANISATION = ("organisation", "registration_number", "website", "tax_number", "organisation_note")
HISTORY = {
    "created_at": Moment(name="created_at", writable=False), "updated_at": Moment(name="updated_at", writable=False),
}


def address(name: str, of: Callable[[Mapping[str, Any]], Any]) -> One:
    """An address, which is replaced as it is written."""
    return One(
        name=name, of=of,
        fields={
            "id": Field(name="id", writable=False),
            "street": Field(name="street"),
            "city": Field(name="city"),
            "state": Field(name="state"),
            "country": Field(name="country"),
            "postal_code": Field(name="postal_code"),
            **HISTORY,
        },
    )


CUSTOMERS = expose(
    CONTRACT,
    customers.RESOURCE,
    "/customers",
    {
        "id": Field(name="id", writable=False),
        "customer_id": Field(name="code", writable=False),
        "first_name": Filled(name="first_name"),
        "last_name": Filled(name="last_name"),
        "date_of_birth": DayText(name="date_of_birth"),
        "email": Filled(name="email"),
        "phone": Phone(name="phone"),
        "organisation": Group(
            name="organisation", unless_null=ORGANISATION,
            fields={
                "name": Field(name="organisation"),
                "registration_number": Field(name="registration_number"),
                "web_url": Field(name="website"),
                "vat": Field(name="tax_number"),
                "description": Field(name="organisation_note"),
                **HISTORY,
            },
        ),
        "addresses": Group(
            name="addresses", whole=True,
            fields={
                "billing_address": address("billing_address", billing_of),
                "shipping_address": address("shipping_address", shipping_of),
            },
        ),
        **HISTORY,
    },
    verbs=("list", "create", "get", "update"),
    required=("first_name", "last_name", "email"),
    wrapper="customer",
    parameters={"customer_id": Parameter("code")},
)
