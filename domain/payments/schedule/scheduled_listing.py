"""The listing of scheduled payments. One that will change is locked after its order."""


from sqlalchemy import and_, case, func, literal_column, select

from database import db
from domain.list_parts import Filter, common_filters, is_row
from domain.list_search import Number, Of
from domain.listing import Listing
from domain.payments.schedule.scheduled_status import OPEN
from models.order import Order, OrderStatus, ScheduledPayment, ScheduledStatus

OWNER = (
    select(Order.created_by_user_id).where(Order.id == ScheduledPayment.order_id).correlate(ScheduledPayment)
    .scalar_subquery()
)


class OrderFirst(Listing):
    """Locks the order before a row of it, as everybody does, so that no two wait for each other."""

    def lock_before(self, key: int) -> None:
        statement = select(Order).join(self.model, self.model.order_id == Order.id)
        statement = statement.where(is_row(self.model.id, key)).with_for_update(of=Order, key_share=True)
        db.session.scalar(statement.execution_options(populate_existing=True))


IS_OPEN = ScheduledPayment.status.in_(tuple(OPEN))
# Constants in the statement, not values: their index has only such rows.
IS_DECLINED = ScheduledPayment.status.in_(
    [literal_column(f"'{one}'") for one in ("soft-declined", "hard-declined", "review")])
COLLECTED = and_(ScheduledPayment.collect_at.is_not(None), ScheduledPayment.test_clock_id.is_(None))
# Open in an order that was paid for once: an order that nobody has paid yet owes nothing.
OWED = and_(
    ScheduledPayment.status.in_((
        ScheduledStatus.SCHEDULED, ScheduledStatus.PROCESSING, ScheduledStatus.SOFT_DECLINED,
        ScheduledStatus.HARD_DECLINED,
    )),
    ScheduledPayment.order_id.in_(
        select(Order.id).where(Order.status.in_((OrderStatus.ACTIVE, OrderStatus.FAILED, OrderStatus.SUSPENDED)))),
)

LISTING = OrderFirst(
    model=ScheduledPayment,
    noun="scheduled payment",
    is_kept=True,
    columns={
        **{
            name: getattr(ScheduledPayment, name)
            for name in (
                "id", "merchant_id", "test", "order_id", "sequence", "currency", "amount_minor", "tax_minor", "status",
                "due_at", "collect_at", "retry_count", "declined_at", "executed_at", "merged_into_id", "interval_unit",
                "interval_count", "paid_minor", "invoice_paid_minor", "credit_minor", "awaits_count", "created_at",
                "updated_at", "version",
            )
        },
        "customer_id": Order.customer_id,
        "customer_name": Order.customer_name,
        "billing": Order.billing,
        "shown_interval_unit": func.coalesce(ScheduledPayment.interval_unit, Order.interval_unit),
        "shown_interval_count": func.coalesce(ScheduledPayment.interval_count, Order.interval_count),
        "order_status": Order.status,
        "payment_method_id": Order.payment_method_id,
    },
    joins=((Order, Order.id == ScheduledPayment.order_id),),
    sort={
        "due_at": ScheduledPayment.due_at, "created_at": ScheduledPayment.created_at,
        "updated_at": ScheduledPayment.updated_at, "status": ScheduledPayment.status,
        "amount": (ScheduledPayment.currency, ScheduledPayment.amount_minor), "sequence": ScheduledPayment.sequence,
        "id": ScheduledPayment.id,
        # Descending: what is open, the next one first, then what is done, the last one first.
        "open_first": (
            case((IS_OPEN, 0), else_=1), case((IS_OPEN, ScheduledPayment.due_at)), ScheduledPayment.due_at,
        ),
    },
    filters={
        **common_filters(ScheduledPayment),
        "order_id": Filter(int, lambda bound: ScheduledPayment.order_id == bound),
        "order_ids": Filter(list, lambda bound: ScheduledPayment.order_id.in_(bound)),
        "status": Filter(ScheduledStatus, lambda bound: ScheduledPayment.status == bound),
        "open": Filter(bool, lambda bound: bound == IS_OPEN),
        "collected": Filter(bool, lambda bound: bound == COLLECTED),
        "owed": Filter(bool, lambda bound: bound == OWED),
        "customer_id": Filter(
            int, lambda bound: ScheduledPayment.order_id.in_(select(Order.id).where(Order.customer_id == bound))),
        "due_after": Filter("moment", lambda bound: ScheduledPayment.due_at >= bound),
        "due_before": Filter("day_end", lambda bound: ScheduledPayment.due_at <= bound),
        "currency": Filter(str, lambda bound: ScheduledPayment.currency == bound),
    },
    search=(
        Of(Order.search_text, ScheduledPayment.order_id), Number(ScheduledPayment.id, "scheduled_payment"),
        Number(ScheduledPayment.order_id, "order"),
    ),
    own=OWNER,
)
