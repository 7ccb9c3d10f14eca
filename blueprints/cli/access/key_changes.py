"""Commands that create, rotate, pause and revoke API keys."""

import re
from collections.abc import Callable
from typing import Any

import click

from blueprints.cli._command import Result, iso, operator_command
from blueprints.cli._merchant import for_merchant
from database import transaction
from domain import clock
from domain.actor import Actor
from domain.errors import Invalid, NotFound
from domain.inputs import parse
from domain.integrations import api_keys, key_expiry, key_secrets, webhooks
from domain.people.keys import key_leaks
from domain.permissions import KEY_SCOPES
from models.credential import Credential, Mode

option = click.option


@operator_command(
    "create",
    option("--merchant", "merchant_id", type=int, required=True, metavar="ID"),
    option("--name", required=True),
    option("--scope", "scopes", multiple=True, metavar="SCOPE", help=f"{', '.join(KEY_SCOPES)}; none = all of them."),
    option("--rate-limit", "rate_limit_per_hour", type=int, default=1000, show_default=True, help="Calls per hour."),
    option("--per-minute", "rate_limit_per_minute", type=int, metavar="N", help="Calls per minute; none = no limit."),
    option("--per-day", "rate_limit_per_day", type=int, metavar="N", help="Calls in 24 hours; none = no limit."),
    option("--allow-ip", "allowed_ips", multiple=True, metavar="CIDR", help="May be given several times; none = any."),
    option("--expires", "expires_at", metavar="ISO", help="Such as 2027-01-31T12:00:00Z, or a day, to its end."),
    option("--webhook-url", "webhook_url"),
    option("--customer", "customer_id", type=int, metavar="ID", help="Made for this customer, whose calls it counts."),
    option("--test", "test", is_flag=True, help="A bk_test_ key: it reaches the rows of the test world only."),
)
def key_create(merchant_id: int, test: bool, **given: Any) -> Result:
    """Create a key; it is shown only once."""
    wanted = given | {
        "scopes": list(given["scopes"]) or None, "allowed_ips": list(given["allowed_ips"]),
        "mode": Mode.TEST if test else Mode.LIVE,
    }
    actor = for_merchant(merchant_id)
    new = api_keys.fresh(actor, parse(api_keys.KeyInput, wanted))
    with transaction():
        row, text = api_keys.create(actor, new)
        data = {
            "id": f"api_key_{row.id}", "key": text, "name": row.name, "merchant": row.merchant_id,
            "mode": row.mode.value, "scopes": row.scopes, "rate_limit": row.rate_limit_per_hour,
            "per_minute": row.rate_limit_per_minute, "per_day": row.rate_limit_per_day,
            "allowed_ips": row.allowed_ips, "expires": iso(row.expires_at), "webhook_url": row.webhook_url,
            "customer": row.customer_id, "webhook_secret": webhooks.secret_of_key(row.id),
        }
    words = f"{data['id']}: {data['name']}\n{text}\nIt is not shown again."
    if data["webhook_secret"]:
        words += f"\nIts webhooks are signed with {data['webhook_secret']}"
    return Result(data, words)


@operator_command(
    "rotate",
    click.argument("key_id", metavar="ID"),
    option("--grace", "grace_hours", type=int, default=key_secrets.USUAL, show_default=True, metavar="HOURS",
           help="How long the former secret keeps working; 0 ends it at once."),
)
def key_rotate(key_id: str, grace_hours: int) -> Result:
    """Give a key (api_key_1 or 1) another secret; it is shown only once."""
    actor, key = Actor.operator(), number(key_id)
    wanted = parse(key_secrets.RotationInput, {"grace_hours": grace_hours})
    new = key_secrets.fresh(api_keys.LISTING.get(actor, key).mode)
    with transaction():
        own, row = api_keys.LISTING.lock(actor, key)
        until = key_secrets.rotate(own, row, new, wanted)
        data = {"id": f"api_key_{row.id}", "key": new.text, "former_until": iso(until)}
    former = f"keeps working until {data['former_until']}" if until > clock.now() else "works no more"
    return Result(data, f"{data['id']}\n{new.text}\nIt is not shown again. The former secret {former}.")


@operator_command("pause", click.argument("key_id", metavar="ID"))
def key_pause(key_id: str) -> Result:
    """Pause a key (api_key_1 or 1): refused until it is resumed."""
    return _turned(key_id, api_keys.pause, "paused")


@operator_command("resume", click.argument("key_id", metavar="ID"))
def key_resume(key_id: str) -> Result:
    """Resume a paused key (api_key_1 or 1)."""
    return _turned(key_id, api_keys.resume, "resumed")


@operator_command(
    "extend",
    click.argument("key_id", metavar="ID"),
    option("--days", type=int, metavar="N", help="From its expiry; from today, if that is over or never."),
    option("--until", metavar="ISO", help="Such as 2027-01-31T12:00:00Z, or a day, to its end."),
    option("--never", is_flag=True, help="It does not expire."),
)
def key_extend(key_id: str, days: int | None, until: str | None, never: bool) -> Result:
    """Move the expiry of a key (api_key_1 or 1): by some days, to a time, or never."""
    if (days is not None) + (until is not None) + never != 1:
        raise Invalid("Say one of --days, --until and --never.")

    def move(own: Actor, row: Credential) -> Credential:
        if days is not None:
            return key_expiry.extend(own, row, parse(key_expiry.ExtensionInput, {"days": days}))
        return key_expiry.move(own, row, parse(key_expiry.ExpiryInput, {"expires_at": until}).expires_at)

    done = _turned(key_id, move, "", more=lambda row: {"expires": iso(row.expires_at)})
    end = f"expires at {done.data['expires']}" if done.data["expires"] else "never expires"
    return Result(done.data, f"{done.data['id']} {end}.")


@operator_command(
    "leaked", click.argument("key_id", metavar="ID"), option("--url", metavar="URL", help="Where it was found."))
def key_leaked(key_id: str, url: str | None) -> Result:
    """Mark a key (api_key_1 or 1) as leaked: it is paused, and its owner told."""
    found = parse(key_leaks.FoundInput, {"url": url})
    return _turned(key_id, lambda own, row: key_leaks.mark(own, row, found), "paused")


@operator_command("revoke", click.argument("key_id", metavar="ID"))
def key_revoke(key_id: str) -> Result:
    """Revoke a key (api_key_1 or 1): refused from its next call on."""
    return _turned(
        key_id, api_keys.revoke, "revoked", more=lambda row: {"revoked": iso(row.revoked_at)})


def _turned(
    key_id: str, deed: Callable[[Actor, Credential], Credential], word: str, *,
    more: Callable[[Credential], dict[str, Any]] = lambda row: {},
) -> Result:
    """Do something to a key, and say what it is now."""
    with transaction():
        row = deed(*api_keys.LISTING.lock(Actor.operator(), number(key_id)))
        data = {"id": f"api_key_{row.id}", "status": api_keys.status_of(row), **more(row)}
    return Result(data, f"{data['id']} is {word}.")


def number(text: str) -> int:
    """The number of a key named as api_key_7 or 7; raises NotFound for anything else."""
    found = re.fullmatch(r"(?:api_key_)?(\d{1,19})", text, re.ASCII)
    if not found:
        raise NotFound("API key", text)
    return int(found[1])
