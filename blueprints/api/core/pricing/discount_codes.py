"""Declares discount codes in the Core API."""

from blueprints.api.contract import Parameter
from blueprints.api.core.contract import CONTRACT
from blueprints.api.core.vocabulary import COMPANY, HISTORY, ID, IDS, SORTS, YES_NO
from blueprints.api.decimals import Decimals
from blueprints.api.field import Field
from blueprints.api.field_map import Amount, Moment
from blueprints.api.verbs import expose
from domain.sales.discounts import discount_codes

expose(
    CONTRACT,
    discount_codes.RESOURCE,
    "/discount-codes",
    {
        "id": ID,
        "companies_id": COMPANY,
        "code": Field(name="code"),
        "description": Field(name="description"),
        "percentage": Decimals(name="percentage", column="percent_ten_thousandths"),
        "amount": Amount(name="amount"),
        "currency": Field(name="currency"),
        "first_only": Field(name="first_only"),
        "products_id": Field(name="product_id", refers="product"),
        "active": Field(name="active"),
        "expires_dt": Moment(name="expires_at"),
        "max_uses": Field(name="max_uses"),
        "max_uses_per_client": Field(name="max_uses_per_customer"),
        "uses": Field(name="uses", writable=False),
        **HISTORY,
    },
    verbs=("get", "list", "create", "update", "archive", "delete"),
    required=("merchant_id", "code"),
    tenant="companies_id",
    parameters={
        **IDS, "code": Parameter("code"), "active": Parameter("active", YES_NO), "products_id": Parameter("product_id"),
    },
    sorts={**SORTS, "code": "code", "expires_dt": "expires_at", "u_dt": "updated_at"},
)
