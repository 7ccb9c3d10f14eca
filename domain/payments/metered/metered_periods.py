"""Opens the periods of metered orders, and says which calls each of them counts."""

from datetime import UTC, datetime, timedelta

from sqlalchemy import select

from database import db
from domain.actor import Actor
from domain.lifecycle import Lifecycle
from domain.payments.metered.metered_log import Question
from models.credential import Credential
from models.metered import MeteredPeriod, Terms
from models.order import Order, ScheduledPayment
from models.product import Billing

LIFE = Lifecycle(noun="metered_period")
QUARTER = timedelta(minutes=15)              # the finest rows of the log that are kept for long
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def quarter_after(moment: datetime) -> datetime:
    """The moment itself where it is a whole quarter of an hour, else the next one."""
    return EPOCH + -(-(moment - EPOCH) // QUARTER) * QUARTER


def is_counted(order: Order) -> bool:
    """Whether the order bills calls by itself: it is metered, and has an interval and terms."""
    return order.billing is Billing.METERED and order.interval_unit is not None and order.items[0].metered is not None


def begin(actor: Actor, order: Order, row: ScheduledPayment, before: ScheduledPayment | None) -> MeteredPeriod:
    """The period of a new row: from the end of the one before, the first from the order's anchor, to the row's day."""
    assert order.anchor_at is not None           # it is live
    earlier = of_row(before) if before is not None else None
    assert order.items[0].metered is not None
    period = MeteredPeriod(
        merchant_id=order.merchant_id, test=order.test, order_id=order.id, scheduled_payment_id=row.id,
        test_clock_id=order.test_clock_id, until_at=row.due_at, terms=order.items[0].metered, created_at=row.created_at,
        from_at=earlier.until_at if earlier is not None else quarter_after(order.anchor_at),
    )
    LIFE.add(actor, period)
    return period


def of_row(row: ScheduledPayment) -> MeteredPeriod | None:
    """The period that a scheduled payment is for."""
    return db.session.scalar(select(MeteredPeriod).where(MeteredPeriod.scheduled_payment_id == row.id))


def question_of(order: Order, terms: Terms, from_at: datetime, until_at: datetime) -> Question:
    """What is asked of the log: calls by the keys that were named, else by all keys of the order's customer."""
    calls = terms.calls
    return Question(
        merchant_id=order.merchant_id, test=order.test, from_at=from_at, until_at=until_at,
        key_ids=calls.key_ids or keys_of(order.customer_id), contracts=calls.contracts, endpoints=calls.endpoints,
        methods=calls.methods, status_classes=calls.status_classes, sources=calls.sources,
    )


def keys_of(customer_id: int) -> list[int]:
    """All keys that a customer has or had, revoked ones too."""
    statement = select(Credential.id).where(Credential.customer_id == customer_id).order_by(Credential.id)
    return list(db.session.scalars(statement))
