"""Computes what a customer of a product pays first and later, by the code that prices orders; nothing is written."""

from dataclasses import dataclass

from domain.catalog.metered_prices import price_minor, reductions
from domain.sales.orders import metered_terms, order_amounts, order_items, order_terms
from domain.sales.orders.order_items import OrderItemInput
from models.metered import Terms
from models.order import Order
from models.product import Billing, IntervalUnit, Product

USUAL = (1, 100, 1_000, 10_000, 100_000, 1_000_000)
MOST = 8


@dataclass(frozen=True, slots=True)
class CallsCost:
    """What a period with this number of calls costs."""

    calls: int
    amount_minor: int


@dataclass(frozen=True, slots=True, kw_only=True)
class ProductPreview:
    """What is paid for one of a product, in minor units and with tax; what later payments do not exist is 0."""

    currency: str
    billing: Billing
    first_minor: int
    first_tax_minor: int
    later_minor: int                         # each of a subscription; of instalments all together
    later_tax_minor: int
    interval_unit: IntervalUnit | None
    interval_count: int
    costs: tuple[CallsCost, ...] = ()


def of_product(product: Product) -> ProductPreview:
    """The payments of an order of one such product, which need not be stored; Invalid where there can be none."""
    order = Order(test=product.test, billing=product.billing, currency=product.currency)
    line = order_items.priced("items.0", OrderItemInput(product_id=1), product, product.currency)
    order_terms.write_amounts(order, [line], {"instalments": 1}, product)
    first_tax, later_tax = order.tax_minor, order.later_tax_minor
    if product.billing is Billing.INSTALMENT:
        first_tax, later_tax = order_amounts.taxes(order.tax_minor, [order.initial_minor, order.later_minor])
    costs: tuple[CallsCost, ...] = ()
    if product.billing is Billing.METERED:
        costs = costs_of(metered_terms.terms(product, line.unit_price_micro, None), product.currency)
    return ProductPreview(
        currency=product.currency, billing=product.billing, first_minor=order.initial_minor, first_tax_minor=first_tax,
        later_minor=order.later_minor, later_tax_minor=later_tax, interval_unit=product.scheduled_unit,
        interval_count=product.scheduled_interval or 1, costs=costs,
    )


def costs_of(terms: Terms, currency: str) -> tuple[CallsCost, ...]:
    """What some numbers of calls cost: the ends of tiers, the first call after each, or round numbers without tiers."""
    ends = [tier.up_to for tier in terms.tiers if tier.up_to is not None]
    wanted = sorted({*ends, *(end + 1 for end in ends), ends[-1] * 10}) if ends else list(USUAL)
    found = []
    for calls in wanted if len(wanted) <= MOST else wanted[: MOST - 1] + wanted[-1:]:
        price = price_minor(terms, calls, currency)
        discount, fee = reductions(terms, price)
        found.append(CallsCost(calls, price - discount + fee))
    return tuple(found)
