"""The size of requests and responses is bounded; what is too large is refused with a message."""

import re
import tracemalloc
from contextlib import suppress
from pathlib import Path

import pytest
from sqlalchemy import insert, select

from blueprints.api import rpc
from blueprints.api.wire.row_cache import RowCache
from database import db, transaction
from database.reader import MOST_ROWS
from domain import clock
from domain.listing import Query
from domain.sales.budgets import budgets
from domain.support.tickets import LONGEST
from models.budget import Budget, BudgetItem
from models.ticket import AuthorType, TicketReply, TicketSource
from tests import cast
from tests.api.core.test_batches import batch, call
from tests.ticketed import make_ticket

pytestmark = pytest.mark.slow

LINES = 200                                     # as many as a budget may have
ROOM = rpc.MOST_BYTES // 5                      # a fifth of it shows the same in a fifth of the time
MOST_MEMORY = 30 * 1024 * 1024


@pytest.fixture
def large(alder):
    """More budgets of the largest kind than an answer holds."""
    customer = cast.make_customer(alder)
    first = cast.make_budget(alder, customer)
    with transaction() as session:
        budget = session.execute(select(Budget.__table__).where(Budget.id == first)).one()._asdict()
        line = session.execute(select(BudgetItem.__table__).where(BudgetItem.budget_id == first)).one()._asdict()
        del line["id"]
        keys = range(first + 1, first + 2 + MOST_ROWS // LINES)
        session.execute(insert(Budget.__table__), [budget | {"id": key} for key in keys])
        line["description"] = "é" * 500
        session.execute(insert(BudgetItem.__table__), [
            line | {"budget_id": key, "position": position} for key in keys for position in range(LINES)
        ])
    return keys


def test_a_list_with_too_many_lines_is_refused_in_both_protocols(core, large):
    reply = core.get("/budgets?limit=1000")
    assert reply.status_code == 413
    assert reply.json["error"]["data"]["code"] == "answer_too_large"
    assert "Ask for fewer rows at once." in reply.json["error"]["message"]
    assert core.error("budgets.search", {"limit": 1000})["data"]["code"] == "answer_too_large"
    assert len(core.get("/budgets?limit=20").json) == 20


@pytest.mark.once("measures the memory of Python")
def test_a_batch_of_large_lists_stays_within_the_memory(core, large, monkeypatch):
    monkeypatch.setattr(rpc, "MOST_BYTES", ROOM)
    core.get("/budgets?limit=1")
    tracemalloc.start()
    try:
        answers = batch(core, *(call("budgets.search", {"limit": 6}, key) for key in range(20)))
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert len(answers.data) < ROOM + 100_000
    assert peak < MOST_MEMORY
    results = answers.json
    assert "result" in results[0]
    assert results[-1]["error"]["data"]["code"] == "answer_too_large"


def test_what_a_batch_writes_is_answered_whatever_its_size(core, alder, monkeypatch):
    monkeypatch.setattr(rpc, "MOST_BYTES", 100)
    new = {"name": "Ada", "currencies_id": 978, "companies_id": alder}
    calls = call("clients.create", new, 1), call("clients.search", {}, 2), call("clients.create", new, 3)
    answers = batch(core, *calls).json
    assert ["result" in one for one in answers] == [True, False, True]


def test_remembered_rows_have_a_bound_in_bytes(monkeypatch):
    monkeypatch.setattr(RowCache, "most_bytes", 1000)

    class Kept:
        children = ()

        def __init__(self, number):
            self.row = (number,)

    cache = RowCache(lambda record: {"text": "x" * 100})
    for number in range(100):
        cache([Kept(number)])
    assert len(cache._known) <= 10


def test_exports_and_pages_hold_what_an_answer_refuses(app, alder, large):
    found = 0
    for record in budgets.LISTING.stream(cast.actor_for(alder), Query()):
        found += len(record.children["items"])
    db.session.rollback()
    assert found > MOST_ROWS


def peak_of(call):
    """How many bytes more than before the process had at most during a call, with what libraries allocate."""
    with suppress(OSError):
        Path("/proc/self/clear_refs").write_text("5")
    before = in_status("VmRSS")
    call()
    return in_status("VmHWM") - before


def in_status(name):
    return int(re.search(rf"{name}:\s+(\d+) kB", Path("/proc/self/status").read_text())[1]) * 1024


@pytest.fixture
def talkative(alder):
    """Tickets with more text in their replies than an answer holds, though each alone is small enough; one of them."""
    keys = [make_ticket(alder) for _ in range(20)]
    with transaction() as session:
        session.execute(insert(TicketReply.__table__), [
            {"ticket_id": key, "merchant_id": alder, "test": False, "author_type": AuthorType.STAFF,
             "author_name": "Support", "message": "x" * LONGEST, "internal": False, "created_at": clock.now(),
             "source": TicketSource.STAFF, "search_text": ""}
            for key in keys for _ in range(100)
        ])
    return keys[0]


@pytest.mark.skipif(not Path("/proc/self/clear_refs").exists(), reason="the peak is read from /proc")
def test_long_texts_are_refused_before_they_are_in_memory(core, talkative):
    assert core.get(f"/tickets/{talkative}").status_code == 200

    def ask():
        reply = core.get("/tickets?limit=1000")
        assert (reply.status_code, reply.json["error"]["data"]["code"]) == (413, "answer_too_large")

    assert peak_of(ask) < 100 * 1024 * 1024


def test_a_batch_reads_in_vain_twice_at_most(core, talkative):
    answers = batch(core, *(call("tickets.search", {"limit": 1000}, key) for key in range(5))).json
    assert {one["error"]["data"]["code"] for one in answers} == {"answer_too_large"}
    said = [one["error"]["data"]["message"] for one in answers]
    assert ["document together" in one for one in said] == [False, False, True, True, True]
