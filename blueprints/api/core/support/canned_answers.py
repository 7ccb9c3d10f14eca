"""Declares canned answers in the Core API: what staff puts into answers to tickets."""

from blueprints.api.contract import Parameter
from blueprints.api.core.contract import CONTRACT
from blueprints.api.core.vocabulary import COMPANY, HISTORY, ID, IDS, SORTS, YES_NO
from blueprints.api.field import Field
from blueprints.api.verbs import expose
from domain.support import canned_answers

expose(
    CONTRACT,
    canned_answers.RESOURCE,
    "/canned_answers",
    {
        "id": ID,
        "companies_id": COMPANY,
        "title": Field(name="title"),
        "text": Field(name="text"),
        "active": Field(name="active"),
        **HISTORY,
    },
    verbs=("get", "list", "create", "update", "archive", "activate"),
    required=("merchant_id", "title", "text"),
    tenant="companies_id",
    parameters={**IDS, "active": Parameter("active", YES_NO)},
    sorts={**SORTS, "title": "title"},
)
