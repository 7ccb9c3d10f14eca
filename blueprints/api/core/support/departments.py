"""Declares departments in the Core API. Tickets name one by its number within the reseller."""

from blueprints.api.contract import Parameter
from blueprints.api.core.contract import CONTRACT
from blueprints.api.core.vocabulary import COMPANY, HISTORY, ID, IDS, SORTS, YES_NO
from blueprints.api.field import Field
from blueprints.api.verbs import expose
from domain.support import departments

expose(
    CONTRACT,
    departments.RESOURCE,
    "/departments",
    {
        "id": ID,
        "companies_id": COMPANY,
        "departments_id": Field(name="number", writable=False),
        "name": Field(name="name"),
        "active": Field(name="active"),
        "email": Field(name="email"),
        **HISTORY,
    },
    verbs=("get", "list", "create", "update", "archive", "activate"),
    required=("merchant_id", "name"),
    tenant="companies_id",
    parameters={**IDS, "departments_id": Parameter("numbers"), "active": Parameter("active", YES_NO)},
    sorts={**SORTS, "departments_id": "number", "name": "name"},
)
