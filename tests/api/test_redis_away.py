"""Any failure of Redis: limits get stricter, responses come in time, and no caller sees an error."""

import logging

import pytest
from limits.storage import RedisStorage
from limits.strategies import MovingWindowRateLimiter

from blueprints.api.rate_limits import rate_limits
from blueprints.auth.attempts import attempts
from blueprints.redis_connections import REDIS_OPTIONS, TLS, UNIX, options
from blueprints.shared_counters import counters, limiter
from domain.errors import LimitExceeded
from tests import cast
from tests.admin.conftest import Visitor
from tests.api.fake_redis import KINDS, hung, serving, took

LIMIT = 0.4                 # seconds that Redis may cost a request
OWN = 2.0                   # seconds that a request may take by itself, on a busy machine
JWT = "/iam/auth/jwt/authenticate"


@pytest.fixture(params=KINDS, ids=lambda kind: kind.__name__)
def away(request, monkeypatch):
    with serving(request.param) as address:
        yield from counting_at(address, monkeypatch)


def counting_at(address, monkeypatch):
    storage = RedisStorage(address, **REDIS_OPTIONS)
    with monkeypatch.context() as patch:
        patch.setattr(limiter, "_limiter", MovingWindowRateLimiter(storage))
        yield
    storage.storage.connection_pool.disconnect()
    counters.forget()


def a_user():
    return cast.make_user("ada@example.org", merchant_ids=[cast.make_merchant()])


def test_all_redis_commands_of_a_request_together_wait_no_longer_than_the_limit(app, away):
    def work():
        rate_limits.spend(100, "hour", "key", "one")
        attempts.begin("ada@example.org", "127.0.0.1")
        attempts.failed("127.0.0.1")
        attempts.succeeded("ada@example.org")

    with app.test_request_context():
        assert took(work) < LIMIT
    with app.test_request_context():
        assert took(work) < 0.05


def test_people_sign_in_without_redis(app, away):
    a_user()
    visitor, replies = Visitor(app), []
    visitor.get("/login")
    form = {"email": "ada@example.org"}
    assert took(lambda: replies.append(visitor.post("/login", form | {"password": "wrong"}))) < LIMIT + OWN
    assert took(lambda: replies.append(visitor.post("/login", form | {"password": cast.PASSWORD}))) < LIMIT + OWN
    assert [one.status_code for one in replies] == [401, 303]


def test_wrong_passwords_have_half_as_many_tries_without_redis(app, away):
    visitor = Visitor(app)
    form = {"email": "nobody@example.org", "password": "wrong"}
    replies = [visitor.post("/login", form) for _ in range(7)]
    assert [one.status_code for one in replies] == [401] * 5 + [429] * 2
    assert 1 <= int(replies[-1].headers["Retry-After"]) <= 15 * 60


def test_tokens_are_issued_without_redis(app, away):
    a_user()
    client = app.test_client()

    def ask(password):
        return client.post(JWT, json={"login": "ada@example.org", "password": password}).status_code

    codes = []
    assert took(lambda: codes.append(ask(cast.PASSWORD))) < LIMIT + OWN
    codes += [ask("wrong") for _ in range(6)]
    assert codes[0] == 200
    assert 500 not in codes
    assert codes[-1] == 429


def test_calls_have_half_the_limit_without_redis(app, away):
    _, key = cast.make_key(cast.make_merchant(), rate_limit_per_hour=6)
    client, headers = app.test_client(), {"Authorization": f"Bearer {key}"}
    codes = [client.get("/v1/api/public/customers", headers=headers).status_code for _ in range(5)]
    assert codes == [200] * 3 + [429] * 2


def test_a_fault_of_redis_is_one_line_in_the_log(app, away, caplog):
    with caplog.at_level(logging.WARNING, "countinghouse.limits"):
        for _ in range(20):
            rate_limits.spend(1000, "hour", "key", "logged")
    assert len(caplog.messages) == 1
    assert caplog.messages[0].startswith("Redis does not answer")


def test_redis_is_used_again_when_it_answers_again(app, monkeypatch, caplog):
    strategy = limiter.limiter
    with serving(hung) as address:
        for _ in counting_at(address, monkeypatch):
            rate_limits.spend(100, "hour", "key", "back")
            monkeypatch.setattr(limiter.limiter, "hit", lambda *given, **more: True)
            monkeypatch.setattr(limiter.limiter, "get_window_stats", strategy.get_window_stats)
            assert rate_limits.spend(100, "hour", "key", "back").limit == 50
            monkeypatch.setattr(counters, "_next_try", 0.0)
            assert rate_limits.spend(100, "hour", "key", "back").limit == 100
            assert caplog.messages[-1] == "Redis answers again"


def test_what_a_limit_refuses_is_refused_by_redis_not_by_a_fault(app, away):
    rate_limits.spend(2, "hour", "key", "refused")
    for _ in range(2):
        with pytest.raises(LimitExceeded):
            rate_limits.spend(2, "hour", "key", "refused")


def test_every_scheme_of_an_address_has_its_connection():
    assert options("redis://127.0.0.1")["connection_class"] is REDIS_OPTIONS["connection_class"]
    assert options("rediss://127.0.0.1")["connection_class"] is TLS
    assert options("unix:///run/redis.sock")["connection_class"] is UNIX
