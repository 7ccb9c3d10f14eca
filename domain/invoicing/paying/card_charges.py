"""Charges stored cards for invoices: for a signed-in customer, for staff, and on the due date.

The attempt is committed before the gateway is asked, with the key that the gateway gets. While a payment of one of
the invoices runs, on whichever link, none is begun: whoever begins one holds the customer's account.
"""

import secrets
from collections.abc import Sequence

from sqlalchemy import select

from database import db
from domain import clock
from domain.actor import Actor
from domain.errors import Conflict, Invalid
from domain.inputs import Input, Maybe, RowId
from domain.invoicing import invoices
from domain.invoicing.paying import allocating, invoice_checkouts, invoice_links
from domain.payments import attempts, customer_cards, gateway_accounts, locking
from domain.payments.attempts import Attempt
from domain.payments.checkout import checkout_states
from domain.payments.checkout.checkout_states import TRANSFER
from domain.payments.gateways import ChargeRequest
from domain.vault import vault
from models.invoice import Invoice
from models.invoice_link import InvoiceLink
from models.payment import Payment, PaymentReason, PaymentStatus
from models.payment_method import PaymentMethod

MOST_CARDS = 10


class CardInput(Input):
    """Which of the customer's stored cards is charged: the newest, unless one is named."""

    payment_method_id: Maybe[RowId] = None


def gateways_of(merchant_id: int, *, test: bool) -> list[str]:
    """The gateways of a merchant whose stored cards can be charged."""
    return [name for name in checkout_states.ready(merchant_id, test=test) if name != TRANSFER]


def cards_of(customer_id: int, merchant_id: int, *, test: bool) -> list[PaymentMethod]:
    """The customer's stored cards that can be charged, the newest first."""
    statement = select(PaymentMethod).where(
        PaymentMethod.customer_id == customer_id, PaymentMethod.test.is_(test), PaymentMethod.removed_at.is_(None),
        PaymentMethod.gateway.in_(gateways_of(merchant_id, test=test)))
    return list(db.session.scalars(statement.order_by(PaymentMethod.id.desc()).limit(MOST_CARDS)))


def charge(actor: Actor, invoice: Invoice, given: CardInput) -> Attempt:
    """Begin to charge what is open of a locked invoice. Invalid for a card that is not the customer's."""
    invoices.must_be_issued(invoice)
    if given.payment_method_id is not None:
        customer_cards.LISTING.refer(actor, "payment_method_id", given.payment_method_id)
    return begin(actor, [invoice], given.payment_method_id)


def begin(
    actor: Actor, rows: Sequence[Invoice], method_id: int | None, reason: PaymentReason = PaymentReason.MANUAL,
) -> Attempt:
    """Begin to charge what is open of some issued invoices of one customer, from the newest card or the one named.

    Conflict where nothing is open, a payment is under way, or there is no card.
    """
    if invoice_checkouts.due(rows) == 0:
        raise Conflict("There is nothing to pay.", code="nothing-is-open")
    found = invoice_links.find(invoice_links.share(actor, rows))
    assert found is not None                     # it was made, or looked up, just now
    link = invoice_links.locked(found.id)
    method = _card(link, method_id)
    rows = allocating.lock_invoices(Invoice.id.in_([one.invoice_id for one in link.items]))
    amount = invoice_checkouts.due(rows)
    if amount == 0:                              # it was paid while this waited for the account
        raise Conflict("There is nothing to pay.", code="nothing-is-open")
    _must_be_idle(link)
    return attempt_of(link, rows, _payment(actor, link, method, amount, reason), method)


def again(payment: Payment) -> Attempt | None:
    """The same question to the gateway as before, which it never got; None where nobody wants the money any more."""
    method, link = payment.payment_method, db.session.get(InvoiceLink, payment.invoice_link_id or 0)
    if method is None or link is None or method.removed_at is not None:
        return None
    rows = allocating.lock_invoices(Invoice.id.in_([one.invoice_id for one in link.items]))
    is_wanted = invoice_checkouts.due(rows) == payment.amount_minor
    return attempt_of(link, rows, payment, method) if is_wanted else None


def attempt_of(link: InvoiceLink, rows: Sequence[Invoice], payment: Payment, method: PaymentMethod) -> Attempt:
    """The request to the gateway; every repetition is the same, but for the time."""
    token = vault.decrypt(link.token) if link.token is not None else None
    return Attempt(
        payment_id=payment.id, gateway=payment.gateway,
        account=gateway_accounts.for_gateway(link.merchant_id, payment.gateway, test=link.test),
        request=ChargeRequest(
            key=payment.key, order_id=None, scheduled_payment_id=None, amount_minor=payment.amount_minor,
            currency=payment.currency, token=method.token, at=clock.now(),
            description=invoice_checkouts.title(rows), page=f"/pay/{token}" if token else "",
            is_repeated=payment.look_ups > 0,
        ),
    )


def _card(link: InvoiceLink, method_id: int | None) -> PaymentMethod:
    cards = cards_of(link.customer_id, link.merchant_id, test=link.test)
    found = next((one for one in cards if method_id in (None, one.id)), None)
    if found is None and method_id is not None:
        raise Invalid.field("payment_method_id", "is no stored card of this customer", "unknown")
    if found is None:
        raise Conflict("The customer has no stored card.", code="no-card")
    return found


def _must_be_idle(link: InvoiceLink) -> None:
    payment = invoice_checkouts.running(link)
    if payment is None:
        return
    if checkout_states.is_unfinished(payment) and not invoice_checkouts.is_over(payment):
        until = f"{invoice_checkouts.until(payment):%H:%M} UTC"
        raise Conflict(f"A payment was begun on the card page. Finish it there, or wait until {until}.",
                       code="under-way")
    raise Conflict(invoice_checkouts.UNDER_WAY, code="under-way")


def _payment(
    actor: Actor, link: InvoiceLink, method: PaymentMethod, amount: int, reason: PaymentReason,
) -> Payment:
    now = clock.now()
    payment = Payment(
        merchant_id=link.merchant_id, test=link.test, customer_id=link.customer_id, invoice_link_id=link.id,
        payment_method_id=method.id, gateway=method.gateway, reason=reason, status=PaymentStatus.PENDING,
        currency=link.currency, amount_minor=amount, refunded_minor=0, allocated_minor=0, key=secrets.token_hex(16),
        asked_at=now, created_at=now, look_up_at=now + attempts.LOOK_UPS[0], look_ups=0,
    )
    locking.LIFE.add(actor, payment)
    return payment
