"""The control of a form for a customer: typed by name, found among all of them, or by the number."""

from typing import Any

from werkzeug.datastructures import MultiDict

from blueprints.admin import line_forms
from blueprints.admin.crud.form_fields import Field
from blueprints.row_keys import row_key
from database import db
from domain.actor import Actor
from domain.errors import NotFound, Problem
from domain.people import customers
from models.customer import Customer

NAME = "customer_id"


def customer_field(**more: Any) -> Field:
    """The control; a page that has it reads its form by `read`, and explains mistakes by `explain`."""
    hint = more.pop("hint", "Choose from the list, or type the number.")
    return Field(
        name=NAME, label="Customer", kind="row", suggested="admin.choices_customers", written=written, hint=hint,
        **more,
    )


def named(customer_id: int | None) -> str:
    """A stored customer as the control holds it."""
    row = db.session.get(Customer, customer_id) if customer_id is not None else None
    return f"{row.name} ({row.id})" if row is not None else ""


def written(who: Actor, value: str) -> str:
    """The value with the customer's name, where it is a number from the page's address."""
    key = row_key(value) if who.can("READ_CUSTOMERS") else None
    try:
        return f"{customers.LISTING.read(who, key).name} ({key})" if key is not None else value
    except NotFound:
        return value


def read(form: MultiDict[str, str]) -> MultiDict[str, str]:
    """The form with the customer's number."""
    if NAME not in form:
        return form
    plain = form.copy()
    plain[NAME] = line_forms.key_of(form[NAME], NAME, line_forms.acting())
    return plain


def explain(name: str, problem: Problem) -> tuple[str, Problem]:
    """A mistake in the words of the control."""
    return name, line_forms.not_found(name, problem)
