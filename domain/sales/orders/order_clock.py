"""Gives the time of an order, its test clock's or the real one; finds test clocks."""

from datetime import datetime

from domain import clock
from domain.list_parts import common_filters
from domain.listing import Listing
from models.order import Order
from models.test_clock import TestClock


def now_of(order: Order | None) -> datetime:
    """The present moment for the order, aware, in UTC. Every comparison and every stored time of an order uses it.

    What belongs to no order follows no test clock.
    """
    return clock.now() if order is None or order.test_clock is None else order.test_clock.now_at


LISTING = Listing(
    model=TestClock,
    noun="test clock",
    columns={
        name: getattr(TestClock, name)
        for name in (
            "id", "merchant_id", "name", "now_at", "target_at", "status", "created_at", "updated_at", "version",
        )
    },
    sort={"created_at": TestClock.created_at, "id": TestClock.id},
    filters=common_filters(TestClock),
)
