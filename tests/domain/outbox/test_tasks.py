"""The outbox: order within a lane, fairness between pools, delivery at least once."""

import threading
from datetime import timedelta

import pytest
import sqlalchemy as sa
from sqlalchemy import select

from database import db, transaction
from domain import clock
from domain.actor import Actor
from domain.errors import Conflict
from domain.outbox import leases
from domain.outbox import retention as outbox_retention
from domain.outbox import tasks as outbox
from models.audit import AuditEntry
from models.outbox import Task, TaskStatus
from operations import check
from tests import sql_statements


def put(lane="a:1", pool=None, **more):
    with transaction():
        due_at = outbox.retries([lane]).get(lane)
        task = outbox.put(
            "mail", lane=lane, pool=pool or lane.partition(":")[0], payload={}, due_at=due_at, **more
        )
        db.session.flush()
        return task.id


def claim(most=10, **more):
    with transaction():
        return leases.claim(most, **more)


def tasks():
    return {task.id: task for task in db.session.scalars(select(Task).order_by(Task.id))}


@pytest.fixture
def later(monkeypatch):
    """A function that moves the clock forward."""
    real, ahead = clock.now, [timedelta()]
    monkeypatch.setattr(clock, "now", lambda: real() + ahead[0])

    def move(**time):
        ahead[0] += timedelta(**time)

    return move


# Order ---------------------------------------------------------------------------------------------


def test_of_a_lane_only_the_oldest_is_claimed(context):
    first, second, third = put(), put(), put("a:2")
    assert [one.id for one in claim()] == [first, third]
    assert claim() == []
    assert second not in [one.id for one in claim()]


def test_the_next_of_a_lane_follows_when_the_first_is_done(context):
    put(), put()
    for number in (1, 2):
        (one,) = claim()
        assert one.id == number
        with transaction():
            outbox.done([one])
    assert claim() == []


def test_what_waits_behind_a_retry_is_not_even_due(context, later):
    put(), put()
    (one,) = claim()
    with transaction():
        assert outbox.again(one, "HTTP 500")
    assert not leases.is_anything_due()
    assert tasks()[2].due_at == tasks()[1].due_at
    put()
    assert tasks()[3].due_at == tasks()[1].due_at       # also what comes later
    later(minutes=2)
    (one,) = claim()
    assert one.id == 1
    with transaction():
        outbox.done([one])
    assert [one.id for one in claim()] == [2]


@pytest.mark.parametrize("end", ["done", "failed"])
def test_the_lane_continues_at_once_when_a_retry_ends(context, later, end):
    put(), put()
    for _ in range(2):
        (one,) = claim()
        with transaction():
            outbox.again(one, "HTTP 500")
        later(minutes=10)
    (one,) = claim()
    with transaction():
        outbox.done([one]) if end == "done" else outbox.failed([one], "no")
    assert [one.id for one in claim()] == [2]


def test_a_retry_of_one_lane_does_not_hold_up_another(context):
    put("a:1"), put("a:1"), put("a:2")
    first, other = claim()
    with transaction():
        outbox.again(first, "HTTP 500")
        outbox.release([other])
    assert [one.id for one in claim()] == [3]


# Fairness ----------------------------------------------------------------------------------------


def test_of_a_pool_only_two_are_under_way(context):
    for number in range(5):
        put(f"a:{number}")
    assert len(claim()) == 2
    assert claim() == []


def test_a_receiver_with_most_of_the_rows_delays_nobody(context):
    for number in range(60):
        put(f"big:{number % 3}")
    for name in ("b", "c", "d"):
        put(f"{name}:1")
    turn = leases.Turn()
    served = {one.pool for one in claim(3, turn=turn)} | {one.pool for one in claim(3, turn=turn)}
    assert served == {"big", "b", "c", "d"}


def test_pools_take_turns(context):
    for name in "abcdef":
        for number in range(4):
            put(f"{name}:{number}")
    turn = leases.Turn()
    assert [one.pool for one in claim(2, turn=turn)] == ["a", "a"]
    assert [one.pool for one in claim(2, turn=turn)] == ["b", "b"]
    assert [one.pool for one in claim(4, turn=turn)] == ["c", "c", "d", "d"]
    assert [one.pool for one in claim(9, turn=turn)] == ["e", "e", "f", "f"]


def test_of_slow_pools_no_more_is_begun_than_may_be(context):
    put("a:1"), put("a:2"), put("b:1"), put("c:1")
    assert [one.pool for one in claim(slow=leases.Slow({"a", "b"}, 0))] == ["c"]
    assert [one.pool for one in claim(slow=leases.Slow({"a", "b"}, 1))] == ["a"]


def test_a_claim_among_many_rows_walks_indexes_alone(context, on_postgresql):
    with transaction() as session:
        now = clock.now()
        session.execute(sa.insert(Task), [
            {"kind": "mail", "lane": f"p{number % 20}:{number % 100}", "pool": f"p{number % 20}", "payload": {},
             "status": TaskStatus.PENDING, "due_at": now, "attempts": 0, "created_at": now}
            for number in range(5000)
        ])
    with sql_statements.recorded() as texts:
        assert len(claim(32)) == 32
    statement, values = next(one for one in texts if "RECURSIVE" in one[0])
    if on_postgresql:
        db.session.execute(sa.text("ANALYZE outbox_tasks"))
        plan = [row[0] for row in db.session.connection().exec_driver_sql("EXPLAIN " + statement, values)]
        assert not [line for line in plan if "Seq Scan" in line]
        return
    plan = sql_statements.plan_of(statement, values)
    assert not [line for line in plan if line.startswith("SCAN outbox_tasks")]


# At least once, never forgotten --------------------------------------------------------------------


def test_nobody_else_gets_what_is_claimed(context):
    put()
    assert len(claim()) == 1
    assert claim() == []


def test_a_lease_that_ran_out_is_claimed_again(context, later):
    put()
    claim()
    later(seconds=19)
    assert claim() == []
    later(seconds=2)
    assert len(claim()) == 1


def test_a_released_task_is_claimed_at_once(context):
    put()
    taken = claim()
    with transaction():
        outbox.release(taken)
    assert len(claim()) == 1


def test_retries_come_after_1_5_30_120_and_720_minutes_and_then_no_more(context, later):
    put()
    waits = []
    for _ in range(6):
        (one,) = claim()
        now = clock.now()
        with transaction():
            more = outbox.again(one, "HTTP 500")
        task = tasks()[1]
        if more:
            waits.append((task.due_at - now).total_seconds() / 60)
            later(minutes=waits[-1] + 0.1)
    assert all(wanted <= wait <= wanted * 1.2 + 0.01 for wait, wanted in zip(waits, (1, 5, 30, 120, 720), strict=True))
    assert (task.status, task.attempts, task.last_error) == (TaskStatus.FAILED, 6, "HTTP 500")
    assert task.finished_at is not None


def test_a_late_failure_does_not_undo_what_another_worker_finished(context, later):
    put()
    (stale,) = claim()
    later(minutes=1)
    (fresh,) = claim()
    with transaction():
        outbox.done([fresh])
    with transaction():
        outbox.again(stale, "timed out")
        outbox.failed([stale], "timed out")
    assert tasks()[1].status is TaskStatus.DONE


# Held, dropped, by hand ----------------------------------------------------------------------------


def test_held_tasks_wait_and_resume_in_order(context):
    for _ in range(3):
        put()
    put("b:1")
    with transaction():
        outbox.hold("a")
    put(held=True)
    assert [one.pool for one in claim()] == ["b"]
    with transaction():
        outbox.resume("a")
    order = []
    while found := claim():
        order += [one.id for one in found]
        with transaction():
            outbox.done(found)
    assert order == [1, 2, 3, 5]


def test_what_was_under_way_when_its_pool_was_held_is_not_begun_twice(context):
    put()
    claim()
    with transaction():
        outbox.hold("a")
        outbox.resume("a")
    assert claim() == []


def test_tasks_of_a_deleted_pool_are_cancelled(context):
    put(), put("b:1")
    with transaction():
        outbox.drop("a")
    assert [task.status for task in tasks().values()] == [TaskStatus.CANCELLED, TaskStatus.PENDING]


def act(action, key):
    with transaction():
        return action(Actor.operator(), outbox.LISTING.get(Actor.operator(), key, lock=True))


def test_a_failed_task_is_tried_again_by_hand_and_that_is_noted(context):
    put()
    with transaction():
        outbox.failed(leases.claim(1), "HTTP 500")
    act(outbox.retry, 1)
    assert len(claim()) == 1
    assert "task.retried" in db.session.scalars(select(AuditEntry.action)).all()


def test_a_cancelled_task_is_not_done_and_its_lane_continues(context):
    put(), put()
    act(outbox.cancel, 1)
    assert [one.id for one in claim()] == [2]
    with pytest.raises(Conflict):
        act(outbox.cancel, 1)


def test_what_is_done_or_under_way_is_not_tried_again_by_hand(context):
    put()
    taken = claim()
    with pytest.raises(Conflict):
        act(outbox.retry, 1)
    with transaction():
        outbox.done(taken)
    with pytest.raises(Conflict):
        act(outbox.retry, 1)


def test_the_state_says_what_waits_and_since_when(context):
    put(), put("b:1", held=True), put("c:1")
    with transaction():
        outbox.failed([one for one in leases.claim(9) if one.pool == "c"], "no")
    state = outbox.state()
    assert (state.pending, state.held, state.failed) == (1, 1, 1)
    assert state.oldest_due == tasks()[1].due_at


# Several at once -----------------------------------------------------------------------------------


def test_several_workers_share_the_rows_and_never_the_same(app, context, on_postgresql):
    if not on_postgresql:
        pytest.skip("in memory there is one connection; tests/outbound/test_kill.py does it with files")
    for number in range(200):
        put(f"p{number % 40}:{number}")
    taken, guard = [], threading.Lock()

    def work():
        with app.app_context():
            turn = leases.Turn()
            while found := claim(7, turn=turn):
                with guard:
                    taken.extend(one.id for one in found)
                with transaction():
                    outbox.done(found)

    threads = [threading.Thread(target=work) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    while found := claim(50):                # a worker leaves when the others hold all that may begin
        taken.extend(one.id for one in found)
        with transaction():
            outbox.done(found)
    assert sorted(taken) == list(range(1, 201))


# Retention ---------------------------------------------------------------------------------------


def test_what_was_finished_ninety_days_ago_is_removed_in_batches(context, later):
    for number in range(5):
        put(f"a:{number}")
    while found := claim():
        with transaction():
            outbox.done(found)
    put("a:9")
    later(days=89)
    with transaction():
        assert outbox_retention.forget_old(3) == 0
    later(days=2)
    for left in (3, 2, 0):
        with transaction():
            assert outbox_retention.forget_old(3) == left
    assert list(tasks()) == [6]


def test_monitoring_sees_the_queue(app, context, later):
    put()
    later(seconds=90)
    client = app.test_client()
    outbox = client.get("/readyz").json["outbox"]
    assert (outbox["pending"], outbox["held"], outbox["failed_last_day"]) == (1, 0, 0)
    assert 89 <= outbox["oldest_due_seconds"] <= 120
    figures = client.get("/metrics").text
    assert 'countinghouse_outbox_tasks{state="pending"} 1.0' in figures
    assert "countinghouse_outbox_oldest_due_seconds 9" in figures


def test_the_check_reports_overdue_tasks_without_a_worker(app, context, later, settings):
    put()
    findings = {one.name: one for one in check.check(settings, lambda: 0)}
    assert findings["outbox"].status == check.OK
    db.session.rollback()                    # in memory there is one connection
    later(minutes=6)
    found = next(one for one in check.check(settings, lambda: 0) if one.name == "outbox")
    assert found.status == check.WARNING
    assert "0:06:0" in found.message
    assert "worker" in found.mend
