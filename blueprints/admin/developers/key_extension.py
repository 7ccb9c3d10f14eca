"""Moves the expiry of a key by one click, with undo."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from flask import Response, request
from werkzeug.wrappers import Response as BaseResponse

from blueprints.admin.crud import actions, cells
from blueprints.admin.developers.key_answers import done
from blueprints.admin.developers.keys import PAGE
from blueprints.auth.proof import proven
from blueprints.pages.format import end_text, zone
from blueprints.pages.htmx import page_or_part
from blueprints.pages.session import need, wide_actor
from database import transaction
from domain import inputs
from domain.actor import Actor
from domain.errors import Conflict, Invalid, PreconditionFailed
from domain.integrations import api_keys, key_expiry
from domain.listing import expect
from models.credential import Credential

PRESETS = {30: "30 days", 90: "90 days", 365: "1 year"}
NEVER, ON = "never", "on"


@dataclass(frozen=True, slots=True)
class Choice:
    """A button: what it sends, what it says, and the day to which it moves the expiry."""

    value: str
    title: str
    until: datetime


def register(bp: Any) -> None:
    """Register the addresses."""
    write = need("WRITE_KEYS")
    bp.add_url_rule("/keys/<int:key>/expiry", "api_keys_ask_expiry", write(ask), methods=["GET"])
    bp.add_url_rule("/keys/<int:key>/expiry", "api_keys_move_expiry", write(proven(move)), methods=["POST"])
    bp.add_url_rule("/keys/<int:key>/expiry/undo", "api_keys_undo_expiry", write(proven(undo)), methods=["POST"])


def ask(key: int, wrong: Invalid | None = None) -> Response:
    """To when the expiry can be moved."""
    who = wide_actor()
    row = api_keys.LISTING.get(who, key)
    choices = [Choice(str(days), f"{title} more" if _is_running(row) else title, key_expiry.later(row, days))
               for days, title in PRESETS.items()]
    response = page_or_part(
        "admin/key_expiry.html", "admin/_key_expiry.html", here=PAGE, record=api_keys.LISTING.read(who, key),
        choices=choices, wrong=wrong, typed=request.form.get("day", ""))
    response.status_code = 422 if wrong else 200
    return response


def _is_running(row: Credential) -> bool:
    """Whether the key has an expiry that is still to come."""
    return row.expires_at is not None and api_keys.status_of(row) != "EXPIRED"


def move(key: int) -> BaseResponse:
    """Move the expiry; a toast says to when, and offers undo."""
    who = wide_actor()
    try:
        with transaction():
            own, row = api_keys.LISTING.lock(who, key)
            expect(row, cells.seen_version())
            was = row.expires_at
            _move(own, row, request.form.get("to", ""))
            name, now, version, merchant = row.name, row.expires_at, row.version, row.merchant_id or 0
    except Invalid as error:
        return ask(key, error)
    except (Conflict, PreconditionFailed) as error:
        return actions.refused(PAGE, key, error.message)
    end = f"expires on {end_text(now, merchant)}" if now else "never expires"
    back = PAGE.url("undo_expiry", key=key, was=was.isoformat() if was else "", version=version)
    return done(key, f"{name} {end}.", back)


def _move(own: Actor, row: Credential, to: str) -> None:
    if to in map(str, PRESETS):
        key_expiry.extend(own, row, key_expiry.ExtensionInput(days=int(to)))
    elif to == NEVER:
        key_expiry.move(own, row, None)
    else:
        day = {"expires_at": request.form.get("day") or "no day"}       # the domain says what is wrong with it
        key_expiry.move(own, row, inputs.parse(key_expiry.ExpiryInput, day, text=True, zone=zone().key).expires_at)


def undo(key: int) -> BaseResponse:
    """Give the key the expiry that it had, unless it was changed since."""
    who, raw = wide_actor(), request.values.get("was", "")
    seen = cells.version_in(request.values.get("version", ""))
    try:
        was = inputs.parse(key_expiry.ExpiryInput, {"expires_at": raw or None}).expires_at
        if seen is None or not (was is None or isinstance(was, datetime)):
            raise Invalid("This cannot be undone.")
        with transaction():
            own, row = api_keys.LISTING.lock(who, key)
            expect(row, seen)
            key_expiry.put_back(own, row, was)
            name = row.name
    except (Conflict, Invalid, PreconditionFailed) as error:
        return done(key, f"{error.message} Nothing was undone.", "bad")
    return done(key, f"The expiry of {name} was restored.", "ok")
