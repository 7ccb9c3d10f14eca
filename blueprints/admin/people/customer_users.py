"""Pages of customers' users, who sign in to the client area. They are a tab of the customer's page."""

from typing import Any

from blueprints.admin import customer_field
from blueprints.admin.crud.form_fields import Field, Section
from blueprints.admin.crud.listing import Column, ListPage
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
            customer_field.customer_field(required=True),
            Field(name="email", label="E-mail", kind="email", required=True,
                  hint="A mail with a link to sign in is sent to it."),
            Field(name="name", hint="As it stands on the user's tickets."),
        )),
    ),
    values=lambda row: {"customer_id": customer_field.named(row.customer_id), "email": row.email, "name": row.name},
    read=customer_field.read,
    explain=customer_field.explain,
    sort="id",
    audit_verbs={
        "two_factor_off": "turned two-factor off for", "two_factor_on": "turned two-factor on for",
        "recovery_code_used": "used a recovery code of", "invited": "invited again",
    },
)
