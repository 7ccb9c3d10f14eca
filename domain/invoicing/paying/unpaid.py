"""What a customer who does not pay loses: first many calls an hour, then all, by the merchant's own rules.

Asked at each call of a key or token of a customer, so it is one statement, whose result is kept until something
is written: a payment counts from the next call on.
"""

from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any

from sqlalchemy import and_, bindparam, or_, select

from database import db, transaction
from database.reader import Reader
from database.statements import Prepared
from domain import clock
from domain.actor import Actor
from domain.invoicing.invoice_listing import LISTING, OPEN
from domain.invoicing.invoice_status import NOW
from domain.invoicing.paying import invoice_links, next_payments
from domain.invoicing.paying.invoice_links import MOST
from models.customer import Customer
from models.invoice import Invoice
from models.merchant import Merchant

# What is open of it is asked for: the merchant did not pay back all that was paid.
OVERDUE = and_(OPEN, or_(Invoice.refunded_minor == 0, Invoice.paid_minor > 0))
LATE = replace(LISTING, where=(OVERDUE, Invoice.late_at <= NOW))        # those whose status is overdue
# The invoice that is overdue for longest, with the rules of its merchant.
_COLUMNS: tuple[Any, ...] = (
    Invoice.id, Invoice.number, Invoice.late_at, Merchant.unpaid_throttle_days, Merchant.unpaid_calls_per_hour,
    Merchant.unpaid_stop_days,
)
_OLDEST = Prepared(
    select(*_COLUMNS)
    .join(Customer, Customer.id == Invoice.customer_id)
    .join(Merchant, Merchant.id == Customer.merchant_id)
    .where(Invoice.customer_id == bindparam("customer_id"), Invoice.test == bindparam("test"), OVERDUE,
           Invoice.late_at.is_not(None))
    .order_by(Invoice.late_at, Invoice.id).limit(1)
)


@dataclass(frozen=True, slots=True)
class Unpaid:
    """The overdue invoice for which calls are limited, or stopped altogether."""

    invoice_id: int
    number: str
    calls_per_hour: int
    is_stopped: bool
    code: str = "payment_required"                          # where calls are stopped
    open_nouns: tuple[str, ...] = ("invoice", "ticket")     # the customer sees what is unpaid, and can ask about it

    @property
    def reason(self) -> str:
        """The first sentence of a refusal."""
        return f"Invoice {self.number} is unpaid."

    def path(self) -> str:
        """The path under which what is late of the invoice is paid; the first time makes the invoice's link."""
        invoice = db.session.get_one(Invoice, self.invoice_id)
        of_order = next_payments.page_of(invoice)
        return of_order or f"/pay/{invoice_links.token_of(invoice) or self._share()}"

    def _share(self) -> str:
        with transaction():
            invoice = db.session.get_one(Invoice, self.invoice_id)
            return invoice_links.share(Actor.system().for_row(invoice).in_world(test=invoice.test), [invoice])


def of(customer_id: int, test: bool) -> Unpaid | None:
    """What the customer has to pay first; None while nothing is overdue for as long as the merchant allows."""
    row = Reader().cached_first(_OLDEST, {"customer_id": customer_id, "test": test})
    if row is None:
        return None
    late = clock.now() - row.late_at
    is_stopped = _is_reached(late, row.unpaid_stop_days)
    if not is_stopped and not _is_reached(late, row.unpaid_throttle_days):
        return None
    return Unpaid(row.id, row.number, row.unpaid_calls_per_hour, is_stopped)


def overdue(customer_id: int) -> list[Invoice]:
    """The overdue invoices of a customer, the oldest first."""
    statement = select(Invoice).where(Invoice.customer_id == customer_id, OVERDUE, Invoice.late_at <= clock.now())
    return list(db.session.scalars(statement.order_by(Invoice.late_at, Invoice.id).limit(MOST)))


def _is_reached(late: timedelta, days: int | None) -> bool:
    return days is not None and late >= timedelta(days=days)
