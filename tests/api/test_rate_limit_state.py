"""GET /rate-limit: a key's own state, which costs nothing."""

from datetime import UTC, datetime

from blueprints.api.public.rate_limit import LOOKS_PER_MINUTE
from tests import cast
from tests.api.conftest import Caller
from tests.api.counting import counting  # noqa: F401 (a fixture)
from tests.api.public.test_envelope import assert_error
from tests.api.test_limits import clock, facts, redis_gone, redis_limits  # noqa: F401 (fixtures)


def state(api):
    return api.get("/rate-limit").json["data"]


def test_looking_spends_nothing(counting, caller, alder):  # noqa: F811
    api = caller(alder, rate_limit_per_hour=3)
    assert [state(api)["remaining"] for _ in range(5)] == [3] * 5
    api.get("/customers")
    left = state(api)
    assert (left["limit"], left["remaining"], left["window"]) == (3, 2, 3600)
    assert api.get("/customers").headers["X-RateLimit-Remaining"] == "1"


def test_a_key_that_has_spent_all_still_sees_when_it_may_call_again(counting, caller, alder):  # noqa: F811
    api = caller(alder, rate_limit_per_hour=1)
    api.get("/customers")
    refused = assert_error(api.get("/customers"), 429, "rate_limit_exceeded")
    left = state(api)
    assert left["remaining"] == 0
    apart = datetime.fromisoformat(left["resetAt"]) - datetime.fromisoformat(refused["details"]["resetAt"])
    assert abs(apart.total_seconds()) <= 1


def test_the_body_says_what_the_headers_say(caller, alder, clock):  # noqa: F811
    api = caller(alder, rate_limit_per_hour=3)
    api.get("/customers")
    clock.turn(100)
    reply = api.get("/rate-limit")
    assert facts(reply) == (3, 2, 1_900_003_600, 3600)
    reset = datetime.fromtimestamp(1_900_003_600, UTC).isoformat().replace("+00:00", "Z")
    hour = {"limit": 3, "remaining": 2, "resetAt": reset, "window": 3600}
    assert reply.json["data"] == {**hour, "windows": [hour]}
    assert set(reply.json["meta"]) == {"requestId", "timestamp"}


def test_no_scope_is_needed_but_a_key_that_may_call(app, caller, alder):
    _, text = cast.make_key(alder, scopes=["WEBHOOKS"], allowed_ips=["203.0.113.7"])
    assert_error(Caller(app, text).get("/rate-limit"), 403, "ip_not_allowed")
    assert caller(alder, scopes=["WEBHOOKS"]).get("/rate-limit").status_code == 200
    assert_error(Caller(app, "bk_live_nobody").get("/rate-limit"), 401, "invalid_api_key")
    assert_error(caller(alder).get("/rate-limit?verbose=1"), 400, "invalid_parameter")


def test_each_key_sees_its_own_state(caller, alder):
    first, second = caller(alder, rate_limit_per_hour=5), caller(alder, rate_limit_per_hour=7)
    first.get("/customers")
    assert [state(one)["remaining"] for one in (first, second)] == [4, 7]


def test_looking_has_an_end_too(caller, alder, clock):  # noqa: F811
    api = caller(alder, rate_limit_per_hour=5)
    assert {api.get("/rate-limit").status_code for _ in range(LOOKS_PER_MINUTE)} == {200}
    refused = api.get("/rate-limit")
    assert_error(refused, 429, "rate_limit_exceeded")
    assert refused.headers["X-RateLimit-Window"] == "60"
    assert api.get("/customers").headers["X-RateLimit-Remaining"] == "4"


def test_without_redis_the_state_is_the_stricter_one(caller, alder, redis_gone):  # noqa: F811
    api = caller(alder, rate_limit_per_hour=10)
    api.get("/customers")
    assert (state(api)["limit"], state(api)["remaining"]) == (5, 4)
