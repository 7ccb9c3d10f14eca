"""The account page: a user's own name, time zone, password and sessions."""

from typing import Any

from flask import Response, flash, make_response, render_template, request
from werkzeug.wrappers import Response as BaseResponse

from blueprints.admin import choices
from blueprints.admin.crud.form_fields import Field, plain
from blueprints.pages import navigation
from blueprints.pages.htmx import redirect_to
from blueprints.pages.navigation import Item
from blueprints.pages.session import me, personal, wide_actor
from database import db, transaction
from domain import inputs
from domain.access import second_factors, sessions, sign_in_history
from domain.errors import DomainError, Invalid
from domain.people import users
from domain.people.logins import user_passwords
from models.user import User

FIELDS = (
    Field(name="name", hint="Shown instead of the address."),
    Field(
        name="timezone", label="Time zone", kind="select", choices=choices.zones,
        blank="The merchant’s, else the system’s",
    ),
)


def register(bp: Any) -> None:
    """Register the page's URLs; every user has an account, so no scope is required."""
    navigation.add(Item(title="My account", icon="user", path="/admin/account", position=900, keys="m"))
    bp.add_url_rule("/account", "account", personal(show), methods=["GET"])
    bp.add_url_rule("/account", "account_save", save, methods=["POST"])
    bp.add_url_rule("/account/password", "account_password", change_password, methods=["POST"])
    bp.add_url_rule("/account/sessions/<int:number>/end", "account_end_session", end_session, methods=["POST"])
    bp.add_url_rule("/account/sessions/end", "account_end_others", end_others, methods=["POST"])


def show(wrong: DomainError | None = None, values: dict[str, str] | None = None) -> Response:
    """The page, with mistakes in a form that was sent."""
    user = me().user
    page = render_template(
        "admin/account.html", fields=FIELDS, wrong=wrong, who=wide_actor(), user=user,
        values=values or {field.name: plain(getattr(user, field.name)) for field in FIELDS},
        sessions=sessions.of_user(user.id), sign_ins=sign_in_history.of_user(user.id), current=me().session.id,
        codes_left=second_factors.codes_left(user) if user.two_factor_at is not None else 0,
    )
    return make_response(page, 422 if wrong else 200)


def save() -> BaseResponse:
    """Save name and time zone; only admins change other fields."""
    key, who = me().user.id, wide_actor()
    wanted = {field.name: request.form.get(field.name, "") for field in FIELDS}
    try:
        changes = inputs.changes(users.UserInput, wanted, text=True)
        with transaction():
            users.update(who, db.session.get_one(User, key), changes)
    except Invalid as error:
        return show(error, wanted)
    flash("Your account was saved.", "ok")
    return redirect_to("/admin/account")


def change_password() -> BaseResponse:
    """Change the password, given the old one. Every session ends, so the user signs in again."""
    key, who = me().user.id, wide_actor()
    try:
        if request.form.get("password", "") != request.form.get("again", ""):
            raise Invalid.field("again", "is not the same as the new password", "different")
        new = user_passwords.hashed_own(
            me().user, request.form.get("old_password", ""), request.form.get("password", ""))
        with transaction():
            user_passwords.change_own(who, db.session.get_one(User, key, with_for_update=True), new)
    except Invalid as error:
        return show(error)
    flash("Your password was changed. Sign in with the new one.", "ok")
    return redirect_to("/login")


def end_session(number: int) -> BaseResponse:
    """End one of the user's own sessions."""
    if number in [one.id for one in sessions.of_user(me().user.id)]:
        with transaction():
            sessions.end(number)
        flash("That session has ended.", "ok")
    return redirect_to("/admin/account")


def end_others() -> BaseResponse:
    """End all of the user's other sessions."""
    who, here = me().user.id, me().session.id
    with transaction():
        sessions.end_all(who, but=here)
    flash("All other sessions have ended.", "ok")
    return redirect_to("/admin/account")
