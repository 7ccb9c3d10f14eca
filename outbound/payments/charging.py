"""Charges stored cards for invoices on their due date: the worker's part. Each attempt is committed first."""

from database import transaction
from domain.invoicing.paying.due_charges import Round
from outbound.payments import gateway_calls


def charge_due(most: int = 50) -> bool:
    """Charge up to this many invoices. True while more may be due."""
    this, asked = Round(), 0
    while asked < most:
        with transaction():
            more, attempt = this.begin_next()
        if not more:
            return False
        if attempt is not None:
            gateway_calls.finish(attempt)
            asked += 1
    return True
