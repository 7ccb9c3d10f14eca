"""The payments without an outcome: those whose gateway gave no answer, and those that the customer has to confirm."""

from dataclasses import replace

from domain.payments.payment_listing import LISTING
from models.payment import Payment, PaymentStatus

UNKNOWN = replace(LISTING, where=(Payment.status == PaymentStatus.UNKNOWN,))
TO_CONFIRM = replace(LISTING, where=(Payment.status == PaymentStatus.REQUIRES_ACTION,))
