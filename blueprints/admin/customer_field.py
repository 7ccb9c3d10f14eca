"""The control of a form for a customer: typed by name, found among all of them, or by the number."""

from typing import Any

from werkzeug.datastructures import MultiDict

from blueprints.admin import row_field
from blueprints.admin.crud.form_fields import Field
from blueprints.admin.row_field import RowField
from domain.errors import Problem
from domain.people import customers

CUSTOMER = RowField(
    name="customer_id", noun="customer", slug="customers", listing=customers.LISTING, scope="READ_CUSTOMERS")


def customer_field(**more: Any) -> Field:
    """The control; a page that has it reads its form by `read`, and explains mistakes by `explain`."""
    hint = more.pop("hint", "Choose from the list, or type the number.")
    return Field(
        name=CUSTOMER.name, label="Customer", kind="row", suggested="admin.choices_customers",
        written=CUSTOMER.written, hint=hint, **more,
    )


def named(customer_id: int | None) -> str:
    """A stored customer as the control holds it."""
    return CUSTOMER.named(customer_id)


def read(form: MultiDict[str, str]) -> MultiDict[str, str]:
    """The form with the customer's number."""
    return row_field.read((CUSTOMER,), form)


def explain(name: str, problem: Problem) -> tuple[str, Problem]:
    """A mistake in the words of the control."""
    return row_field.explain((CUSTOMER,), name, problem)
