"""Declares price rules (taxes, discounts, fees) and groups of products in the Core API."""

from blueprints.api.contract import Parameter
from blueprints.api.core.contract import CONTRACT
from blueprints.api.core.vocabulary import COMPANY, HISTORY, ID, IDS, SORTS, words
from blueprints.api.decimals import Decimals
from blueprints.api.field import Field
from blueprints.api.verbs import expose
from domain.catalog import pricing
from models.product import PriceRuleKind

VERBS = ("get", "list", "create", "update", "delete")
SORTED = {**SORTS, "name": "name", "u_dt": "updated_at"}

expose(
    CONTRACT,
    pricing.PRICE_RULES,
    "/price-rules",
    {
        "id": ID,
        "companies_id": COMPANY,
        "kind": Field(name="kind"),
        "name": Field(name="name"),
        "percentage": Decimals(name="percentage", column="percent_ten_thousandths"),
        "description": Field(name="description"),
        **HISTORY,
    },
    verbs=VERBS,
    required=("merchant_id", "kind", "name", "percentage"),
    tenant="companies_id",
    parameters={**IDS, "kind": Parameter("kind", words(PriceRuleKind))},
    sorts=SORTED,
)

expose(
    CONTRACT,
    pricing.PRODUCT_GROUPS,
    "/product-groups",
    {"id": ID, "companies_id": COMPANY, "name": Field(name="name"), **HISTORY},
    verbs=VERBS,
    required=("merchant_id", "name"),
    tenant="companies_id",
    parameters=IDS,
    sorts=SORTED,
)
