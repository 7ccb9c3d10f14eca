"""Charges stored cards for invoices on their due date, where the merchant's profile says so.

The customer's credit pays first. What is declined softly is tried again as payments of orders are (`declines`). What a
payment of an order pays is left to the order. What was not tried within three days after the due date, because the
rule or the card came later, is left to people.
"""

from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

from sqlalchemy import and_, exists, or_, select

from database import db
from domain import clock
from domain.actor import Actor
from domain.invoicing import issuing
from domain.invoicing.invoice_listing import OPEN
from domain.invoicing.invoices import LIFE
from domain.invoicing.paying import allocating, card_charges, credit_balances, invoice_checkouts
from domain.payments import gateway_accounts, locking
from domain.payments.attempts import Attempt
from models.invoice import Invoice
from models.merchant import Merchant
from models.order import Order, OrderStatus
from models.payment import PaymentReason
from models.payment_method import PaymentMethod

LATE = timedelta(days=3)


@dataclass
class Round:
    """One round of the worker: what has to wait until the next one."""

    waiting: set[int] = field(default_factory=set)           # invoices
    slow: set[tuple[int, bool]] = field(default_factory=set)  # merchants and worlds whose gateway is left alone

    def begin_next(self) -> tuple[bool, Attempt | None]:
        """Whether there was an invoice to look at, and what its gateway is asked, in the caller's transaction."""
        rules = select(Merchant.id).where(
            Merchant.invoices_charged, Merchant.active, Merchant.deleted_at.is_(None)).order_by(Merchant.id)
        for merchant_id in db.session.scalars(rules).all():
            for test in (False, True):
                found = None if (merchant_id, test) in self.slow else self._next(merchant_id, test=test)
                if found is not None:
                    return True, self._begin(*found)
        return False, None

    def _next(self, merchant_id: int, *, test: bool) -> tuple[int, int, tuple[Any, ...]] | None:
        """The invoice whose day came first, its customer, and what makes it due."""
        today, gateways = issuing.today(merchant_id), card_charges.gateways_of(merchant_id, test=test)
        of_order = exists().where(Order.budget_id == Invoice.budget_id, Order.status != OrderStatus.CANCELLED)
        has_card = exists().where(
            PaymentMethod.customer_id == Invoice.customer_id, PaymentMethod.removed_at.is_(None),
            PaymentMethod.gateway.in_(gateways))
        first = and_(Invoice.charged_at.is_(None), Invoice.due_on <= today, Invoice.due_on > today - LATE)
        due = (
            OPEN, Invoice.merchant_id == merchant_id, Invoice.test.is_(test), Invoice.refunded_minor == 0,
            or_(first, Invoice.charge_again_at <= clock.now()), Invoice.order_id.is_(None), ~of_order, has_card,
        )
        statement = select(Invoice.id, Invoice.customer_id).where(*due, Invoice.id.not_in(self.waiting))
        row = db.session.execute(statement.order_by(Invoice.due_on, Invoice.id).limit(1)).first()
        return (row.id, row.customer_id, due) if row is not None else None

    def _begin(self, key: int, customer_id: int, due: tuple[Any, ...]) -> Attempt | None:
        self.waiting.add(key)
        locking.lock_account(customer_id)
        rows = allocating.lock_invoices(Invoice.id == key, *due)             # it may have been paid meanwhile
        if not rows or invoice_checkouts.running_of([key]) is not None:
            return None
        invoice = rows[0]
        cards = card_charges.cards_of(customer_id, invoice.merchant_id, test=invoice.test)
        if not cards or not self._may_ask(invoice, cards[0]):
            return None
        actor = Actor.system().for_row(invoice).in_world(test=invoice.test)
        credit_balances.spend(actor, invoice, invoice.balance_minor)
        if invoice.balance_minor <= 0:
            return None
        reason = PaymentReason.SCHEDULE if invoice.charged_at is None else PaymentReason.RETRY
        attempt = card_charges.begin(actor, [invoice], cards[0].id, reason)
        with LIFE.changing(actor, invoice, "charged", None):
            invoice.charged_at, invoice.charge_again_at = invoice.charged_at or clock.now(), None
        return attempt

    def _may_ask(self, invoice: Invoice, card: PaymentMethod) -> bool:
        """Whether the merchant's account may collect now; if not, the merchant waits until the next round."""
        now = clock.now()
        account = gateway_accounts.ensure(invoice.merchant_id, card.gateway, test=invoice.test, now=now)
        if gateway_accounts.may_collect(account, now):
            return True
        self.slow.add((invoice.merchant_id, invoice.test))
        return False
