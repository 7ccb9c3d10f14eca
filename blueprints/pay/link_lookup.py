"""Finds the order, invoices or quote of a link; an address that tries too many unknown ones is refused."""

from flask import g

from blueprints.pay import guess_limits
from database import db
from domain.actor import Actor
from domain.errors import NotFound
from domain.invoicing.paying import invoice_links
from domain.sales.budgets import budget_links
from domain.sales.orders import payment_links
from models.budget import Budget
from models.budget_link import BudgetLink
from models.credential import Mode
from models.invoice_link import InvoiceLink
from models.merchant import Merchant
from models.order import Order, OrderStatus


def budget_link(token: str) -> BudgetLink:
    """The link of a quote; raises NotFound, or LimitExceeded."""
    try:
        found = budget_links.find(token)
    except NotFound:
        guess_limits.count()
        raise
    _note(found.budget)
    return found


def invoice_link(token: str) -> InvoiceLink | None:
    """The link of invoices with this token; None for any other, also of a merchant that is switched off."""
    found = invoice_links.find(token)
    if found is None or not _is_active(found.merchant_id):
        return None
    _note(found)
    return found


def order(token: str) -> Order:
    """The order of a payment link; raises NotFound, also for drafts and merchants that are switched off."""
    found = payment_links.order_of(token)
    if found is None or not _is_active(found.merchant_id) or found.status is OrderStatus.DRAFT:
        guess_limits.count()
        raise NotFound("link", 0)
    _note(found)
    return found


def _note(row: Budget | InvoiceLink | Order) -> None:
    """Tell the request log whose page this is, and of which world: a link is all that its customer shows."""
    if "call" in g:
        g.call.actor = Actor(
            label="link", merchant_ids=frozenset({row.merchant_id}), customer_id=row.customer_id, source="link",
            mode=Mode.TEST if row.test else Mode.LIVE,
        )


def _is_active(merchant_id: int) -> bool:
    merchant = db.session.get(Merchant, merchant_id)
    return merchant is not None and merchant.active and merchant.deleted_at is None
