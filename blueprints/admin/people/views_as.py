"""Lets operators look at the dashboard as another user, and stop."""

from typing import Any

from flask import flash, url_for
from werkzeug.wrappers import Response as BaseResponse

from blueprints.admin.crud import actions
from blueprints.admin.people.users import PAGE
from blueprints.auth.proof import proven
from blueprints.pages.htmx import redirect_to
from blueprints.pages.session import me, need, of_view, wide_actor
from database import transaction
from domain.errors import Conflict
from domain.people.logins import viewing
from domain.people.user_listing import LISTING


def register(bp: Any) -> None:
    """Register the addresses; whoever looks may stop."""
    bp.add_url_rule(
        "/users/<int:key>/view-as", "users_view_as", need("WRITE_USERS")(proven(begin)), methods=["POST"])
    bp.add_url_rule("/stop-viewing", "stop_viewing", of_view(stop), methods=["POST"])
    bp.add_app_template_global(may_view)


def may_view(user: Any) -> bool:
    """Whether the page of this user offers it."""
    return viewing.may_view(wide_actor(), user)


def begin(key: int) -> BaseResponse:
    """Show the dashboard as this user sees it."""
    session_id = me().session.id
    try:
        with transaction():
            who, row = LISTING.lock(wide_actor(), key)
            viewing.begin(who, row, session_id)
            name = row.email
    except Conflict as error:
        return actions.refused(PAGE, key, error.message)
    flash(f"This is what {name} sees.", "ok")
    return redirect_to(url_for("admin.overview"))


def stop() -> BaseResponse:
    """Show the own dashboard again, on the page of the user who was looked at."""
    viewed, session_id = me().session.viewed_id, me().session.id
    with transaction():
        viewing.end(session_id)
    if viewed is None:
        return redirect_to(url_for("admin.overview"))
    flash("This is your own dashboard again.", "ok")
    return redirect_to(PAGE.at(viewed))
