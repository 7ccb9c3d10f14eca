"""Finds the order or quote of a link; an address that tries too many unknown ones is refused."""

from blueprints.pay import guess_limits
from database import db
from domain.errors import NotFound
from domain.sales.budgets import budget_links
from domain.sales.orders import payment_links
from models.budget_link import BudgetLink
from models.merchant import Merchant
from models.order import Order, OrderStatus


def budget_link(token: str) -> BudgetLink:
    """The link of a quote; raises NotFound, or LimitExceeded."""
    try:
        return budget_links.find(token)
    except NotFound:
        guess_limits.count()
        raise


def order(token: str) -> Order:
    """The order of a payment link; raises NotFound, also for drafts and merchants that are switched off."""
    found = payment_links.order_of(token)
    merchant = db.session.get(Merchant, found.merchant_id) if found is not None else None
    is_shown = merchant is not None and merchant.active and merchant.deleted_at is None
    if found is None or not is_shown or found.status is OrderStatus.DRAFT:
        guess_limits.count()
        raise NotFound("link", 0)
    return found
