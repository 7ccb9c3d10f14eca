"""Lists what was paid of an invoice, for its page."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select

from database import db
from models.allocation import Allocation
from models.payment import Payment
from models.payment_method import PaymentMethod


@dataclass(frozen=True, slots=True)
class Part:
    """The part of a payment that pays an invoice, in minor units; `returned_minor` of it was paid back."""

    payment_id: int
    at: datetime | None
    gateway: str
    method: str | None
    reference: str | None
    amount_minor: int
    returned_minor: int


def parts(invoice_id: int) -> list[Part]:
    """The parts, in the order in which they came."""
    statement = (
        select(
            Payment.id, Payment.executed_at, Payment.gateway, PaymentMethod.label, Payment.reference,
            Allocation.amount_minor, Allocation.returned_minor,
        )
        .select_from(Allocation).join(Payment, Payment.id == Allocation.payment_id)
        .outerjoin(PaymentMethod, PaymentMethod.id == Payment.payment_method_id)
        .where(Allocation.invoice_id == invoice_id).order_by(Payment.executed_at, Payment.id)
    )
    return [Part(*row) for row in db.session.execute(statement)]
