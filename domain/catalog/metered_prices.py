"""Prices of metered products: reads tiers, and computes what a number of calls costs.

Amounts are exact integers, rounded half up once for a period. A period without calls costs nothing, in every scheme.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict
from decimal import Decimal
from typing import Annotated, Any

from domain import inputs
from domain.errors import Invalid, Mistakes, Problem
from domain.inputs import Input, Maybe, Number, Whole
from models.metered import Terms, Tier
from models.money import MICRO, Money, divided, exponent, from_micro, percent_minor, to_micro
from models.product import Billing, MeteredScheme, Product

MAX_PRICE = 10**9                # major units of a call, or of a tier
MAX_TIERS = 20
MAX_CALLS = 10**15


class TierInput(Input):
    """The calls up to a number, the last tier without one: the price of each, and an amount for the whole tier."""

    up_to: Maybe[Annotated[int, Whole(1, MAX_CALLS)]] = None
    unit_price: Maybe[Annotated[Decimal, Number(0, MAX_PRICE, decimals=6)]] = None
    flat_amount: Maybe[Annotated[Decimal, Number(0, MAX_PRICE)]] = None


def write(product: Product, given: Mapping[str, Any]) -> None:
    """Set how a product's calls are priced; Invalid for a product that is not metered."""
    wrong = [name for name, value in given.items() if value and product.billing is not Billing.METERED]
    if wrong:
        message = f"does not apply to a {product.billing} product"
        raise Invalid.several(dict.fromkeys(wrong, Problem("contradiction", message)))
    if given.keys() & {"metered_scheme", "metered_tiers"}:
        scheme = given.get("metered_scheme", product.metered_scheme)
        sent = given.get("metered_tiers")
        known = as_sent(product.metered_tiers, product.currency) if sent is None else sent
        found = tiers(scheme, known, product.currency)
        product.metered_scheme, product.metered_tiers = scheme, [asdict(one) for one in found]
    if "metered_ceiling" in given:
        product.metered_ceiling_minor = inputs.minor("metered_ceiling", given["metered_ceiling"], product.currency)


def tiers(scheme: MeteredScheme | None, given: Sequence[TierInput], currency: str) -> list[Tier]:
    """The tiers that were sent; Invalid names each that does not fit its neighbours or the scheme."""
    is_tiered = scheme not in (None, MeteredScheme.PER_UNIT)
    if bool(given) is not is_tiered:
        message = "can't be blank" if is_tiered else f"do not apply to the scheme {MeteredScheme.PER_UNIT}"
        raise Invalid.field("metered_tiers", message, "blank" if is_tiered else "contradiction")
    mistakes, found, before = Mistakes(), [], 0
    for place, one in enumerate(given):
        with mistakes.collected():
            found.append(_tier(f"metered_tiers.{place}", one, scheme, currency))
        with mistakes.collected():
            _in_order(f"metered_tiers.{place}.up_to", one.up_to, before, is_last=place == len(given) - 1)
        before = one.up_to or before
    mistakes.refuse()
    return found


def as_sent(stored: Sequence[dict[str, Any]], currency: str) -> list[TierInput]:
    """Stored tiers as a caller would send them."""
    return [
        TierInput(
            up_to=one["up_to"], unit_price=from_micro(one["unit_price_micro"]) if one["unit_price_micro"] else None,
            flat_amount=Money(one["flat_minor"], currency).decimal,
        )
        for one in stored
    ]


def _tier(path: str, one: TierInput, scheme: MeteredScheme | None, currency: str) -> Tier:
    if scheme is MeteredScheme.FLAT and one.unit_price:
        raise Invalid.field(f"{path}.unit_price", "does not apply to the scheme flat", "contradiction")
    return Tier(
        up_to=one.up_to, unit_price_micro=to_micro(one.unit_price or Decimal(0)),
        flat_minor=inputs.minor(f"{path}.flat_amount", one.flat_amount, currency) or 0,
    )


def _in_order(path: str, up_to: int | None, before: int, *, is_last: bool) -> None:
    if is_last and up_to is not None:
        raise Invalid.field(path, "must be empty in the last tier", "contradiction")
    if not is_last and up_to is None:
        raise Invalid.field(path, "is required in all tiers but the last", "missing")
    if up_to is not None and up_to <= before:
        raise Invalid.field(path, "must be more than in the tier before", "range")


def terms_of(product: Any, unit_price_micro: int, **more: Any) -> Terms:
    """What a product asks for calls; `unit_price_micro` is what was agreed for each where it has no tiers."""
    scheme = product.metered_scheme or MeteredScheme.PER_UNIT
    found = [Tier(**one) for one in product.metered_tiers or ()]
    if scheme is MeteredScheme.PER_UNIT:
        found = [Tier(up_to=None, unit_price_micro=unit_price_micro)]
    return Terms(scheme=scheme, tiers=found, ceiling_minor=product.metered_ceiling_minor, **more)


def price_minor(terms: Terms, count: int, currency: str) -> int:
    """What a number of calls costs, at most the ceiling; before discount and fee."""
    if count == 0:
        return 0
    micro, flat = 0, 0
    for calls, tier in _charged(terms, count):
        micro += calls * tier.unit_price_micro
        flat += tier.flat_minor
    amount = divided(micro * 10 ** exponent(currency), MICRO) + flat
    return amount if terms.ceiling_minor is None else min(amount, terms.ceiling_minor)


def _charged(terms: Terms, count: int) -> Iterator[tuple[int, Tier]]:
    """The tiers that are charged, each with the calls at its price."""
    before = 0
    for tier in terms.tiers:
        last = count if tier.up_to is None else min(count, tier.up_to)
        if terms.scheme is MeteredScheme.GRADUATED:
            yield last - before, tier
        elif last == count:
            yield 0 if terms.scheme is MeteredScheme.FLAT else count, tier
        if last == count:
            return
        before = last


def reductions(terms: Terms, price_minor: int) -> tuple[int, int]:
    """What is taken off a price (the product's discount, of what is left a code's), and the fee; each rounded once."""
    discount = min(price_minor, percent_minor(price_minor, terms.discount_percent or 0))
    left = price_minor - discount
    code = min(left, terms.code_minor) if terms.code_minor is not None else percent_minor(left, terms.code_percent or 0)
    return discount + code, percent_minor(price_minor, terms.fee_percent or 0)
