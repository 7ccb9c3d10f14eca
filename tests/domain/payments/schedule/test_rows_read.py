"""What an order costs does not grow with its history: only what it still has to pay is read."""

from sqlalchemy import event, insert

from database import db, transaction
from domain.payments.schedule import schedules
from domain.sales.orders import orders
from models.order import OrderStatus, ScheduledPayment, ScheduledStatus
from tests import cast, sql_statements
from tests.cast import actor_for
from tests.ordered import make_order, make_row, reload_order


def with_history(merchant_id, number):
    """An active subscription that has paid this many periods, and waits for the next."""
    key = make_order(merchant_id, status=OrderStatus.ACTIVE)
    waiting = make_row(merchant_id, key, sequence=number)
    row = db.session.get(ScheduledPayment, waiting)
    now = row.created_at
    with transaction():
        order = orders.locked(key)
        order.anchor_at, order.activated_at, order.next_sequence = now, now, number + 1
        db.session.execute(insert(ScheduledPayment), [
            {"merchant_id": merchant_id, "test": False, "order_id": key, "sequence": sequence, "currency": "EUR",
             "amount_minor": 1000, "paid_minor": 1000, "status": ScheduledStatus.COMPLETE, "due_at": now,
             "created_at": now, "updated_at": now, "version": 1}
            for sequence in range(number)])
    return key


def rows_read(act):
    """How many scheduled payments are made into objects meanwhile."""
    found = []

    def loaded(row, _):
        found.append(row)

    event.listen(ScheduledPayment, "load", loaded)
    try:
        act()
    finally:
        event.remove(ScheduledPayment, "load", loaded)
    return len(found)


def settle(key):
    db.session.expunge_all()
    with transaction():
        schedules.settle(actor_for(reload_order(key).merchant_id), orders.locked(key))


def hold_and_release(key):
    db.session.expunge_all()
    with transaction():
        order = orders.locked(key)
        schedules.hold(order)
        schedules.release(order)


def test_settling_an_order_reads_as_many_rows_after_400_periods_as_after_4():
    alder = cast.make_merchant("Alder")
    short, long = with_history(alder, 4), with_history(alder, 400)
    for act in (settle, hold_and_release):
        few, many = rows_read(lambda act=act: act(short)), rows_read(lambda act=act: act(long))
        assert few == many <= 3, act.__name__


def test_the_database_finds_open_rows_without_the_paid_ones():
    alder = cast.make_merchant("Alder")
    key = with_history(alder, 400)
    order = reload_order(key)
    with sql_statements.recorded() as asked:
        (row,) = schedules.open_rows(order)
    assert row.sequence == 400
    if db.engine.dialect.name == "sqlite":
        plan = sql_statements.plan_of(*asked[0])
        assert len(asked) == 1
        assert "ix_scheduled_payments_order_id_status (order_id=? AND status=?)" in plan[0]
