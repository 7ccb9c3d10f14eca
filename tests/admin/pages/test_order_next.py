"""The page of an order begins with its next step."""

import re
from datetime import UTC, datetime

import pytest

from database import db, transaction
from models.order import OrderStatus, ScheduledStatus
from models.payment import Payment, PaymentReason, PaymentStatus
from models.product import Billing
from tests.ordered import make_order, make_row
from tests.payment_rows import customer_of

S = ScheduledStatus
NOON = datetime(2126, 12, 6, 12, tzinfo=UTC)


def step(admin, order_id):
    """The text of the next step; empty where there is none."""
    page = admin.get(f"/admin/orders/{order_id}").text
    found = re.search(r'<div class="callout next-step.*?</section>', page, re.S)
    text = found[0].partition('<div id="record"')[0] if found else ""
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", text)).strip()


@pytest.mark.parametrize(("status", "row", "said"), [
    (OrderStatus.PENDING, {}, "10.00 EUR is paid by the customer on the payment page. Nothing was paid yet."),
    (OrderStatus.ACTIVE, {"collect_at": NOON}, "10.00 EUR is collected on 6 Dec 2126, 12:00 . Skip… Open payment"),
    (OrderStatus.FAILED, {"collect_at": NOON, "status": S.SOFT_DECLINED, "paid_minor": 300},
     "7.00 EUR is tried again on 6 Dec 2126, 12:00 . Declined: Limit reached. Ask for a card Skip… Open payment"),
    (OrderStatus.FAILED, {"status": S.SOFT_DECLINED},
     "10.00 EUR was declined. Declined: Limit reached. No retry is left. Ask for a card Open payment"),
    (OrderStatus.ACTIVE, {"status": S.HARD_DECLINED},
     "10.00 EUR was declined. Declined: Limit reached. It is not tried again by itself, as another card is there now. "
     "Ask for a card Open payment"),
    (OrderStatus.SUSPENDED, {"status": S.HARD_DECLINED},
     "10.00 EUR was declined and waits for another card. Declined: Limit reached. Nothing more is collected until the "
     "payment method is changed. Ask for a card Open payment"),
    (OrderStatus.ACTIVE, {"status": S.PROCESSING},
     "10.00 EUR is being collected. The gateway has not said yet what became of it. Open payment"),
    (OrderStatus.ACTIVE, {"due_at": NOON},
     "10.00 EUR is due on 6 Dec 2126, 12:00 . It is not collected by itself. Open payment"),
    (OrderStatus.ACTIVE, {"due_at": NOON, "awaits_count": True},
     "The calls of this period are billed on 6 Dec 2126, 12:00 . "
     "Its calls are counted when the period has ended. Open payment"),
    (OrderStatus.PAUSED, {"status": S.PAUSED}, "Nothing is collected while the order is paused."),
    (OrderStatus.COMPLETE, {"status": S.COMPLETE}, ""), (OrderStatus.CANCELLED, {"status": S.CANCELLED}, ""),
    (OrderStatus.DRAFT, {}, ""), (OrderStatus.ACTIVE, {"status": S.COMPLETE}, ""),
])
def test_the_next_step_is_a_sentence_with_its_amount_and_time(admin, alder, status, row, said):
    order_id = make_order(alder, status=status)
    key = make_row(alder, order_id, **row)
    with transaction():
        db.session.add(Payment(
            merchant_id=alder, test=False, order_id=order_id, customer_id=customer_of(order_id),
            scheduled_payment_id=key, gateway="stripe", key="k",
            reason=PaymentReason.SCHEDULE, status=PaymentStatus.DECLINED, currency="EUR", amount_minor=1000,
            message="Limit reached", created_at=NOON, updated_at=NOON))
    assert step(admin, order_id) == said


def test_an_order_that_ends_with_its_period_says_only_that(admin, alder):
    order_id = make_order(alder, status=OrderStatus.ACTIVE, cancels_at_period_end=True, next_sequence=2)
    make_row(alder, order_id, collect_at=NOON)
    assert step(admin, order_id) == ""
    assert "The order ends" in admin.get(f"/admin/orders/{order_id}").text


def test_what_comes_first_is_the_next_step(admin, alder):
    order_id = make_order(alder, status=OrderStatus.ACTIVE, billing=Billing.INSTALMENT)
    make_row(alder, order_id, sequence=2, collect_at=NOON.replace(month=1, year=2127), amount_minor=500)
    make_row(alder, order_id, sequence=1, collect_at=NOON)
    assert step(admin, order_id).startswith("10.00 EUR is collected on 6 Dec 2126")


def test_what_was_due_before_is_tried_at_once(admin, alder):
    order_id = make_order(alder, status=OrderStatus.FAILED)
    make_row(alder, order_id, collect_at=datetime(2001, 12, 6, tzinfo=UTC), status=S.SOFT_DECLINED)
    assert "is tried again on" in step(admin, order_id)
    assert "2001" not in step(admin, order_id)
