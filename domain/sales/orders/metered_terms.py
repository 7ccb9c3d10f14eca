"""Reads which calls a line of a metered order bills: by keys or customer, contract, endpoint, method and outcome."""

from enum import StrEnum
from typing import Annotated

from pydantic import Field

from domain.actor import Actor
from domain.catalog import metered_prices
from domain.errors import Invalid, Mistakes
from domain.inputs import Choice, Input, RowId, Text, Whole
from domain.integrations import key_listing
from models.credential import Credential, Mode
from models.metered import Calls, Terms
from models.product import PriceRule, Product

MOST = 50                                    # values of one kind
SUCCESSES = [2, 3]
API = ["api"]
Method = StrEnum("Method", {one: one for one in (      # type: ignore[misc]
    "GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "RPC", "OTHER",
)})
Words = Annotated[list[Annotated[str, Text(200, 1)]], Field(max_length=MOST)]


class CallsInput(Input):
    """Which calls are billed. Without keys those of the order's customer; an empty list means any."""

    key_ids: Annotated[list[RowId], Field(max_length=MOST)] = []
    contracts: Words = []
    endpoints: Words = []                    # as the request log has them: /v1/api/public/products/{id}
    methods: Annotated[list[Annotated[Method, Choice(Method)]], Field(max_length=len(Method))] = []
    status_classes: Annotated[list[Annotated[int, Whole(1, 6)]], Field(max_length=6)] = SUCCESSES
    sources: Words = API                     # api, try-it, import: and the name of an imported log


def terms(product: Product, unit_price_micro: int, given: CallsInput | None) -> Terms:
    """What a line agrees on: the product's prices, and the calls that were named."""
    return metered_prices.terms_of(
        product, unit_price_micro, calls=Calls(**(given or CallsInput()).model_dump()),
        discount_percent=None if product.discount_for_initial_payment_only else _percent(product.discount),
        fee_percent=None if product.fee_for_initial_payment_only else _percent(product.fee),
    )


def check_keys(actor: Actor, path: str, keys: list[int], *, test: bool) -> None:
    """Invalid for each key that does not exist in the order's world."""
    mistakes, mode = Mistakes(), Mode.TEST if test else Mode.LIVE
    for key in keys:
        with mistakes.collected():
            row: Credential = key_listing.LISTING.refer(actor, path, key)
            if row.mode is not mode:                    # the listing shows keys of both worlds
                raise Invalid.field(path, "must exist", "unknown")
    mistakes.refuse()


def _percent(rule: PriceRule | None) -> int | None:
    return None if rule is None else rule.percent_ten_thousandths

