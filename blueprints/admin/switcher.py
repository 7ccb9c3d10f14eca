"""Switches the merchant whose rows the lists show, and the world: live or test."""

from typing import Any

from flask import flash, request
from werkzeug.wrappers import Response as BaseResponse

from blueprints.auth.destination import own_address
from blueprints.pages.htmx import redirect_to
from blueprints.pages.session import me, of_view, wide_actor
from blueprints.row_keys import row_key
from database import db, transaction
from domain.errors import NotFound
from models.merchant import Merchant
from models.user import UserSession


def register(bp: Any) -> None:
    """Register the URLs of the two switches."""
    bp.add_url_rule("/switch", "switch", of_view(switch), methods=["POST"])
    bp.add_url_rule("/mode", "mode", of_view(mode), methods=["POST"])


def switch() -> BaseResponse:
    """Switch to one merchant, or to all that the user has."""
    chosen = row_key(request.form.get("merchant", ""))
    if chosen is not None and not wide_actor().reaches(chosen):
        raise NotFound("merchant", chosen)
    key = me().session.id
    with transaction():
        if chosen is not None and db.session.get(Merchant, chosen) is None:
            raise NotFound("merchant", chosen)
        session = db.session.get_one(UserSession, key)
        session.merchant_id = chosen
    return redirect_to(back())


def mode() -> BaseResponse:
    """Switch to the live or the test world."""
    key, test = me().session.id, request.form.get("test") == "on"
    with transaction():
        db.session.get_one(UserSession, key).test_mode = test
    flash("Test mode is on." if test else "Test mode is off.", "ok")
    return redirect_to(back())


def back() -> str:
    """The URL of the list that the person was on, not of a record, which may be another merchant's."""
    wanted = own_address(request.form.get("next")) or "/admin/"
    parts = wanted.split("/")
    return "/".join(parts[:3]) if len(parts) > 3 else wanted
