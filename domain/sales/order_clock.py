"""Gives the time of an order: its test clock's, or the real one."""

from datetime import datetime

from domain import clock
from models.order import Order


def now_of(order: Order) -> datetime:
    """The present moment for the order, aware, in UTC. Every comparison and every stored time of an order uses it."""
    return clock.now() if order.test_clock is None else order.test_clock.now_at
