"""The board of orders: a column for each status with its number, its sums, and the newest orders as cards."""

from dataclasses import dataclass
from typing import Any

from flask import render_template
from sqlalchemy import select

from blueprints.admin.order_outlook import priced
from blueprints.admin.order_words import MEANINGS
from blueprints.admin.orders import PAGE
from blueprints.pages.format import words
from blueprints.pages.session import actor, need
from database import db
from domain.actor import Actor
from domain.sales.orders import order_counts
from domain.sales.orders.order_counts import Count
from domain.sales.orders.order_listing import LISTING
from models.order import Order, OrderStatus

SHOWN = 8                           # cards of a column
MOST_SUMS = 3                       # currencies of a column's head
CARD = (
    Order.id, Order.test, Order.customer_name, Order.billing, Order.currency, Order.total_minor, Order.description,
    Order.created_at,
)
# Always shown, so that the board looks the same from day to day; the others while they have orders.
USUAL = frozenset({OrderStatus.PENDING, OrderStatus.ACTIVE, OrderStatus.FAILED, OrderStatus.SUSPENDED})


@dataclass(frozen=True, slots=True)
class Column:
    """One status with its newest orders."""

    status: OrderStatus
    title: str
    tone: str
    total: Count
    cards: list[Any]
    url: str

    @property
    def sums(self) -> list[tuple[str, int]]:
        """The sums by currency, of the first few currencies."""
        return sorted(self.total.sums.items())[:MOST_SUMS]

    @property
    def more_sums(self) -> int:
        """How many currencies are not shown."""
        return max(0, len(self.total.sums) - MOST_SUMS)


def register(bp: Any) -> None:
    """Register the address."""
    bp.add_url_rule("/orders/board", "orders_board", need(PAGE.resource.read_scope)(show), methods=["GET"])


def show() -> str:
    """The board of the switcher's merchant."""
    return render_template("admin/order_board.html", here=PAGE, columns=columns(actor()), name=PAGE.name, priced=priced)


def columns(who: Actor) -> list[Column]:
    """The statuses in the order in which an order goes through them."""
    return [
        Column(
            status=status, title=MEANINGS.get(status, words(status.value)), tone=PAGE.tones.get(status.value, ""),
            total=total, cards=cards(who, status) if total.count else [], url=PAGE.url("list", status=status.value),
        )
        for status, total in order_counts.totals(who).items() if total.count or status in USUAL
    ]


def cards(who: Actor, status: OrderStatus) -> list[Any]:
    """The newest orders of a status, along the index."""
    own, values = LISTING.owned(who)
    newest = (Order.created_at.desc(), Order.id.desc())
    statement = select(*CARD).where(*own, Order.status == status).order_by(*newest).limit(SHOWN)
    return list(db.session.execute(statement, values))
