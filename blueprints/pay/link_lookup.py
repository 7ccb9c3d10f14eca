"""Finds the order, invoices or quote of a link; an address that tries too many unknown ones is refused."""

from blueprints.pay import guess_limits
from database import db
from domain.errors import NotFound
from domain.invoicing.paying import invoice_links
from domain.sales.budgets import budget_links
from domain.sales.orders import payment_links
from models.budget_link import BudgetLink
from models.invoice_link import InvoiceLink
from models.merchant import Merchant
from models.order import Order, OrderStatus


def budget_link(token: str) -> BudgetLink:
    """The link of a quote; raises NotFound, or LimitExceeded."""
    try:
        return budget_links.find(token)
    except NotFound:
        guess_limits.count()
        raise


def invoice_link(token: str) -> InvoiceLink | None:
    """The link of invoices with this token; None for any other, also of a merchant that is switched off."""
    found = invoice_links.find(token)
    return found if found is not None and _is_active(found.merchant_id) else None


def order(token: str) -> Order:
    """The order of a payment link; raises NotFound, also for drafts and merchants that are switched off."""
    found = payment_links.order_of(token)
    if found is None or not _is_active(found.merchant_id) or found.status is OrderStatus.DRAFT:
        guess_limits.count()
        raise NotFound("link", 0)
    return found


def _is_active(merchant_id: int) -> bool:
    merchant = db.session.get(Merchant, merchant_id)
    return merchant is not None and merchant.active and merchant.deleted_at is None
