"""How a user of a customer signs in: the name, a password, and a second factor. Who is stopped may change it, too."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from flask import Response, make_response, render_template, request, url_for
from markupsafe import Markup
from werkzeug.wrappers import Response as BaseResponse

from blueprints.auth.attempts import customer_attempts as attempts
from blueprints.client import login
from blueprints.pages.htmx import redirect_to
from blueprints.pages.session import private
from blueprints.pay.brand import seller
from database import transaction
from domain import inputs
from domain.access import second_factors
from domain.access.own_second_factor import proof_of
from domain.access.passwords import MAXIMUM, MINIMUM
from domain.errors import Invalid
from domain.people.logins import customer_passwords, customer_users
from domain.people.logins.customer_passwords import SECOND_FACTOR
from models.customer_user import CustomerUser


def register(bp: Any) -> None:
    """Register the addresses."""
    bp.add_url_rule("/security", "security", show, methods=["GET"])
    bp.add_url_rule("/security/name", "change_name", change_name, methods=["POST"])
    bp.add_url_rule("/security/password", "change_password", change_password, methods=["POST"])
    bp.add_url_rule("/security/two-factor", "two_factor", show_secret, methods=["GET"])
    bp.add_url_rule("/security/two-factor/begin", "begin_two_factor", begin, methods=["POST"])
    bp.add_url_rule("/security/two-factor", "turn_on_two_factor", turn_on, methods=["POST"])
    bp.add_url_rule("/security/two-factor/off", "turn_off_two_factor", turn_off, methods=["POST"])
    bp.add_url_rule("/security/codes", "renew_codes", renew_codes, methods=["POST"])


def show() -> BaseResponse:
    """What the user signs in with."""
    return _page()


def _page(wrong: Invalid | None = None, status: int = 200, **typed: Any) -> Response:
    one, by_link = login.user(), login.current().by_link
    asks_code = by_link and one.two_factor_at is not None
    return make_response(render_template(
        "client/security.html", **login.common(), here="profile", said=request.args.get("said"), wrong=wrong,
        asks_old=asks_code or (one.password_hash is not None and not by_link), asks_code=asks_code, minimum=MINIMUM,
        maximum=MAXIMUM,
        left=second_factors.codes_left(one) if one.two_factor_at is not None else 0,
        name=typed.get("name", one.shown_name), part=typed.get("part", ""),
    ), status)


def change_name() -> BaseResponse:
    """Change the name that stands on the user's questions."""
    typed = request.form.get("name", "")
    who, key = login.actor(), login.user().id
    try:
        changes = inputs.changes(customer_users.CustomerUserInput, {"name": typed}, text=True)
        with transaction():
            own, row = customer_users.LISTING.lock(who, key)
            customer_users.update(own, row, changes)
    except Invalid as error:
        return _page(error, 422, name=typed)
    return _done("name")


def change_password() -> BaseResponse:
    """Set a password, or another one."""
    old, new = request.form.get("old_password", ""), request.form.get("password", "")
    who, known, user = login.actor(), login.current(), login.user()
    key, session_id, by_link = user.id, known.id, known.by_link
    try:
        with _limited(user):
            hashed = customer_passwords.hashed_own(user, old, new, by_link=by_link)
            with transaction():
                customer_passwords.change(who, key, hashed, session_id=session_id)
    except Invalid as error:
        return _page(error, 422)
    return _done("password")


# The second factor ----------------------------------------------------------------------------------


def begin() -> BaseResponse:
    """Make the secret that an app is to have."""
    who, key = login.actor(), login.user().id
    with transaction():
        SECOND_FACTOR.prepare(who, key)
    return redirect_to(url_for("client_area.two_factor"))


def show_secret() -> BaseResponse:
    """The secret as a QR code and as text, until the first code of it was typed."""
    return _secret()


def _secret(wrong: Invalid | None = None, status: int = 200) -> BaseResponse:
    one = login.user()
    secret = second_factors.secret_of(one) if one.two_factor_at is None else None
    if secret is None:
        return redirect_to(url_for("client_area.security"))
    address = second_factors.address_of(secret, account=one.email, issuer=seller(one.merchant_id).name)
    return private(make_response(render_template(
        "client/two_factor.html", **login.common(), here="profile", wrong=wrong,
        code=Markup(second_factors.qr_of(address)),                 # noqa: S704  (drawn here)
        secret=second_factors.spaced(secret),
    ), status))


def turn_on() -> BaseResponse:
    """Ask for codes from now on, once a right one was typed; shows the recovery codes."""
    who, key, session_id = login.actor(), login.user().id, login.current().id
    try:
        with transaction():
            codes = SECOND_FACTOR.turn_on(who, key, request.form.get("code", ""), session_id=session_id)
    except Invalid as error:
        return _secret(error, 422)
    return _codes(codes, is_new=True)


def turn_off() -> BaseResponse:
    """Ask for no codes any more."""
    who, user = login.actor(), login.user()
    key, session_id, typed = user.id, login.current().id, request.form.get("proof", "")
    try:
        with _limited(user):
            proof = proof_of(user.password_hash, typed)
            with transaction():
                SECOND_FACTOR.turn_off(who, key, proof, session_id=session_id)
    except Invalid as error:
        return _page(error, 422, part="off")
    return _done("off")


def renew_codes() -> BaseResponse:
    """Other recovery codes in place of those of before."""
    who, user = login.actor(), login.user()
    key, session_id, typed = user.id, login.current().id, request.form.get("proof", "")
    try:
        with _limited(user):
            proof = proof_of(user.password_hash, typed)
            with transaction():
                codes = SECOND_FACTOR.renew_codes(who, key, proof, session_id=session_id)
    except Invalid as error:
        return _page(error, 422, part="codes")
    return _codes(codes, is_new=False)


def _codes(codes: list[str], *, is_new: bool) -> Response:
    return private(make_response(render_template(
        "client/recovery_codes.html", **login.common(), here="profile", codes=codes, is_new=is_new)))


@contextmanager
def _limited(user: CustomerUser) -> Iterator[None]:
    """Count wrong passwords and codes as those of signing in; raises LimitExceeded above the limit."""
    account, address = f"code {user.id}", request.remote_addr or ""
    attempts.begin(account, address)
    try:
        yield
    except Invalid as error:
        if error.fields.keys() & {"old_password", "proof"}:
            attempts.failed(address)
        raise
    attempts.succeeded(account)


def _done(said: str) -> BaseResponse:
    return redirect_to(url_for("client_area.security", said=said))
