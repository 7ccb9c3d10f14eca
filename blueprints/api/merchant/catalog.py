"""Declares products in the Merchant API, which only reads them."""

from blueprints.api.contract import Parameter
from blueprints.api.field import Field
from blueprints.api.field_groups import Group
from blueprints.api.field_map import Moment
from blueprints.api.merchant.contract import CONTRACT
from blueprints.api.merchant.fields import Computed, OrNull, Percent, WholeText
from blueprints.api.money_text import UnitPrice
from blueprints.api.verbs import expose
from domain.catalog import priced_products


def rule(name: str) -> Group:
    """A tax, a discount or a fee; null where the product has none."""
    return Group(
        name=name, writable=False, unless_null=(f"{name}_id",),
        fields={
            "name": Field(name=f"{name}_name", writable=False),
            "percentage": Percent(name=f"{name}_percent", writable=False),
            "description": Field(name=f"{name}_description", writable=False),
            "created_at": Moment(name=f"{name}_created_at", writable=False),
            "updated_at": Moment(name=f"{name}_updated_at", writable=False),
        },
    )


def shown(name: str) -> Field:
    return Field(name=name, writable=False)


expose(
    CONTRACT,
    priced_products.RESOURCE,
    "/products",
    {
        "id": shown("id"),
        "product_id": shown("code"),
        "currency": shown("currency"),
        "price": UnitPrice(name="price", writable=False),
        "product_type": shown("billing"),
        "product_status": shown("status"),
        "lock_price": shown("lock_price"),
        "lock_payment_config": shown("lock_payment_config"),
        "product_group": OrNull(name="group_name", writable=False),
        "scheduled_interval": WholeText(name="scheduled_interval", writable=False),
        "scheduled_unit": shown("scheduled_unit"),
        "fee_for_initial_payment_only": shown("fee_for_initial_payment_only"),
        "discount_for_initial_payment_only": shown("discount_for_initial_payment_only"),
        "deposit_amount": Computed(name="deposit", compute=priced_products.first_amount),
        "created_at": Moment(name="created_at", writable=False),
        "discount": rule("discount"),
        "tax": rule("tax"),
        "fee": rule("fee"),
    },
    verbs=("list", "get"),
    parameters={"product_id": Parameter("code")},
)
