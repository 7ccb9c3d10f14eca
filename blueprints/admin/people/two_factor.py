"""Pages of a user's own second factor: set up, turned off, other recovery codes."""

from typing import Any

from flask import flash, make_response, render_template, request, url_for
from markupsafe import Markup
from werkzeug.wrappers import Response as BaseResponse

from blueprints.admin.people import account
from blueprints.auth.proof import limited_proof
from blueprints.pages.htmx import redirect_to
from blueprints.pages.session import me, personal, private, wide_actor
from database import transaction
from domain.access import second_factors
from domain.errors import Invalid
from domain.people.logins.user_second_factors import OWN

ISSUER = "Countinghouse"


def register(bp: Any) -> None:
    """Register the addresses; every user has an account, so no scope is required."""
    bp.add_url_rule("/account/two-factor", "account_two_factor", personal(show), methods=["GET"])
    bp.add_url_rule("/account/two-factor/begin", "account_begin_two_factor", begin, methods=["POST"])
    bp.add_url_rule("/account/two-factor", "account_turn_on_two_factor", turn_on, methods=["POST"])
    bp.add_url_rule("/account/two-factor/off", "account_turn_off_two_factor", turn_off, methods=["POST"])
    bp.add_url_rule("/account/two-factor/codes", "account_renew_codes", renew_codes, methods=["POST"])


def begin() -> BaseResponse:
    """Make the secret that an app is to have."""
    who, key = wide_actor(), me().user.id
    with transaction():
        OWN.prepare(who, key)
    return redirect_to(url_for("admin.account_two_factor"))


def show(wrong: Invalid | None = None) -> BaseResponse:
    """The secret as a QR code and as text, until the first code of it was typed."""
    user = me().user
    secret = second_factors.secret_of(user) if user.two_factor_at is None else None
    if secret is None:
        return redirect_to(url_for("admin.account"))
    address = second_factors.address_of(secret, account=user.email, issuer=ISSUER)
    return private(make_response(render_template(
        "admin/two_factor.html", wrong=wrong, code=Markup(second_factors.qr_of(address)),    # noqa: S704  (drawn here)
        secret=second_factors.spaced(secret),
    ), 422 if wrong else 200))


def turn_on() -> BaseResponse:
    """Ask for codes from now on, once a right one was typed; shows the recovery codes."""
    who, key, session_id = wide_actor(), me().user.id, me().session.id
    try:
        with transaction():
            codes = OWN.turn_on(who, key, request.form.get("code", ""), session_id=session_id)
    except Invalid as error:
        return show(error)
    return _codes(codes, is_new=True)


def turn_off() -> BaseResponse:
    """Ask for no codes any more."""
    who, user, session_id = wide_actor(), me().user, me().session.id
    key = user.id
    try:
        with limited_proof(user) as proof, transaction():
            OWN.turn_off(who, key, proof, session_id=session_id)
    except Invalid as error:
        return account.show(error)
    flash("Two-factor authentication is off.", "ok")
    return redirect_to(url_for("admin.account"))


def renew_codes() -> BaseResponse:
    """Other recovery codes in place of those of before."""
    who, user, session_id = wide_actor(), me().user, me().session.id
    key = user.id
    try:
        with limited_proof(user) as proof, transaction():
            codes = OWN.renew_codes(who, key, proof, session_id=session_id)
    except Invalid as error:
        return account.show(error)
    return _codes(codes, is_new=False)


def _codes(codes: list[str], *, is_new: bool) -> BaseResponse:
    return private(make_response(render_template("admin/recovery_codes.html", codes=codes, is_new=is_new)))
