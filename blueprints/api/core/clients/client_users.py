"""Declares the users of clients in the Core API: who signs in to the client area."""

from blueprints.api.contract import Parameter
from blueprints.api.core.contract import CONTRACT
from blueprints.api.core.vocabulary import COMPANY, HISTORY, ID, IDS, SORTS, YES_NO
from blueprints.api.field import Field
from blueprints.api.field_map import Moment
from blueprints.api.verbs import expose
from domain.people.logins import customer_users

expose(
    CONTRACT,
    customer_users.RESOURCE,
    "/client_users",
    {
        "id": ID,
        "companies_id": COMPANY,
        "clients_id": Field(name="customer_id", refers="customer"),
        "email": Field(name="email"),
        "name": Field(name="name"),
        "is_first": Field(name="is_first", writable=False),
        "has_password": Field(name="has_password", writable=False),
        "two_factor_since": Moment(name="two_factor_at", writable=False),
        "last_sign_in": Moment(name="signed_in_at", writable=False),
        **HISTORY,
    },
    verbs=("get", "list", "create", "update", "delete", "invite", "turn_off_two_factor"),
    name="client_users",
    required=("merchant_id", "customer_id", "email"),
    tenant="companies_id",
    parameters={
        **IDS, "clients_id": Parameter("customer_ids"), "email": Parameter("email"),
        "two_factor": Parameter("two_factor", YES_NO),
    },
    sorts={**SORTS, "email": "email"},
)
