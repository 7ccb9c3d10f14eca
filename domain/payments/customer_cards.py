"""The payment methods that a customer has: what each is used for, and removing one that is used for nothing."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.orm import selectinload

from database import db
from domain import clock
from domain.actor import Actor
from domain.errors import Conflict
from domain.list_parts import Filter, common_filters
from domain.listing import Listing
from domain.pages import Query
from domain.payments import samples
from domain.payments.payment_methods import LIFE
from domain.resource import Resource
from domain.sales.orders.order_status import FINAL
from models.customer import Customer
from models.order import Order
from models.payment_method import PaymentMethod

MOST = 50

LISTING = Listing(
    model=PaymentMethod,
    noun="payment method",
    columns={
        name: getattr(PaymentMethod, name)
        for name in ("id", "merchant_id", "test", "customer_id", "gateway", "label", "created_at", "updated_at",
                     "version")
    },
    sort={"id": PaymentMethod.id, "created_at": PaymentMethod.created_at},
    filters={
        **common_filters(PaymentMethod),
        "customer_id": Filter(int, lambda bound: PaymentMethod.customer_id == bound),
        "customer_ids": Filter(list, lambda bound: PaymentMethod.customer_id.in_(bound)),
        "gateway": Filter(str, lambda bound: PaymentMethod.gateway == bound),
    },
    customer="customer_id",
    own=select(Customer.created_by_user_id).where(Customer.id == PaymentMethod.customer_id).correlate(PaymentMethod)
    .scalar_subquery(),
    where=(PaymentMethod.removed_at.is_(None),),
)
RESOURCE = Resource(
    name="payment_methods",
    noun="payment method",
    listing=LISTING,
    read_scope="READ_PAYMENTS",
    write_scope="WRITE_PAYMENTS",
    sample=samples.PAYMENT_METHOD,
)


@dataclass(frozen=True, slots=True)
class Kept:
    """A payment method, and the orders that go on and are collected from it."""

    id: int
    gateway: str
    label: str
    orders: Sequence[Order]


def kept(actor: Actor) -> list[Kept]:
    """The customer's payment methods, the newest first."""
    methods = LISTING.page(actor, Query(sort="id", limit=MOST)).records
    used: dict[int, list[Order]] = {}
    for order in _using(one.id for one in methods):
        assert order.payment_method_id is not None       # it was asked for
        used.setdefault(order.payment_method_id, []).append(order)
    return [Kept(one.id, one.gateway, one.label, used.get(one.id, [])) for one in methods]


def remove(actor: Actor, method: PaymentMethod) -> None:
    """Keep a locked payment method no longer; Conflict while an order that goes on is collected from it."""
    if _using([method.id]):
        raise Conflict("A service is still paid with it. Choose another card there first.")
    with LIFE.changing(actor, method, "removed"):
        method.removed_at = clock.now()


def _using(keys: Iterable[int]) -> Sequence[Order]:
    """The orders that go on and are collected from these, the newest first."""
    return db.session.scalars(
        select(Order).options(selectinload(Order.items))
        .where(Order.payment_method_id.in_(list(keys)), Order.status.not_in(FINAL))
        .order_by(Order.id.desc())
    ).all()
