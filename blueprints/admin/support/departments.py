"""Pages of departments: what tickets are sorted into."""

from typing import Any

from blueprints.admin.crud.form_fields import Field, Section, unsaid
from blueprints.admin.crud.list_filters import ListFilter
from blueprints.admin.crud.listing import Column, ListPage
from domain.support import departments
from models.ticket import Department

ON_OFF = (("true", "Active"), ("false", "Switched off"))


def values(row: Department) -> dict[str, Any]:
    """A department's values for the form."""
    return {"name": row.name, "active": row.active, "email": row.email}


PAGE = ListPage(
    resource=departments.RESOURCE,
    title="Departments",
    group="Support",
    position=189,
    icon="category",
    about="What tickets are sorted into. Customers choose one by its name, programs by its number.",
    columns=(
        Column(name="name", kind="link", sort="name"),
        Column(name="number", sort="number"),
        Column(name="active", kind="flag"),
    ),
    list_filters=(ListFilter(name="active", choices=ON_OFF, read=lambda text: text == "true"),),
    sections=(
        Section("Department", (
            Field(name="name", required=True, hint="As customers read it."),
            Field(name="email", label="Its own address", kind="email",
                  hint="Mails to it become tickets of this department. Without one the merchant’s is used."),
            Field(name="active", label="Takes new tickets", kind="check", fact=unsaid),
        )),
    ),
    values=values,
    sort="number",
)
