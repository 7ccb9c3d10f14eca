"""Limits that several server processes count in one memory: exact, and whole after kill -9."""

import os
import random
import signal
import subprocess
import sys
import threading
import time

import pytest

from blueprints import shared_counters
from blueprints.api.rate_limits import rate_limits
from blueprints.api.wire import shared_window, window
from blueprints.api.wire.shared_window import BLOCK, CALLS, FIRST, LAST, MARKED, SLOTS, UNUSED, SharedWindows
from blueprints.api.wire.window import WindowStorage
from blueprints.shared_counters import counters, limiter, share
from domain.errors import LimitExceeded

PROGRAM = """
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from blueprints.api.rate_limits import rate_limits
from blueprints.shared_counters import share
from domain.errors import LimitExceeded
share(Path(sys.argv[2]), int(sys.argv[1]))
"""
SPENDING = """
def call(_):
    try:
        rate_limits.spend(200, "hour", "key", "two processes")
        return 1
    except LimitExceeded:
        return 0
with ThreadPoolExecutor(8) as threads:
    print(sum(threads.map(call, range(500))))
"""
FOR_EVER = """
import random
while True:
    rate_limits.spend(1_000_000, "hour", "key", str(random.randrange(3)), cost=random.choice((1, 1, 50)))
    print("x", flush=True)
"""


class Hands:
    """The clocks that limits read."""

    def __init__(self):
        self.now = 5_000.0

    def time(self):
        return 1_900_000_000.0 + self.now

    def monotonic(self):
        return self.now


@pytest.fixture
def hands(monkeypatch):
    found = Hands()
    for module in (window, shared_window):
        monkeypatch.setattr(module, "time", found)
    return found


@pytest.fixture
def memory():
    descriptor = shared_window.new_memory()
    yield descriptor
    os.close(descriptor)


@pytest.fixture
def shared(memory, tmp_path):
    return SharedWindows(memory, tmp_path / "limits.lock")


@pytest.fixture
def sharing(memory, tmp_path, monkeypatch):
    """The limiter of this process on the memory; starts others on it."""
    monkeypatch.setattr(limiter, "_limiter", limiter.limiter)
    share(tmp_path, memory)
    started = []

    def begin(program):
        started.append(subprocess.Popen(
            [sys.executable, "-c", PROGRAM + program, str(memory), str(tmp_path)], pass_fds=[memory],
            stdout=subprocess.PIPE, text=True))
        return started[-1]

    yield begin
    for one in started:
        one.kill()
        one.wait()
        one.stdout.close()


def calls_of(storage):
    """The calls of all windows, counted in their chains."""
    words, found = storage._words, []
    for slot in range(BLOCK, shared_window.START, shared_window.SLOT):
        if words[slot + FIRST]:
            blocks = list(storage._chain(words[slot + FIRST], words[slot + LAST]))
            found.append((len(blocks) - 1) * (BLOCK - 1) + words[slot + LAST] % BLOCK - words[slot + FIRST] % BLOCK + 1)
            assert words[slot + CALLS] == found[-1]
    return sum(found)


def test_it_counts_as_the_windows_of_one_process_do(shared, hands):
    """Five thousand random steps: calls, several at once, questions, resets, pauses."""
    alone, chance = WindowStorage(), random.Random(20261130)
    for _ in range(5_000):
        key, (limit, expiry) = f"key {chance.randrange(6)}", chance.choice(((3, 2), (200, 60), (1000, 3600)))
        key = f"{key} {limit}"
        hands.now += chance.choice((0.0, 0.001, 0.05, 0.3, chance.choice((0.0, 61.0))))
        amount = chance.choice((0, 1, 1, 1, 2, 50, 170))
        if chance.random() < 0.01:
            alone.clear(key)
            shared.clear(key)
        assert shared.spend(key, limit, expiry, amount) == alone.spend(key, limit, expiry, amount)
    assert calls_of(shared) <= sum(len(one) for one in alone.windows.values())


def test_two_storages_on_one_memory_count_together(memory, shared, tmp_path):
    other = SharedWindows(memory, tmp_path / "limits.lock")
    assert [one.acquire_entry("key", 3, 60) for one in (shared, other, shared, other)] == [True, True, True, False]
    other.clear("key")
    assert shared.get_moving_window("key", 3, 60)[1] == 0


def test_memory_of_calls_that_are_over_is_used_again(shared, hands):
    for _ in range(20_000):
        hands.now += 0.1
        shared.acquire_entry("busy", 10_000, 60)
    assert shared.get_moving_window("busy", 10_000, 60)[1] <= 601
    assert shared._words[UNUSED] - shared_window.START <= 20 * BLOCK


def test_windows_that_nobody_uses_any_more_make_room_for_others(shared, hands, monkeypatch):
    monkeypatch.setattr(shared_window, "SLOTS", 8)
    monkeypatch.setattr(shared_window, "PROBES", 8)
    for number in range(8):
        assert shared.acquire_entry(f"first {number}", 2, 60)
    with pytest.raises(shared_window.WindowsUnavailable):
        shared.acquire_entry("one more", 2, 60)
    hands.now += 61
    for number in range(8):
        assert shared.acquire_entry(f"second {number}", 2, 60)
    assert shared._words[UNUSED] - shared_window.START == 8 * BLOCK


def test_the_sweep_gives_back_what_nobody_asks_for_again(shared, hands):
    for number in range(100):
        shared.acquire_entry(f"address {number}", 2, 60)
    hands.now += 61
    for _ in range(SLOTS):
        shared._sweep(hands.now)
    assert calls_of(shared) == 0
    for number in range(100):
        shared.acquire_entry(f"another {number}", 2, 60)
    assert shared._words[UNUSED] - shared_window.START == 100 * BLOCK


@pytest.mark.files
def test_the_limit_is_exact_over_processes_that_share_memory(sharing):
    """Three interpreters, eight threads each, 7.5 times the limit."""
    both = [sharing(SPENDING) for _ in range(3)]
    accepted = [int(one.communicate(timeout=120)[0]) for one in both]
    assert sum(accepted) == 200
    with pytest.raises(LimitExceeded):
        rate_limits.spend(200, "hour", "key", "two processes")


@pytest.mark.files
def test_windows_are_whole_after_processes_were_killed(sharing):
    """Twenty kills at random moments: what was answered is counted, and what is counted fits into its chain."""
    chance = random.Random(7)
    answered = 0
    for _ in range(10):
        both = [sharing(FOR_EVER) for _ in range(2)]
        for one in both:
            assert one.stdout.readline() == "x\n"
        threading.Event().wait(chance.random() * 0.05)
        for one in both:
            one.send_signal(signal.SIGKILL)
            answered += 1 + one.communicate()[0].count("x")
        rate_limits.spend(1_000_000, "hour", "key", "another")
    storage = limiter.limiter.storage
    assert storage._words[MARKED] == 0
    assert calls_of(storage) >= answered


@pytest.mark.parametrize("stores", range(1, 400, 7))
def test_a_process_may_be_killed_after_any_store(shared, hands, stores):
    """The words are replaced by ones that fail after so many stores, as if the process ended there."""
    class Ends(Exception):
        pass

    class Words:
        def __init__(self, real):
            self.real, self.left = real, stores

        def __getitem__(self, place):
            return self.real[place]

        def __setitem__(self, place, value):
            if self.left == 0:
                raise Ends
            self.left -= 1
            self.real[place] = value

        def __len__(self):
            return len(self.real)

    chance = random.Random(stores)
    real = shared._words
    shared._words = Words(real)
    certain, begun = [], []

    def spend_for_ever():
        while True:
            hands.now += chance.choice((0.01, 0.5, 5.0))
            begun[:] = [hands.now] * chance.choice((1, 30, 70))
            shared.spend("key", 1000, 10, len(begun))
            certain.extend(begun)

    with pytest.raises(Ends):
        spend_for_ever()
    shared._words = real
    counted = shared.get_moving_window("key", 1000, 10)[1]
    valid = [at for at in certain if at > hands.now - 10]
    assert real[MARKED] == 0
    assert len(valid) <= counted <= len(valid) + len(begun)
    assert calls_of(shared) == counted


def test_a_call_without_room_is_counted_by_its_process_with_half_the_limit(sharing, monkeypatch, caplog):
    monkeypatch.setattr(shared_window, "PROBES", 0)
    counters._next_try = 0.0
    assert [rate_limits.spend(10, "hour", "key", "no room").limit for _ in range(5)] == [5] * 5
    with pytest.raises(LimitExceeded):
        rate_limits.spend(10, "hour", "key", "no room")
    assert [record.message for record in caplog.records] == ["limits are stricter for some calls: too many windows"]
    counters.forget()


@pytest.mark.files
def test_a_process_that_keeps_the_lock_stops_nobody(sharing, memory, tmp_path, monkeypatch):
    monkeypatch.setattr(shared_window, "PATIENCE", 0.05)
    holder = SharedWindows(memory, tmp_path / shared_counters.LOCK)
    holder._begin()
    began = time.monotonic()
    assert rate_limits.spend(10, "hour", "key", "stopped").limit == 5
    assert time.monotonic() - began < 5
    counters.forget()


def test_a_child_takes_a_lock_of_its_own(shared):
    shared.acquire_entry("key", 10, 60)
    first = shared._opened
    pid = os.fork()
    if not pid:
        shared.acquire_entry("key", 10, 60)
        os._exit(0 if shared._opened[0] == os.getpid() else 1)
    assert os.waitpid(pid, 0)[1] == 0
    assert shared._opened == first
    assert shared.get_moving_window("key", 10, 60)[1] == 2
