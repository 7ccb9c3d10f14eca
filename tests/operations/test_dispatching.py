"""Which requests are refused when more arrive than can be answered, and in which order the others are answered."""

import threading
from types import SimpleNamespace
from typing import Any

import pytest

from server import dispatching
from server.dispatching import CALM, FEW, HANGING, LONGEST_WAIT, MOST_WAITING, STANDING, BoundedDispatcher, Strain

TOO_LONG = LONGEST_WAIT * 2


def strained(now: float = 100.0) -> Strain:
    """A queue that has stood for a while, as seen at `now`."""
    strain = Strain()
    strain.see(TOO_LONG, now - STANDING - 0.1)
    strain.see(TOO_LONG, now)
    return strain


def test_a_burst_waits_for_its_turn():
    strain = Strain()
    for step in range(9):
        strain.see(TOO_LONG, 100.0 + step * STANDING / 10)
    assert not strain.refuses(TOO_LONG, FEW)


def test_a_queue_that_stands_is_refused_until_it_is_short():
    strain = strained()
    assert strain.refuses(TOO_LONG, FEW)
    assert not strain.refuses(LONGEST_WAIT / 2, FEW)
    assert strain.refused == 1


def test_callers_who_each_wait_for_an_answer_are_slow_but_not_refused():
    """As many as they are, so many requests there are at most."""
    assert not strained().refuses(TOO_LONG, FEW - 1)


def test_a_few_requests_that_nobody_answers_are_enough():
    assert strained().refuses(HANGING + 0.1, 1)


def test_a_pause_between_long_waits_makes_them_bursts():
    strain = Strain()
    strain.see(TOO_LONG, 100.0)
    strain.see(0.0, 100.0 + STANDING / 2)
    strain.see(TOO_LONG, 100.0 + STANDING * 1.2)
    assert not strain.refuses(TOO_LONG, FEW)


def test_it_is_calm_again_only_after_a_while(caplog):
    strain = strained(100.0)
    strain.refuses(TOO_LONG, FEW)
    strain.see(0.0, 100.0 + CALM / 2)
    assert strain.is_refusing
    strain.see(0.0, 100.1 + CALM)
    assert not strain.is_refusing
    assert [record.message for record in caplog.records] == [
        "more requests arrive than can be answered: some are refused with 503",
        "requests are answered again without delay; 1 were refused",
    ]


def test_no_more_than_so_many_wait():
    assert Strain().refuses(0.0, MOST_WAITING)
    assert not Strain().refuses(0.0, MOST_WAITING - 1)


class Request:
    """A request that notes that it runs, and waits."""

    def __init__(self, name: str, ran: list[str], go_on: threading.Event):
        self.name, self.ran, self.go_on = name, ran, go_on
        self.cancelled = False

    def service(self) -> None:
        self.ran.append(self.name)
        assert self.go_on.wait(30)

    def cancel(self) -> None:
        self.cancelled = True


@pytest.fixture
def stage():
    """A dispatcher of four threads, and the requests that it runs."""
    dispatcher = BoundedDispatcher()
    ran: list[str] = []
    go_on = threading.Event()
    made: dict[str, Request] = {}

    def offer(name: str, method: str = "GET", **how: Any) -> bool:
        made[name] = Request(name, ran, go_on)
        return dispatcher.offer(made[name], method, **how)

    def refuse(name: str) -> None:
        made[name] = Request(name, ran, go_on)
        dispatcher.refuse(made[name])

    yield SimpleNamespace(dispatcher=dispatcher, ran=ran, go_on=go_on, offer=offer, refuse=refuse, made=made)
    go_on.set()
    dispatcher.shutdown()


def eventually(holds: Any) -> None:
    pause = threading.Event()
    for _ in range(3000):
        if holds():
            return
        pause.wait(0.01)
    raise AssertionError("it did not happen in time")


def test_three_of_four_threads_may_write_and_the_fourth_reads(stage):
    stage.dispatcher.start(4)
    for number in range(5):
        stage.offer(f"write {number}", "POST")
    eventually(lambda: len(stage.ran) == 3)
    stage.offer("read", "GET")
    eventually(lambda: "read" in stage.ran)
    assert stage.ran == ["write 0", "write 1", "write 2", "read"]
    stage.go_on.set()
    eventually(lambda: len(stage.ran) == 6)


def test_one_thread_answers_everything(stage):
    stage.go_on.set()
    stage.dispatcher.start(1)
    for number in range(6):
        stage.offer(str(number), "POST" if number % 2 else "GET")
    eventually(lambda: stage.ran == ["0", "1", "2", "3", "4", "5"])


def test_a_refusal_is_told_while_every_thread_waits(stage):
    stage.dispatcher.start(2)
    for number in range(4):
        stage.offer(str(number))
    eventually(lambda: len(stage.ran) == 2)
    stage.refuse("refusal")
    eventually(lambda: "refusal" in stage.ran)
    assert sorted(stage.ran) == ["0", "1", "refusal"]


def test_refusals_go_first_and_keep_no_request_waiting(stage):
    stage.go_on.set()
    for number in range(20):
        stage.refuse(f"refusal {number}")
    stage.offer("list")
    turns = [stage.dispatcher._next(thread_no=1)[0].name for _ in range(5)]
    assert turns == ["refusal 0", "refusal 1", "refusal 2", "list", "refusal 3"]


def test_what_monitors_ask_is_never_refused(stage, monkeypatch):
    monkeypatch.setattr(dispatching, "MOST_WAITING", 0)
    assert not stage.offer("list")
    assert stage.offer("readiness", always=True)


def test_a_stop_cancels_what_waits(stage):
    for name, method in (("read", "GET"), ("write", "POST")):
        stage.offer(name, method)
    stage.refuse("refusal")
    stage.dispatcher.shutdown()
    assert [one.cancelled for one in stage.made.values()] == [True] * 3
