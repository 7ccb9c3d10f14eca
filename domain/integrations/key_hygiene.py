"""Finds what could be safer about API keys: unused, idle, without an expiry, open to any address, with spare scopes."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from functools import lru_cache
from typing import Any

from domain.permissions import KEY_PERMISSIONS, KEY_SCOPES

YOUNG = timedelta(days=7)               # so old a key must be before it is told that it does not use something
USED_WITHIN = timedelta(days=30)


class Concern(StrEnum):
    """What could be safer about a key, the gravest first."""

    UNUSED = "unused"
    IDLE = "idle"
    WIDE = "wide"
    ANYWHERE = "anywhere"
    ENDLESS = "endless"


@dataclass(frozen=True, slots=True)
class KeyCalls:
    """What a key's calls tell: when the last one was, and the scopes that those of thirty days needed."""

    last_at: datetime | None = None
    scopes: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Finding:
    """One concern about one key; `spare` are the scopes that it can do without."""

    concern: Concern
    spare: tuple[str, ...] = ()


def of_key(key: Any, calls: KeyCalls, now: datetime) -> tuple[Finding, ...]:
    """The concerns about a key that can be used now; none about others."""
    if key.status != "ACTIVE":
        return ()
    found, is_young = [], now - key.created_at <= YOUNG
    if calls.last_at is None:
        found += [] if is_young else [Finding(Concern.UNUSED)]
    elif now - calls.last_at > USED_WITHIN:
        found.append(Finding(Concern.IDLE))
    elif not is_young and (spare := spare_scopes(key, calls.scopes)):
        found.append(Finding(Concern.WIDE, spare))
    if not key.allowed_ips:
        found.append(Finding(Concern.ANYWHERE))
    if key.expires_at is None:
        found.append(Finding(Concern.ENDLESS))
    return tuple(found)


def spare_scopes(key: Any, used: Collection[str]) -> tuple[str, ...]:
    """The scopes of a key that its calls did not need; none where they needed none, for it keeps at least one."""
    return _spare(tuple(key.scopes), frozenset(used), bool(key.webhook_url))


@lru_cache(1024)
def _spare(scopes: tuple[str, ...], used: frozenset[str], hears: bool) -> tuple[str, ...]:
    kept = {scope for one in KEY_PERMISSIONS for scope in one.scopes(one.level(used))}     # who writes also reads
    if hears:
        kept.add("WEBHOOKS")            # events are received without a call
    if not kept & set(scopes):
        return ()
    return tuple(scope for scope in KEY_SCOPES if scope in scopes and scope not in kept)
