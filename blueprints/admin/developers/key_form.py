"""Parses the form of a key: a matrix of scopes, an expiry by preset, a list of addresses."""

from datetime import timedelta
from typing import Any

from werkzeug.datastructures import MultiDict

from blueprints.admin import line_forms
from domain import clock, zones
from domain.actor import Actor
from domain.permissions import KEY_PERMISSIONS

PLAIN = ("name", "description", "rate_limit_per_hour", "rate_limit_per_minute", "rate_limit_per_day", "allowed_ips",
         "webhook_url", "mode", "customer_id")


def typed(form: MultiDict[str, str], who: Actor) -> dict[str, Any]:
    """The form as values for KeyInput; days are in the zone of the actor's merchant."""
    given: dict[str, Any] = {
        name: form[name] for name in PLAIN if name in form
    }
    if "customer_id" in given:
        given["customer_id"] = line_forms.key_of(given["customer_id"], "customer_id", who)
    return given | {"scopes": scopes(form), "expires_at": expiry(form, who)}


def scopes(form: MultiDict[str, str]) -> list[str]:
    """The scopes that the matrix grants."""
    return [scope for one in KEY_PERMISSIONS for scope in one.scopes(form.get(f"scope_{one.name}", "none"))]


def expiry(form: MultiDict[str, str], who: Actor) -> str | None:
    """The expiry: the end of the last day of a preset, or of the day that was typed."""
    chosen = form.get("expires", "never")
    if chosen == "never":
        return None
    if chosen == "custom":
        return form.get("expires_on") or "no day"           # the domain says what is wrong with it
    days = int(chosen) if chosen.isascii() and chosen.isdigit() and len(chosen) < 5 else 90
    return (clock.now().astimezone(zones.of_actor(who)) + timedelta(days=days)).date().isoformat()
