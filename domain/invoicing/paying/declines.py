"""Follows declined charges of stored cards for invoices: when one is tried again, and what the customer is told."""

from collections.abc import Sequence

from domain import clock
from domain.actor import Actor
from domain.invoicing.invoices import LIFE
from domain.invoicing.paying import sending
from domain.payments import gateway_accounts
from domain.payments.collecting import retrying
from models.invoice import Invoice
from models.payment import Decline, Payment, PaymentReason


def follow(actor: Actor, payment: Payment, rows: Sequence[Invoice], *, is_away: bool) -> None:
    """A charge of these locked invoices was declined. `is_away` says that the customer sees no page.

    What was charged on its due date is tried again on the days on which payments of orders are, after a soft decline.
    """
    is_final = payment.decline is Decline.HARD
    if payment.reason in gateway_accounts.AUTOMATIC and not is_final:
        account = gateway_accounts.find(payment.merchant_id, payment.gateway, test=payment.test)
        days, now = gateway_accounts.retry_days(account), clock.now()
        for invoice in rows:
            with LIFE.changing(actor, invoice, event=None):
                invoice.charge_again_at = retrying.following(invoice.charged_at or now, days, now)
        is_final = all(invoice.charge_again_at is None for invoice in rows)
    is_news = is_final or payment.reason is not PaymentReason.RETRY
    if is_away and is_news and rows:
        sending.failed(min(one.id for one in rows), payment)
