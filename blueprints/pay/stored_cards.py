"""Offers the stored cards of a customer who is signed in to the client area, on the payment page of invoices.

The page itself needs no sign-in. A card is charged by the client area, whose forms have a token against CSRF.
"""

from collections.abc import Callable
from typing import Any

from blueprints.pages import form_once
from domain.invoicing.paying import card_charges
from models.customer import Customer
from models.customer_login import CustomerSession
from models.invoice_link import InvoiceLink
from models.payment_method import PaymentMethod

Find = Callable[[], CustomerSession | None]
_known: list[Find] = []


def know_customers_by(find: Find) -> None:
    """Register what finds the session of this browser's customer: the client area, which this package cannot import."""
    _known[:] = [find]


def of(customer: Customer) -> list[PaymentMethod]:
    """The cards that can be charged, the newest first."""
    return card_charges.cards_of(customer.id, customer.merchant_id, test=customer.test)


def offered(link: InvoiceLink) -> dict[str, Any]:
    """What the page shows of them: nothing unless the link's own customer is signed in."""
    session = _own_session(link)
    return {"cards": of(session.customer), "once": form_once.token()} if session is not None else {"cards": ()}


def is_own(link: InvoiceLink) -> bool:
    """Whether the link's own customer is signed in in this browser, and goes back to the client area."""
    return _own_session(link) is not None


def _own_session(link: InvoiceLink) -> CustomerSession | None:
    session = next((find() for find in _known), None)
    return session if session is not None and session.customer_id == link.customer_id else None
