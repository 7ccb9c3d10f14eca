"""Pages of the outbox: figures, tasks, repeating and cancelling one."""

import re
from datetime import timedelta

from database import db, transaction
from domain import clock
from domain.outbox import tasks
from models.outbox import Task, TaskStatus


def make_task(merchant_id, status=TaskStatus.PENDING, *, kind="mail", age=timedelta()):
    with transaction():
        lane = f"lane_{clock.now().timestamp()}"
        task = tasks.put(kind, lane=lane, pool="mail", payload={}, merchant_id=merchant_id)
        db.session.flush()
        task.status, task.due_at = status, clock.now() - age
        task.last_error = "the server <said> no" if status is TaskStatus.FAILED else None
        task.finished_at = clock.now() if status is TaskStatus.FAILED else None
        return task.id


def status_of(key):
    db.session.expire_all()
    return db.session.get(Task, key).status


def rows(reply):
    return {int(number) for number in re.findall(r'id="row-(\d+)"', reply.text)}


def test_the_queue_is_shown_in_figures_and_rows(admin, alder):
    keys = {make_task(alder), make_task(alder, TaskStatus.HELD), make_task(alder, TaskStatus.FAILED)}
    page = admin.get("/admin/outbox")
    assert rows(page) == keys
    assert "&lt;said&gt;" in page.text
    assert "The worker is not running" not in page.text


def test_a_missing_worker_is_reported(admin, alder):
    make_task(alder, age=timedelta(minutes=10))
    assert "The worker is not running" in admin.get("/admin/outbox").text


def test_tasks_are_filtered_by_status_and_kind(admin, alder):
    failed = make_task(alder, TaskStatus.FAILED)
    hook = make_task(alder, kind="webhook")
    assert rows(admin.get("/admin/outbox?status=failed")) == {failed}
    assert rows(admin.get("/admin/outbox?kind=webhook")) == {hook}
    assert rows(admin.part("/admin/outbox?kind=webhook&status=failed")) == set()
    assert "Nothing matches" in admin.get("/admin/outbox?kind=webhook&status=failed").text


def test_a_failed_task_is_tried_again(admin, alder):
    key = make_task(alder, TaskStatus.FAILED)
    assert admin.post(f"/admin/outbox/{key}/retry").status_code == 303
    assert status_of(key) is TaskStatus.PENDING


def test_a_waiting_task_is_cancelled_once(admin, alder):
    key = make_task(alder)
    assert admin.post(f"/admin/outbox/{key}/cancel").status_code == 303
    assert status_of(key) is TaskStatus.CANCELLED
    admin.post(f"/admin/outbox/{key}/cancel")
    assert "This is already cancelled." in admin.get("/admin/outbox").text


def test_tasks_of_other_merchants_and_of_none_are_not_found(admin, birch):
    for key in (make_task(birch, TaskStatus.FAILED), make_task(None, TaskStatus.FAILED)):
        assert admin.post(f"/admin/outbox/{key}/retry").status_code == 404
        assert admin.post(f"/admin/outbox/{key}/cancel").status_code == 404
        assert status_of(key) is TaskStatus.FAILED
    assert "Nothing to send" in admin.get("/admin/outbox").text


def test_the_operator_sees_all_of_them(ops, alder, birch):
    keys = {make_task(alder), make_task(birch), make_task(None)}
    assert rows(ops.get("/admin/outbox")) == keys
    assert ops.get("/admin/outbox.csv").text.count("mail") >= 3
