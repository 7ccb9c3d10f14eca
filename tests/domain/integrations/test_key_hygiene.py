"""What could be safer about a key: what is told of it, when, and which scopes it can do without."""

from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta

import pytest

from domain.integrations import key_hygiene
from domain.integrations.key_hygiene import Concern, KeyCalls
from domain.permissions import KEY_SCOPES

NOW = datetime(2026, 11, 30, 12, tzinfo=UTC)


@dataclass
class Key:
    """What the rules read of a key; there is nothing to say about this one."""

    status: str = "ACTIVE"
    created_at: datetime = NOW - timedelta(days=60)
    allowed_ips: tuple[str, ...] = ("203.0.113.7",)
    expires_at: datetime | None = NOW + timedelta(days=60)
    webhook_url: str | None = None
    scopes: list[str] = field(default_factory=lambda: ["READ_CUSTOMERS"])


CALLS = KeyCalls(NOW - timedelta(days=1), frozenset({"READ_CUSTOMERS"}))


def concerns(key, calls=CALLS):
    return [one.concern for one in key_hygiene.of_key(key, calls, NOW)]


def test_there_is_nothing_to_say_about_a_key_that_is_used_bounded_and_narrow():
    assert concerns(Key()) == []


@pytest.mark.parametrize(("changed", "calls", "found"), [
    ({}, KeyCalls(), [Concern.UNUSED]),
    ({"created_at": NOW - timedelta(days=7)}, KeyCalls(), []),
    ({"created_at": NOW - timedelta(days=7, seconds=1)}, KeyCalls(), [Concern.UNUSED]),
    ({}, KeyCalls(NOW - timedelta(days=30)), []),
    ({}, KeyCalls(NOW - timedelta(days=30, seconds=1)), [Concern.IDLE]),
    ({"allowed_ips": ()}, CALLS, [Concern.ANYWHERE]),
    ({"expires_at": None}, CALLS, [Concern.ENDLESS]),
    ({"scopes": ["READ_CUSTOMERS", "READ_PRODUCTS"]}, CALLS, [Concern.WIDE]),
    ({"scopes": list(KEY_SCOPES), "created_at": NOW - timedelta(days=3)}, CALLS, []),
])
def test_each_concern_has_its_time(changed, calls, found):
    assert concerns(replace(Key(), **changed), calls) == found


@pytest.mark.parametrize("status", ["PAUSED", "EXPIRED", "REVOKED"])
def test_keys_that_open_nothing_now_are_left_alone(status):
    assert concerns(Key(status=status, allowed_ips=(), expires_at=None), KeyCalls()) == []


@pytest.mark.parametrize(("used", "webhook", "spare"), [
    ({"READ_CUSTOMERS"}, None, set(KEY_SCOPES) - {"READ_CUSTOMERS"}),
    ({"WRITE_CUSTOMERS"}, None, set(KEY_SCOPES) - {"READ_CUSTOMERS", "WRITE_CUSTOMERS"}),
    ({"READ_CUSTOMERS"}, "https://hooks.example.com/", set(KEY_SCOPES) - {"READ_CUSTOMERS", "WEBHOOKS"}),
    ({"WEBHOOKS"}, None, set(KEY_SCOPES) - {"WEBHOOKS"}),
    (set(KEY_SCOPES), None, set()),
    (set(), None, set()),
])
def test_a_key_keeps_what_it_used_and_reads_what_it_writes(used, webhook, spare):
    assert set(key_hygiene.spare_scopes(Key(scopes=list(KEY_SCOPES), webhook_url=webhook), used)) == spare


def test_only_what_a_key_has_is_spare():
    assert key_hygiene.spare_scopes(Key(scopes=["READ_CUSTOMERS", "WEBHOOKS"]), {"READ_CUSTOMERS"}) == ("WEBHOOKS",)
