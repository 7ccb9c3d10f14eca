"""Pages of customers' users, who sign in to the client area. They are a tab of the customer's page."""

from typing import Any

from blueprints.admin.crud.form_fields import Field, Section
from blueprints.admin.crud.listing import Column, ListPage
from blueprints.admin.hosting.domain_names import customer_choices
from domain.people.logins import customer_users


def state(row: Any) -> str:
    """What a user signs in with, or why not."""
    if row.email_key is None:
        return "Another customer has this address"
    if row.signed_in_at is None and not row.is_first:
        return "Invited"
    known = ("Link by mail", "or password" if row.has_password else "", "with code" if row.two_factor_at else "")
    return " ".join(filter(None, known))


PAGE = ListPage(
    resource=customer_users.RESOURCE,
    title="Client users",
    apart="They are a tab of the customer's page.",
    position=111,
    icon="users",
    about="The people who sign in to the client area for a customer.",
    name=lambda row: row.name or row.email,
    note=lambda row: row.customer_name,
    columns=(
        Column(name="email", title="E-mail", kind="link", sort="email"),
        Column(name="name", editable="name"),
        Column(name="customer_name", title="Customer", fixed_by="customer_id"),
        Column(name="state", title="Signs in by", shown=state),
        Column(name="signed_in_at", title="Last signed in", kind="ago"),
    ),
    sections=(
        Section("User", (
            Field(name="customer_id", label="Customer", kind="select", choices=customer_choices, required=True),
            Field(name="email", label="E-mail", kind="email", required=True,
                  hint="A mail with a link to sign in is sent to it."),
            Field(name="name", hint="As it stands on the user's tickets."),
        )),
    ),
    values=lambda row: {name: getattr(row, name) for name in ("customer_id", "email", "name")},
    sort="id",
    audit_verbs={"two_factor_off": "turned two-factor off for", "invited": "invited again"},
)
