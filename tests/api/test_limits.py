"""The hourly limit of a key: a moving window, exact, and stricter when Redis fails."""

import socket
import subprocess
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime

import pytest
from limits.storage import RedisStorage
from limits.strategies import MovingWindowRateLimiter

from blueprints import shared_counters
from blueprints.api import rate_limits as limits_module
from blueprints.api.rate_limits import RateLimits, rate_limits
from blueprints.api.wire import window
from blueprints.api.wire.window import WindowStorage
from blueprints.redis_connections import REDIS_OPTIONS
from blueprints.shared_counters import REDIS_WAIT, RETRY, counters, limiter
from domain.errors import LimitExceeded
from tests import cast
from tests.api.conftest import Caller
from tests.api.public.test_envelope import assert_error

NAMES = ("X-RateLimit-Limit", "X-RateLimit-Remaining", "X-RateLimit-Reset", "X-RateLimit-Window")


@pytest.fixture
def clock(monkeypatch):
    """The clocks that limits read; `turn` moves both."""
    class Hands:
        wall, steady = 1_900_000_000.0, 5_000.0

        def turn(self, seconds):
            self.wall += seconds
            self.steady += seconds

        def time(self):
            return self.wall

        def monotonic(self):
            return self.steady

    hands = Hands()
    monkeypatch.setattr(window, "time", hands)
    monkeypatch.setattr(limits_module, "time", hands)
    monkeypatch.setattr(shared_counters, "time", hands)
    return hands


def facts(reply):
    return tuple(int(reply.headers[name]) for name in NAMES)


def test_every_answer_has_the_remaining_calls(caller, alder, clock):
    api = caller(alder, rate_limit_per_hour=3)
    assert facts(api.get("/customers")) == (3, 2, 1_900_003_600, 3600)
    clock.turn(10)
    assert facts(api.get("/customers/customer_9")) == (3, 1, 1_900_003_600, 3600)
    assert facts(api.post("/customers", {})) == (3, 0, 1_900_003_600, 3600)


def test_what_is_refused_before_it_is_counted_has_them_too_and_counts_nothing(caller, alder, clock):
    api = caller(alder, rate_limit_per_hour=3)
    assert facts(api.get("/customers")) == (3, 2, 1_900_003_600, 3600)
    for reply, status in ((api.get("/nothing"), 404), (api("PATCH", "/customers"), 405)):
        assert (reply.status_code, facts(reply)) == (status, (3, 2, 1_900_003_600, 3600))
    unknown = api.get("/nothing", headers={"Authorization": "Bearer nobody"})
    assert not set(NAMES) & set(unknown.headers.keys())


def test_a_refusal_says_when_to_retry(caller, alder, clock):
    api = caller(alder, rate_limit_per_hour=2)
    api.get("/customers")
    clock.turn(600)
    api.get("/customers")
    clock.turn(400.5)
    reply = api.get("/customers")
    body = assert_error(reply, 429, "rate_limit_exceeded", {
        "limit": 2, "remaining": 0, "resetAt": "2030-03-17T18:46:40Z"})
    assert body["message"] == "Rate limit exceeded. Try again in 2600 seconds"
    assert facts(reply) == (2, 0, 1_900_003_600, 3600)
    assert reply.headers["Retry-After"] == "2600"
    assert datetime.fromisoformat(body["details"]["resetAt"]).timestamp() == 1_900_003_600


def test_after_retry_after_a_call_fits_again(caller, alder, clock):
    api = caller(alder, rate_limit_per_hour=1)
    api.get("/customers")
    clock.turn(1234.7)
    wait = int(api.get("/customers").headers["Retry-After"])
    clock.turn(wait)
    assert api.get("/customers").status_code == 200


def test_the_window_moves_and_never_lets_twice_the_limit_through(caller, alder, clock):
    api = caller(alder, rate_limit_per_hour=10)
    clock.turn(3590)
    assert [api.get("/customers").status_code for _ in range(10)] == [200] * 10
    clock.turn(20)                      # a fixed hour would begin anew here
    assert api.get("/customers").status_code == 429
    clock.turn(3579)
    assert api.get("/customers").status_code == 429
    clock.turn(1.1)
    assert [api.get("/customers").status_code for _ in range(11)] == [200] * 10 + [429]


def test_refused_calls_do_not_count(caller, alder, clock):
    api = caller(alder, rate_limit_per_hour=1)
    api.get("/customers")
    for _ in range(50):
        clock.turn(70)
        assert api.get("/customers").status_code == 429
    clock.turn(101)
    assert api.get("/customers").status_code == 200


def test_a_clock_that_is_changed_blocks_nobody(caller, alder, clock):
    api = caller(alder, rate_limit_per_hour=1)
    api.get("/customers")
    clock.wall -= 2 * 86400
    assert 1 <= int(api.get("/customers").headers["Retry-After"]) <= 3600
    clock.wall += 4 * 86400
    assert api.get("/customers").status_code == 429
    clock.turn(3601)
    assert api.get("/customers").status_code == 200


def test_other_keys_of_the_same_merchant_are_unaffected(caller, alder):
    first, second = caller(alder, rate_limit_per_hour=1), caller(alder, rate_limit_per_hour=1)
    assert [first.get("/customers").status_code for _ in range(2)] == [200, 429]
    assert second.get("/customers").status_code == 200


def test_nothing_about_the_request_gives_a_fresh_hour(app, caller, alder):
    api = caller(alder, rate_limit_per_hour=1)
    api.get("/customers")
    short = Caller(app, api.key, "/api/public")
    again = [
        short.get("/customers"), api.post("/products", {}), api("HEAD", "/customers"), api.get("/budgets?x=1"),
        api.get("/customers", headers={"X-Forwarded-For": "198.51.100.9"}),
        api.get("/customers", environ_base={"REMOTE_ADDR": "198.51.100.9"}),
        api.get("/customers", headers={"Authorization": f"bearer  {api.key}"}),
    ]
    assert {reply.status_code for reply in again} == {429}


def test_unmatched_paths_and_methods_spend_nothing(caller, alder):
    api = caller(alder, rate_limit_per_hour=2)
    for _ in range(5):
        api.get("/nothing")
        api("PATCH", "/customers")
    assert api.get("/customers").headers["X-RateLimit-Remaining"] == "1"


def test_the_limit_is_exact_under_sixteen_threads():
    counter, accepted, refused, start = RateLimits(), [], [], threading.Barrier(16)

    def call(_):
        start.wait()
        for _ in range(100):
            try:
                accepted.append(counter.spend(500, "hour", "key", "1").remaining)
            except LimitExceeded:
                refused.append(1)

    with ThreadPoolExecutor(16) as threads:
        list(threads.map(call, range(16)))
    assert (len(accepted), len(refused)) == (500, 1100)
    assert min(accepted) == 0


def test_a_call_that_costs_more_fits_whole_or_not_at_all():
    counter = RateLimits()
    assert counter.spend(10, "minute", "batch", cost=7).remaining == 3
    with pytest.raises(LimitExceeded) as caught:
        counter.spend(10, "minute", "batch", cost=4)
    assert caught.value.details["remaining"] == 3
    assert counter.spend(10, "minute", "batch", cost=3).remaining == 0


def test_windows_that_nobody_uses_are_removed(clock, monkeypatch):
    storage = WindowStorage()
    for number in range(50):
        storage.acquire_entry(f"key {number}", 10, 60)
    clock.turn(121)
    monkeypatch.setattr(window, "SWEEP", 1)
    storage.acquire_entry("another", 10, 60)
    assert list(storage.windows) == ["another"]
    assert storage.get_moving_window("another", 10, 60)[1] == 1


def test_a_call_that_meets_the_sweep_is_counted_all_the_same(clock):
    storage = WindowStorage()
    held = storage._window("key", 60)
    storage._sweep()                    # another thread, between this one's look-up and its lock
    assert held.removed
    found, real = [held], storage._window
    storage._window = lambda *key: found.pop() if found else real(*key)
    assert storage.acquire_entry("key", 1, 60)
    assert not storage.acquire_entry("key", 1, 60)


def test_a_busy_window_forgets_what_left_it(clock):
    storage = WindowStorage()
    for _ in range(5000):
        clock.turn(0.1)
        storage.acquire_entry("busy", 10_000, 60)
    assert len(storage.windows["busy"]) <= 601
    assert len(storage.windows["busy"].times) < 3000


def shared_storage():
    try:
        storage = RedisStorage("redis://127.0.0.1:6379/9", **REDIS_OPTIONS)
        if storage.check():
            return storage
    except Exception:
        return None
    return None


@pytest.fixture
def redis_limits(monkeypatch):
    """The limiter on Redis, blank."""
    storage = shared_storage()
    if storage is None:
        pytest.skip("needs Redis at 127.0.0.1:6379: no answer")
    storage.reset()
    monkeypatch.setattr(limiter, "_limiter", MovingWindowRateLimiter(storage))
    yield storage
    storage.reset()
    storage.storage.connection_pool.disconnect()


def test_the_limit_is_exact_over_two_processes_that_share_redis(redis_limits, tmp_path):
    """Two interpreters, eight threads each, five times the limit."""
    program = """
import sys
from concurrent.futures import ThreadPoolExecutor
from limits.storage import RedisStorage
from limits.strategies import MovingWindowRateLimiter
from blueprints.api.rate_limits import rate_limits
from blueprints.shared_counters import limiter
from domain.errors import LimitExceeded
limiter._limiter = MovingWindowRateLimiter(RedisStorage("redis://127.0.0.1:6379/9", socket_timeout=5))
def call(_):
    try:
        rate_limits.spend(200, "hour", "key", "two processes")
        return 1
    except LimitExceeded:
        return 0
with ThreadPoolExecutor(8) as threads:
    print(sum(threads.map(call, range(500))))
"""
    both = [subprocess.Popen([sys.executable, "-c", program], stdout=subprocess.PIPE, text=True) for _ in range(2)]
    accepted = [int(one.communicate(timeout=60)[0]) for one in both]
    assert sum(accepted) == 200


def test_a_key_is_limited_through_redis(caller, alder, redis_limits):
    api = caller(alder, rate_limit_per_hour=3)
    assert [api.get("/customers").status_code for _ in range(5)] == [200, 200, 200, 429, 429]
    limited = api.get("/customers")
    assert 1 <= int(limited.headers["Retry-After"]) <= 3600
    assert abs(int(limited.headers["X-RateLimit-Reset"]) - time.time() - 3600) < 10


@pytest.fixture
def redis_gone(monkeypatch):
    """The limiter on a Redis that is not there."""
    storage = RedisStorage("redis://127.0.0.1:1/0", **REDIS_OPTIONS)
    monkeypatch.setattr(limiter, "_limiter", MovingWindowRateLimiter(storage))
    yield
    counters._away = False


def test_without_redis_the_limit_is_stricter_and_nobody_sees_an_error(caller, alder, redis_gone):
    api = caller(alder, rate_limit_per_hour=10)
    assert [api.get("/customers").status_code for _ in range(8)] == [200] * 5 + [429] * 3
    assert api.get("/customers").headers["X-RateLimit-Limit"] == "5"


def test_without_redis_a_limit_of_one_still_lets_one_through(caller, alder, redis_gone):
    api = caller(alder, rate_limit_per_hour=1)
    assert [api.get("/customers").status_code for _ in range(2)] == [200, 429]


def test_redis_is_asked_again_only_after_a_while(redis_gone, clock, monkeypatch):
    asked = []
    real = limiter.limiter.hit
    monkeypatch.setattr(limiter.limiter, "hit", lambda *args, **more: asked.append(1) or real(*args, **more))
    for _ in range(5):
        rate_limits.spend(100, "hour", "key", "patient")
    assert len(asked) == 1
    clock.turn(RETRY + 1)
    rate_limits.spend(100, "hour", "key", "patient")
    assert len(asked) == 2


def test_the_limit_of_a_key_is_between_one_and_a_million(app, alder):
    for wrong in (0, -1, 1_000_001, True, 1.5, "10"):
        with pytest.raises(Exception, match="attention"):
            cast.make_key(alder, rate_limit_per_hour=wrong)


@pytest.mark.parametrize("backlog", [True, False], ids=["hangs", "refuses"])
def test_a_redis_that_does_not_answer_costs_one_call_its_patience(caller, alder, monkeypatch, backlog):
    api = caller(alder, rate_limit_per_hour=100)
    with socket.socket() as silent:
        silent.bind(("127.0.0.1", 0))
        if backlog:
            silent.listen(16)           # connections are taken, questions are not answered
        address = f"redis://127.0.0.1:{silent.getsockname()[1]}/0"
        storage = RedisStorage(address, **REDIS_OPTIONS)
        monkeypatch.setattr(limiter, "_limiter", MovingWindowRateLimiter(storage))
        began = time.perf_counter()
        assert [api.get("/customers").status_code for _ in range(40)] == [200] * 40
        assert time.perf_counter() - began < 20 * REDIS_WAIT            # were each to wait, it would be 40 times that
        storage.storage.connection_pool.disconnect()
    rate_limits.forget()
