"""Pages by which a user chooses a password: for who has forgotten it, and for who was invited.

A link is shown by GET and used by POST: programs that look into mails open links.
"""

from typing import Any

from flask import flash, make_response, render_template, request, session, url_for
from limits import RateLimitItemPerMinute
from werkzeug.wrappers import Response as BaseResponse

from blueprints.auth.attempts import WINDOW, WishLimits, account_key, count_all
from blueprints.auth.device import known_device
from blueprints.pages.htmx import redirect_to
from blueprints.pages.session import private
from blueprints.services import sends_mail
from database import transaction
from database.ip_addresses import limited_as
from domain.access import password_links, passwords
from domain.errors import Conflict, Invalid, LimitExceeded
from domain.inputs import validators
from domain.people.logins import user_passwords
from models.user import UserLink

WISHES = WishLimits(
    caller=RateLimitItemPerMinute(30, WINDOW, namespace="password-link-caller"),
    pair=RateLimitItemPerMinute(3, WINDOW, namespace="password-link-pair"),
    account=RateLimitItemPerMinute(9, WINDOW, namespace="password-link-address"),
    device=RateLimitItemPerMinute(3, WINDOW, namespace="password-link-device"),
)
WRONG = RateLimitItemPerMinute(30, WINDOW, namespace="password-link-wrong")
ASKED = "password_for"                  # in Flask's own session: the address to show on the next page
LONGEST = 254


def register(bp: Any) -> None:
    """Register the addresses."""
    bp.add_url_rule("/login/forgot", "forgot", show_forgot, methods=["GET"])
    bp.add_url_rule("/login/forgot", "ask_for_link", ask, methods=["POST"])
    bp.add_url_rule("/login/sent", "link_sent", show_sent, methods=["GET"])
    bp.add_url_rule("/login/link/<token>", "password_link", show_link, methods=["GET"])
    bp.add_url_rule("/login/link/<token>", "choose_password", choose, methods=["POST"])


def show_forgot() -> BaseResponse:
    """The form for an address; without a mail server, whom to ask."""
    return _forgot(request.args.get("email", "")[:LONGEST])


def _forgot(email: str, wrong: Invalid | None = None, refused: str = "", status: int = 200) -> BaseResponse:
    return _page("auth/forgot.html", status, email=email, wrong=wrong, refused=refused, sends=sends_mail())


def ask() -> BaseResponse:
    """Send a link, if a user has the address. The answer is the same if none has."""
    email = request.form.get("email", "").strip()
    if not sends_mail():
        return _forgot(email[:LONGEST], status=409)
    if not validators.is_email(email):
        return _forgot(email[:LONGEST], Invalid.field("email", "must be an e-mail address, such as ada@example.org"),
                       status=422)
    try:
        WISHES.count(email, request.remote_addr or "", known_device(email))
    except LimitExceeded as error:
        response = _forgot(email, refused=error.message, status=429)
        response.headers["Retry-After"] = str(error.details["retry_after"])
        return response
    with transaction():
        user_passwords.ask_for_link(email, ip=request.remote_addr)
    session[ASKED] = email
    return redirect_to(url_for("auth.link_sent"))


def show_sent() -> BaseResponse:
    """That a mail is on its way, if the address is known."""
    return _page("auth/link_sent.html", email=session.get(ASKED, ""))


def show_link(token: str) -> BaseResponse:
    """The form for a new password."""
    link = password_links.by_token(token)
    return _gone() if link is None else _form(token, link)


def choose(token: str) -> BaseResponse:
    """Store the password; the user then signs in with it."""
    link = password_links.by_token(token)
    if link is None:
        return _gone()
    try:
        hashed = passwords.hash_of(request.form.get("password", ""))
    except Invalid as error:
        return _form(token, link, error)
    try:
        with transaction():
            email = user_passwords.choose(link.id, hashed, ip=request.remote_addr).email
    except Conflict:
        return _gone()
    session.pop(ASKED, None)
    flash("Your password is set. Sign in with it.", "ok")
    return redirect_to(url_for("auth.login", email=email))


def _form(token: str, link: UserLink, wrong: Invalid | None = None) -> BaseResponse:
    assert link.user is not None                     # it is open
    return _page("auth/password.html", 200 if wrong is None else 422, token=token, email=link.user.email,
                 invites=link.invites, wrong=wrong, least=passwords.MINIMUM)


def _gone() -> BaseResponse:
    """That a link does not work; raises LimitExceeded for who has tried too many."""
    count_all([(WRONG, account_key(limited_as(request.remote_addr or "")))])
    return _page("auth/link_gone.html", 404)


def _page(template: str, status: int = 200, **given: Any) -> BaseResponse:
    return private(make_response(render_template(template, **given), status))
