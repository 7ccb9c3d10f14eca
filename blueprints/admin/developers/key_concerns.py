"""Finds the concerns about API keys, with what the roll-ups know of their calls. For the check-up and a key's page."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from typing import Any

from blueprints.admin import key_use
from blueprints.api.public import CONTRACT
from blueprints.pages.session import actor, me
from domain import clock, zones
from domain.integrations import api_keys, key_hygiene
from domain.integrations.key_hygiene import Concern, KeyCalls
from domain.pages import Page, Query
from models.credential import Mode

MOST_KEYS = 500                         # that are looked at
USUAL_DAYS = 90                         # the life that is suggested
TITLES = {
    Concern.UNUSED: "Never used", Concern.IDLE: "Idle for 30 days", Concern.WIDE: "Unused scopes",
    Concern.ANYWHERE: "Any address", Concern.ENDLESS: "Never expires",
}


@dataclass(frozen=True, slots=True)
class Row:
    """A concern about a key, with what its sentence needs."""

    key: Any
    concern: Concern
    spare: tuple[str, ...]
    last_at: datetime | None
    last_ip: str | None

    @property
    def kept(self) -> list[str]:
        """The scopes that the key keeps without the spare ones."""
        return [scope for scope in self.key.scopes if scope not in self.spare]


@cache
def _scopes() -> dict[str, str]:
    """The scope of each operation that keys can call."""
    return {one.name: one.scope for one in CONTRACT.operations if one.scope is not None}


def of(records: Sequence[Any]) -> list[Row]:
    """The concerns about these keys, the gravest first, with three questions in all."""
    keys = [one.id for one in records]
    last, called, known = key_use.last_calls(keys), key_use.operations(keys), _scopes()
    now, rows = clock.now(), []
    for one in records:
        at, ip = last.get(one.id, (None, None))
        used = frozenset(known[name] for name in called[one.id] if name in known)
        rows += [Row(one, found.concern, found.spare, at, ip or None)
                 for found in key_hygiene.of_key(one, KeyCalls(at, used), now)]
    order = list(Concern)
    return sorted(rows, key=lambda row: order.index(row.concern))


def looked_at() -> Page:
    """The active keys of the switcher's merchants and the page's world, by name."""
    mode = Mode.TEST if me().session.test_mode else Mode.LIVE
    query = Query(filters={"status": "ACTIVE", "mode": mode}, sort="name", descending=False, limit=MOST_KEYS)
    return api_keys.LISTING.page(actor(), query)


def offers() -> dict[str, Any]:
    """What templates need to offer the click that mends a concern."""
    return {"concern_titles": TITLES, "usual_days": USUAL_DAYS, "suggested": _suggested}


def _suggested(key: Any) -> str:
    """The last day that is suggested for a key without an expiry, in the zone of its merchant."""
    end = zones.end_in_days(clock.now(), USUAL_DAYS, key.merchant_id)
    return f"{end.astimezone(zones.of_merchant(key.merchant_id)):%-d %b %Y}"
