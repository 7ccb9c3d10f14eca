"""The status of an invoice: the table says the same in the program and in the database."""

from datetime import timedelta

import pytest

from database import db, transaction
from domain import clock
from domain.invoicing import invoice_status
from domain.invoicing.invoice_listing import LISTING
from models.invoice import Invoice, InvoiceState, InvoiceStatus
from tests.invoicing import actor_of, make_issued

S = InvoiceStatus
CASES = [                    # total, paid, credited, refunded, is late: what it reads
    ((100, 0, 0, 0, False), S.UNPAID),
    ((100, 0, 0, 0, True), S.OVERDUE),
    ((100, 40, 0, 0, False), S.PARTIALLY_PAID),
    ((100, 40, 0, 0, True), S.OVERDUE),
    ((100, 100, 0, 0, True), S.PAID),
    ((100, 60, 40, 0, True), S.PAID),
    ((100, 0, 40, 0, False), S.UNPAID),
    ((100, 0, 100, 0, True), S.CANCELLED),
    ((100, 100, 100, 0, False), S.PAID),
    ((100, 0, 100, 100, False), S.REFUNDED),
    ((100, 0, 0, 100, True), S.REFUNDED),
    ((100, 60, 0, 40, False), S.PARTIALLY_PAID),
    ((0, 0, 0, 0, True), S.PAID),
]


@pytest.mark.parametrize(("amounts", "status"), CASES, ids=str)
def test_an_issued_invoice_reads_as_its_amounts_and_its_day_say(amounts, status):
    total, paid, credited, refunded, is_late = amounts
    now = clock.now()
    row = Invoice(
        state=InvoiceState.ISSUED, total_minor=total, paid_minor=paid, credited_minor=credited,
        refunded_minor=refunded, late_at=now if is_late else now + timedelta(seconds=1),
    )
    assert invoice_status.of(row, now) is status


def test_the_database_reads_the_same_table(alder):
    now, keys = clock.now(), {}
    for amounts, status in CASES:
        total, paid, credited, refunded, is_late = amounts
        key = make_issued(alder)
        with transaction():
            db.session.connection().execute(Invoice.__table__.update().where(Invoice.id == key).values(
                total_minor=total, paid_minor=paid, credited_minor=credited, refunded_minor=refunded,
                late_at=now - timedelta(days=1) if is_late else now + timedelta(days=1)))
        keys[key] = status
    assert {key: LISTING.read(actor_of(alder), key).status for key in keys} == keys
