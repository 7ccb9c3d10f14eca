"""What all pages of an order show: whose it is, its number, its title, and its state in words."""

from typing import Any

from blueprints.pay import schedule
from blueprints.pay.brand import seller
from blueprints.pay.payments import number, title
from models.order import Order, OrderStatus, SuspendedFor

WORDS = {
    OrderStatus.ACTIVE: ("Active", "ok"), OrderStatus.FAILED: ("Payment needed", "bad"),
    OrderStatus.SUSPENDED: ("Payment needed", "bad"), OrderStatus.PAUSED: ("Paused", "warn"),
    OrderStatus.REVIEW: ("Being checked", "warn"), OrderStatus.COMPLETE: ("Complete", ""),
    OrderStatus.CANCELLED: ("Cancelled", ""), OrderStatus.PENDING: ("Not paid yet", "warn"),
    OrderStatus.REJECTED: ("Not paid yet", "warn"), OrderStatus.DRAFT: ("Draft", ""),
}


def common(order: Order, token: str) -> dict[str, Any]:
    """What all pages of an order show."""
    word, tone = WORDS[order.status] if order.suspended_for is not SuspendedFor.MERCHANT else ("Suspended", "bad")
    return {
        "seller": seller(order.merchant_id), "test": order.test, "order": order, "token": token, "word": word,
        "tone": tone, "number": number(order), "title": title(order), "every": schedule.every(order),
    }
