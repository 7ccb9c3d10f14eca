"""Keys with several limits at once: a call counts in all windows or in none, and each is exact and told of."""

import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime

import pytest

from blueprints.api.rate_limits import RateLimits
from database import transaction
from domain.actor import Actor
from domain.errors import LimitExceeded
from domain.integrations import api_keys
from tests import cast
from tests.api.conftest import Caller
from tests.api.counting import counting  # noqa: F401 (a fixture)
from tests.api.public.test_envelope import assert_error
from tests.api.test_limits import clock, facts, redis_gone, redis_limits  # noqa: F401 (fixtures)

SEVERAL = {"rate_limit_per_minute": 2, "rate_limit_per_hour": 3, "rate_limit_per_day": 5}


def left(api):
    """What is left of each window, by its seconds."""
    return {one["window"]: one["remaining"] for one in api.get("/rate-limit").json["data"]["windows"]}


def test_a_call_counts_in_every_window_and_a_refused_one_in_none(counting, caller, alder):  # noqa: F811
    api = caller(alder, **SEVERAL)
    assert left(api) == {60: 2, 3600: 3, 86_400: 5}
    assert [api.get("/customers").status_code for _ in range(5)] == [200, 200, 429, 429, 429]
    assert left(api) == {60: 0, 3600: 1, 86_400: 3}


def test_a_refusal_is_of_the_window_that_has_room_the_latest(caller, alder, clock):  # noqa: F811
    api = caller(alder, **SEVERAL)
    api.get("/customers")
    api.get("/customers")
    clock.turn(10)
    minute = api.get("/customers")
    body = assert_error(minute, 429, "rate_limit_exceeded")
    assert facts(minute) == (2, 0, 1_900_000_060, 60)
    assert minute.headers["Retry-After"] == "50"
    assert [(one["window"], one["limit"], one["remaining"]) for one in body["details"]["windows"]] == [
        (60, 2, 0), (3600, 3, 1), (86_400, 5, 3)]
    clock.turn(51)
    assert api.get("/customers").status_code == 200
    hour = api.get("/customers")
    assert facts(hour) == (3, 0, 1_900_003_600, 3600)
    assert hour.headers["Retry-After"] == "3539"
    clock.turn(3540)
    assert [api.get("/customers").status_code for _ in range(2)] == [200, 200]
    day = api.get("/customers")
    assert day.headers["X-RateLimit-Window"] == "86400"
    resets = [datetime.fromisoformat(one["resetAt"]).timestamp() for one in day.json["details"]["windows"]]
    assert max(resets) == int(day.headers["X-RateLimit-Reset"]) == 1_900_086_400


def test_who_is_refused_by_the_hour_does_not_spend_the_minute(caller, alder, clock):  # noqa: F811
    api = caller(alder, rate_limit_per_minute=5, rate_limit_per_hour=1)
    api.get("/customers")
    for _ in range(20):
        clock.turn(3)
        assert api.get("/customers").status_code == 429
    clock.turn(3541)
    assert left(api) == {60: 5, 3600: 1}


def test_headers_tell_of_each_window_where_there_are_several(caller, alder, clock):  # noqa: F811
    api = caller(alder, rate_limit_per_minute=60, rate_limit_per_hour=1000)
    reply = api.get("/customers")
    assert facts(reply) == (1000, 999, 1_900_003_600, 3600)
    assert reply.headers["RateLimit-Policy"] == '"minute";q=60;w=60, "hour";q=1000;w=3600'
    assert reply.headers["RateLimit"] == '"minute";r=59;t=60, "hour";r=999;t=3600'
    one = caller(alder, rate_limit_per_hour=3)
    assert "RateLimit" not in one.get("/customers").headers
    assert left(one) == {3600: 2}
    for _ in range(2):
        one.get("/customers")
    assert "windows" not in one.get("/customers").json["details"]


def test_a_limit_that_is_given_to_a_key_or_taken_off_applies_from_its_next_call_on(app, change_key, alder):
    key_id, text = cast.make_key(alder, rate_limit_per_hour=10)
    api = Caller(app, text)
    api.get("/customers")
    change_key(key_id, {"rate_limit_per_minute": 1})
    assert [api.get("/customers").status_code for _ in range(2)] == [200, 429]
    change_key(key_id, {"rate_limit_per_minute": None})
    assert api.get("/customers").headers["X-RateLimit-Remaining"] == "7"


@pytest.fixture
def change_key():
    """Change a key."""
    def change(key_id, changes):
        with transaction():
            api_keys.update(*api_keys.LISTING.lock(Actor.operator(), key_id), changes)

    return change


def test_each_window_is_exact_under_sixteen_threads():
    counter, start = RateLimits(), threading.Barrier(16)

    def call(_):
        start.wait()
        taken = 0
        for _ in range(50):
            try:
                counter.spend_several([(400, "minute"), (300, "hour")], "key", "threads")
            except LimitExceeded:
                continue
            taken += 1
        return taken

    with ThreadPoolExecutor(16) as threads:
        assert sum(threads.map(call, range(16))) == 300


def test_without_redis_every_limit_is_stricter(caller, alder, redis_gone):  # noqa: F811
    api = caller(alder, rate_limit_per_minute=4, rate_limit_per_hour=10)
    assert [api.get("/customers").status_code for _ in range(3)] == [200, 200, 429]


@pytest.mark.parametrize("name", ["rate_limit_per_minute", "rate_limit_per_day"])
@pytest.mark.parametrize("wrong", [0, -1, 1_000_001, True, 1.5, "10"])
def test_a_limit_is_between_one_and_a_million(app, alder, name, wrong):
    with pytest.raises(Exception, match="attention"):
        cast.make_key(alder, **{name: wrong})
