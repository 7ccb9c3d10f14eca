"""Concurrent calls: no row is doubled or lost, and a caller who waits too long gets an error."""

import subprocess
import sys
import time

import bcrypt
import pytest
from sqlalchemy import func, select

import database
from database import db, transaction
from domain.access import key_access
from domain.access.key_access import verified_hashes
from domain.sales.budgets import budgets
from models import AuditEntry, Budget, Customer
from tests import cast
from tests.api.public.test_envelope import assert_error

pytestmark = pytest.mark.files


def rows(app, model):
    with app.app_context():
        return db.session.scalar(select(func.count()).select_from(model))


@pytest.mark.parametrize("round_", range(4))
def test_of_24_equal_posts_at_once_one_creates_and_all_get_its_answer(workshop, crew, round_):
    headers = {"Idempotency-Key": f"round {round_}"}
    replies = crew(24, lambda api, _: api.post("/customers", {"name": "Ada", "email": "a@b.example"}, headers=headers))
    assert {reply.status_code for reply in replies} == {201}
    assert len({reply.data for reply in replies}) == 1
    assert sum("Idempotent-Replayed" not in reply.headers for reply in replies) == 1
    assert rows(workshop, Customer) == 1
    with workshop.app_context():
        created = select(func.count()).select_from(AuditEntry).where(AuditEntry.action == "customer.created")
        assert db.session.scalar(created) == 1


def test_of_12_different_posts_under_one_key_one_wins(workshop, crew):
    headers = {"Idempotency-Key": "same"}
    replies = crew(12, lambda api, number: api.post("/customers", {"name": f"C{number}"}, headers=headers))
    assert sorted(reply.status_code for reply in replies) == [201] + [409] * 11
    assert rows(workshop, Customer) == 1


def test_one_e_mail_goes_to_one_customer(workshop, crew):
    replies = crew(12, lambda api, number: api.post("/customers", {"name": f"C{number}", "email": "a@b.example"}))
    assert sorted(reply.status_code for reply in replies) == [201] + [409] * 11
    assert {reply.json["error"] for reply in replies if reply.status_code == 409} == {"conflict"}


def test_one_sku_goes_to_one_product(crew):
    replies = crew(12, lambda api, number: api.post("/products", {"name": f"P{number}", "price": 1, "sku": "S"}))
    assert sorted(reply.status_code for reply in replies) == [201] + [409] * 11


@pytest.fixture
def budget(workshop, crew):
    """A budget's id, in a database that threads share."""
    with workshop.app_context():
        key = cast.make_budget(crew.merchant, cast.make_customer(crew.merchant))
        db.session.remove()
    return key


def test_six_times_forty_changes_of_one_budget_raise_its_version_by_240(crew, budget):
    def change(api, number):
        return {api.put(f"/budgets/budget_{budget}", {"notes": f"{number}.{turn}"}).status_code for turn in range(40)}

    assert crew(6, change) == [{200}] * 6
    assert crew.api.get(f"/budgets/budget_{budget}").headers["ETag"] == '"241"'


def test_six_times_forty_increments_in_transactions_give_240(workshop, crew, budget):
    actor = cast.actor_for(crew.merchant)

    def increment(_api, _number):
        with workshop.app_context():
            for _ in range(40):
                with transaction():
                    row = budgets.LISTING.get(actor, budget, lock=True)
                    count = int(row.details.get("count", "0")) + 1
                    budgets.update(actor, row, {"details": {"count": str(count)}})
            db.session.remove()

    crew(6, increment)
    assert crew.api.get(f"/budgets/budget_{budget}").json["data"]["metadata"] == {"count": "240"}


def test_increments_by_callers_who_send_if_match_lose_nothing(crew, budget):
    def increment(api, _number):
        done = refused = 0
        while done < 10:
            seen = api.get(f"/budgets/budget_{budget}")
            count = int(seen.json["data"]["metadata"].get("count", "0")) + 1
            reply = api.put(f"/budgets/budget_{budget}", {"metadata": {"count": str(count)}},
                            headers={"If-Match": seen.headers["ETag"]})
            assert reply.status_code in (200, 412)
            done += reply.status_code == 200
            refused += reply.status_code == 412
        return refused

    crew(4, increment)
    assert crew.api.get(f"/budgets/budget_{budget}").json["data"]["metadata"] == {"count": "40"}


def test_of_approving_and_rejecting_at_once_one_wins(workshop, crew, budget):
    replies = crew(8, lambda api, number: api.put(
        f"/budgets/budget_{budget}", {"status": "REJECTED" if number % 2 else "APPROVED"}))
    final = crew.api.get(f"/budgets/budget_{budget}").json["data"]["status"]
    assert all((reply.status_code == 200) == (("REJECTED" if number % 2 else "APPROVED") == final)
               for number, reply in enumerate(replies))
    assert rows(workshop, Budget) == 1


def test_of_many_deletions_one_finds_the_row(crew, budget):
    replies = crew(8, lambda api, _: api.delete(f"/budgets/budget_{budget}"))
    assert sorted(reply.status_code for reply in replies) == [200] + [404] * 7


def test_first_sights_of_a_key_at_once_cost_one_bcrypt(crew, monkeypatch):
    runs, real = [], bcrypt.checkpw
    monkeypatch.setattr(key_access.bcrypt, "checkpw", lambda *both: runs.append(1) or real(*both))
    verified_hashes.forget()
    assert {reply.status_code for reply in crew(16, lambda api, _: api.get("/customers"))} == {200}
    assert len(runs) == 1


def test_the_limit_is_exact_through_the_whole_pipeline(workshop, crew):
    with workshop.app_context():
        key = cast.make_key(crew.merchant, rate_limit_per_hour=50)[1]
        db.session.remove()

    def call(api, _number):
        api.key = key
        return [api.get("/customers").status_code for _ in range(10)]

    codes = [code for part in crew(10, call) for code in part]
    assert (codes.count(200), codes.count(429)) == (50, 50)


HOLD = """
import sqlite3, sys
connection = sqlite3.connect(sys.argv[1], isolation_level=None)
connection.execute("BEGIN EXCLUSIVE")
print("held", flush=True)
sys.stdin.readline()
"""
HOLD_FILE = """
import fcntl, sys
file = open(sys.argv[1] + ".lock", "w")
fcntl.flock(file, fcntl.LOCK_EX)
print("held", flush=True)
sys.stdin.readline()
"""


@pytest.fixture
def holding(workshop, on_postgresql, monkeypatch):
    """A function that lets another process hold the write lock until it is told to release it."""
    if on_postgresql:
        pytest.skip("SQLite's own locks: this run is on PostgreSQL")
    monkeypatch.setattr(database, "WRITE_WAIT", 0.3)
    with workshop.app_context():
        path = db.engine.url.database
    started = []

    def hold(program):
        other = subprocess.Popen([sys.executable, "-c", program, path], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                                 text=True)
        started.append(other)
        assert other.stdout.readline() == "held\n"
        return other

    yield hold
    for other in started:
        release(other)


def release(other):
    other.stdin.close()
    other.wait(timeout=10)
    other.stdout.close()


def test_a_writer_waits_five_seconds_at_most():
    assert database.WRITE_WAIT == 5.0


@pytest.mark.parametrize("program", [HOLD, HOLD_FILE], ids=["database", "queue"])
def test_while_another_process_holds_the_write_lock_writers_get_503_and_readers_an_answer(crew, holding, program):
    other = holding(program)
    began = time.monotonic()
    reply = crew.api.post("/customers", {"name": "Ada"})
    assert 0.25 < time.monotonic() - began < 4            # and not the five seconds of SQLite's own
    assert_error(reply, 503, "unavailable", {})
    assert reply.headers["Retry-After"] == "1"
    assert crew.api.get("/customers").json["data"] == []
    release(other)
    assert crew.api.post("/customers", {"name": "Ada"}).status_code == 201


def test_writers_who_queue_behind_a_busy_lock_all_get_an_answer_in_time(crew, holding):
    holding(HOLD)
    began = time.monotonic()
    replies = crew(8, lambda api, _: api.post("/customers", {"name": "Ada"}))
    assert {reply.status_code for reply in replies} == {503}
    assert time.monotonic() - began < 10


def test_on_postgresql_a_row_that_is_held_is_503_in_time(workshop, crew, budget, on_postgresql):
    if not on_postgresql:
        pytest.skip("row locks are PostgreSQL's")
    with workshop.app_context(), db.engine.connect() as holder:
        assert holder.execute(select(func.current_setting("lock_timeout"))).scalar_one() == "5s"
        holder.execute(select(Budget.id).where(Budget.id == budget).with_for_update())
        began = time.monotonic()
        reply = crew.api.put(f"/budgets/budget_{budget}", {"notes": "x"})
        assert_error(reply, 503, "unavailable", {})
        assert time.monotonic() - began < 20
    assert crew.api.put(f"/budgets/budget_{budget}", {"notes": "x"}).status_code == 200
