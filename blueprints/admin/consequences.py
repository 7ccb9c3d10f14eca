"""Describes what an action would stop, with figures from the request log, for its confirmation."""

from collections.abc import Iterable, Sequence
from typing import Any

from markupsafe import Markup

from blueprints.admin import key_use, traffic
from blueprints.admin.key_use import Use
from blueprints.pages.format import ago
from domain.actor import Actor
from domain.integrations import api_keys
from domain.pages import Query
from domain.permissions import scope_title
from models.credential import Mode

MOST_KEYS = 500                     # keys of a merchant that are compared


def calls(use: Use | None, never: str) -> Markup | str:
    """The calls of seven days, and when and from where the last one came."""
    if use is None:
        return never
    number = f"{use.requests:,} {'call' if use.requests == 1 else 'calls'} in 7 days"
    sentence = Markup("{}, the last {}").format(number, ago(use.last_at))
    return Markup("{} from {}.").format(sentence, use.last_ip) if use.last_ip else Markup("{}.").format(sentence)


def of_key(record: Any, who: Actor) -> tuple[Markup | str, ...]:
    """What would stop with a key: its calls, its events, and what no other key may do."""
    traffic.freshen()
    found: list[Markup | str] = [calls(key_use.of([record.id]).get(record.id), "It was never used.")]
    if operations := traffic.operations_of(who, record.id, key_use.DAYS):
        found.append("Most of them: " + ", ".join(operations) + ".")
    if record.webhook_url:
        found.append(f"Events are no longer sent to {record.webhook_url}.")
    if alone := _only_with(record, who):
        found.append(f"No other active key of {record.merchant_name} has {', '.join(map(scope_title, alone))}.")
    return tuple(found)


def _only_with(record: Any, who: Actor) -> list[str]:
    """The scopes that no other active key of the merchant and mode has."""
    query = Query(
        filters={"status": "ACTIVE", "mode": Mode(record.mode), "merchant_id": [record.merchant_id]}, limit=MOST_KEYS)
    others = [one for one in api_keys.LISTING.page(who, query).records if one.id != record.id]
    held = {name for one in others for name in one.scopes}
    return [name for name in record.scopes if name not in held]


def of_tokens(keys: Sequence[int]) -> tuple[Markup | str, ...]:
    """The calls with a user's tokens."""
    traffic.freshen()
    used = key_use.of(keys)
    if not keys:
        return ()
    return (calls(_together(used.values()), "No program has called with the API token."),)


def _together(uses: Iterable[Use]) -> Use | None:
    """The use of several keys as one; None if all are unused."""
    found = sorted(uses, key=lambda use: use.last_at)
    if not found:
        return None
    points = tuple(map(sum, zip(*(use.points for use in found), strict=True)))
    return Use(found[-1].last_at, found[-1].last_ip, points)


def of_merchant(record: Any, who: Actor) -> tuple[Markup | str, ...]:
    """The keys of a merchant and their calls."""
    keys = api_keys.LISTING.page(who, Query(
        filters={"status": "ACTIVE", "merchant_id": [record.id]}, limit=MOST_KEYS))
    traffic.freshen()
    use = _together(key_use.of([one.id for one in keys.records]).values())
    number = f"{keys.total:,} active {'key stops' if keys.total == 1 else 'keys stop'} working."
    return (number, calls(use, "None of them was ever used.")) if keys.total else ("It has no active key.",)
