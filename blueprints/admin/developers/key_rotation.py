"""Gives a key another secret, and shows it once."""

from typing import Any

from flask import Response, request
from werkzeug.wrappers import Response as BaseResponse

from blueprints.admin import consequences
from blueprints.admin.crud import actions, cells
from blueprints.admin.developers.keys import PAGE, show_secret
from blueprints.auth.proof import proven
from blueprints.pages.htmx import page_or_part
from blueprints.pages.session import need, wide_actor
from database import transaction
from domain import clock, inputs
from domain.errors import Conflict, Invalid, PreconditionFailed
from domain.integrations import api_keys, key_secrets
from domain.listing import expect

GRACES = {0: "Not at all", 1: "1 hour", 24: "1 day", 7 * 24: "7 days", 30 * 24: "30 days"}     # hours


def register(bp: Any) -> None:
    """Register the addresses."""
    write = need("WRITE_KEYS")
    bp.add_url_rule("/keys/<int:key>/rotate", "api_keys_ask_rotate", write(ask), methods=["GET"])
    bp.add_url_rule("/keys/<int:key>/rotate", "api_keys_rotate", write(proven(rotate)), methods=["POST"])


def ask(key: int) -> Response:
    """For how long the former secret keeps working."""
    return _form(key, str(key_secrets.USUAL))


def _form(key: int, chosen: str, wrong: Invalid | None = None) -> Response:
    who = wide_actor()
    record = api_keys.LISTING.read(who, key)
    response = page_or_part(
        "admin/key_rotate.html", "admin/_key_rotate.html", here=PAGE, record=record, graces=GRACES, chosen=chosen,
        wrong=wrong, uses=consequences.of_key(record, who))
    response.status_code = 422 if wrong else 200
    return response


def rotate(key: int) -> BaseResponse:
    """Rotate the key and show its new secret; the response must not be cached."""
    who, typed = wide_actor(), request.form.get("grace_hours", "")
    try:
        wanted = inputs.parse(key_secrets.RotationInput, {"grace_hours": typed}, text=True)
        new = key_secrets.fresh(api_keys.LISTING.get(who, key).mode)
        with transaction():
            own, row = api_keys.LISTING.lock(who, key)
            expect(row, cells.seen_version())
            until = key_secrets.rotate(own, row, new, wanted)
            name, test = row.name, row.mode is row.mode.TEST
    except Invalid as error:
        return _form(key, typed, error)
    except (Conflict, PreconditionFailed) as error:
        return actions.refused(PAGE, key, error.message)
    goes_on = until if until > clock.now() else None
    return show_secret(200, key=key, name=name, secret=new.text, test=test, rotated=True, former_until=goes_on)
