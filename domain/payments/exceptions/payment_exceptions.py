"""The payments without an outcome, by a gateway without an answer or a step not taken, and the open disputes."""

from dataclasses import replace

from domain.payments import disputes
from domain.payments.payment_listing import LISTING
from models.payment import Dispute, DisputeStatus, Payment, PaymentStatus

UNKNOWN = replace(LISTING, where=(Payment.status == PaymentStatus.UNKNOWN,))
TO_CONFIRM = replace(LISTING, where=(Payment.status == PaymentStatus.REQUIRES_ACTION,))
DISPUTED = replace(disputes.LISTING, where=(Dispute.status == DisputeStatus.OPEN,))
