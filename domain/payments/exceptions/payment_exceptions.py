"""The payments without an outcome, by a gateway without an answer or a step not taken, and the open disputes."""

from dataclasses import replace

from sqlalchemy import literal_column

from domain.payments import disputes
from domain.payments.payment_listing import LISTING
from models.payment import Dispute, DisputeStatus, Payment, PaymentStatus

# Constants in the statement, not values: their index has only such rows.
UNSETTLED = Payment.status.in_([literal_column(f"'{one}'") for one in ("unknown", "requires_action")])
UNKNOWN = replace(LISTING, where=(UNSETTLED, Payment.status == PaymentStatus.UNKNOWN))
TO_CONFIRM = replace(LISTING, where=(UNSETTLED, Payment.status == PaymentStatus.REQUIRES_ACTION))
DISPUTED = replace(disputes.LISTING, where=(Dispute.status == DisputeStatus.OPEN,))
