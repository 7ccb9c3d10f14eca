"""Confirmations say what an action ends, in figures."""

import re
from datetime import timedelta

import pytest

from blueprints.admin import key_use, traffic
from blueprints.admin.key_use import Use
from database import db, transaction
from domain import clock, inputs
from domain.access import tokens
from domain.actor import Actor
from domain.integrations import webhooks
from models.user import User
from tests import cast


def facts(page):
    """The lines of the confirmation."""
    box = re.search(r'<ul class="breaks.*?</ul>', page, re.DOTALL)
    lines = re.findall(r"<li>.*?<span>(.*?)</span></li>", box[0] if box else "", re.DOTALL)
    return [re.sub(r"<[^>]+>", "", line) for line in lines]


@pytest.fixture
def used(monkeypatch):
    """The request log as these tests want it: use by key, operations of every key."""
    known = {}
    monkeypatch.setattr(key_use, "of", lambda keys: {key: known[key] for key in keys if key in known})
    monkeypatch.setattr(traffic, "operations_of", lambda who, key, days: ["POST /v1/api/public/budgets"])
    return known


def minutes_ago(number, requests=3412, ip="203.0.113.40"):
    return Use(clock.now() - timedelta(minutes=number), ip, (0, 0, 0, 0, 0, 0, requests))


def test_revoking_a_key_says_its_calls_and_what_no_other_key_may_do(admin, alder, used):
    key, _ = cast.make_key(alder, name="ERP connector", scopes=["READ_BUDGETS", "WRITE_BUDGETS"],
                           webhook_url="https://hooks.example.com/in")
    cast.make_key(alder, name="Reporting", scopes=["READ_BUDGETS"])
    used[key] = minutes_ago(3)
    assert facts(admin.get(f"/admin/keys/{key}/revoke").text) == [
        "Calls with this key are refused immediately.",
        "3,412 calls in 7 days, the last 3 min ago from 203.0.113.40.",
        "Most of them: POST /v1/api/public/budgets.",
        "Events are no longer sent to https://hooks.example.com/in.",
        "No other active key of Alder has Budgets: write.",
    ]


def test_an_unused_key_says_so(admin, alder):
    key, _ = cast.make_key(alder)
    cast.make_key(alder)
    assert facts(admin.get(f"/admin/keys/{key}/revoke").text) == [
        "Calls with this key are refused immediately.", "It was never used."]


def test_switching_a_merchant_off_says_how_many_keys_and_calls(ops, alder, used):
    first, second = (cast.make_key(alder)[0] for _ in range(2))
    used |= {first: minutes_ago(90, 10), second: minutes_ago(5, 1, "198.51.100.7")}
    assert facts(ops.get(f"/admin/merchants/{alder}/archive").text) == [
        "2 active keys stop working.", "11 calls in 7 days, the last 5 min ago from 198.51.100.7."]


def test_a_merchant_without_keys_says_so(ops, alder):
    assert facts(ops.get(f"/admin/merchants/{alder}/archive").text) == ["It has no active key."]


def test_archiving_a_customer_says_what_stays_open(admin, alder):
    ada = cast.make_customer(alder, "Ada")
    assert facts(admin.get(f"/admin/customers/{ada}/archive").text) == []
    for _ in range(2):
        cast.make_budget(alder, ada)
    assert facts(admin.get(f"/admin/customers/{ada}/archive").text) == ["2 pending budgets stay open."]


def test_pausing_an_endpoint_says_what_waits(admin, alder):
    actor = cast.actor_for(alder)
    with transaction():
        new = inputs.parse(webhooks.EndpointInput, {"url": "https://hooks.example.com/in"})
        key = webhooks.create(actor, new)[0].id
    assert facts(admin.get(f"/admin/webhooks/{key}/archive").text) == []
    cast.make_customer(alder, "Ada")
    assert facts(admin.get(f"/admin/webhooks/{key}/archive").text) == ["1 delivery waits now and will be held."]


def test_deactivating_a_user_says_sessions_and_calls(ops, visitor, alder, used):
    key = cast.make_user("ada@alder.example", merchant_ids=[alder], api_access=True)
    visitor().sign_in("ada@alder.example")
    with transaction():
        tokens.issue(Actor.operator(), db.session.get(User, key))
    used[tokens.of_user(key).id] = minutes_ago(2, 7)
    expected = ["1 open session ends.", "7 calls in 7 days, the last 2 min ago from 203.0.113.40."]
    assert facts(ops.get(f"/admin/users/{key}/archive").text) == expected
    assert facts(ops.get(f"/admin/users/{key}/delete").text) == expected
    assert facts(ops.get(f"/admin/users/{key}/token/end").text)[1:] == expected[1:]
