"""Serves the pages to sign in and out."""

from flask import Blueprint, Response, flash, make_response, render_template, request, url_for
from werkzeug.wrappers import Response as BaseResponse

from blueprints.auth import links
from blueprints.auth.attempts import attempts
from blueprints.auth.destination import own_address
from blueprints.auth.device import known_device, remember
from blueprints.pages import csrf, errors
from blueprints.pages.htmx import redirect_to
from blueprints.pages.session import end, private, signed_in, start
from database import db, transaction
from domain.access import sessions
from domain.errors import LimitExceeded, Unauthenticated
from domain.people import users

bp = Blueprint("auth", __name__)
csrf.attach(bp)
errors.attach(bp)
links.register(bp)


@bp.get("/login")
def login() -> BaseResponse:
    """The form; on an installation without users, how to create the first one."""
    if signed_in():
        return redirect_to(own_address(request.args.get("next")) or url_for("admin.overview"))
    if users.is_empty():
        return private(make_response(render_template("auth/empty.html")))
    return form(email=request.args.get("email", ""))


@bp.post("/login")
def enter() -> BaseResponse:
    """Check the password and open a session; every refusal looks the same."""
    email, password = request.form.get("email", ""), request.form.get("password", "")
    address, device = request.remote_addr or "", known_device(email)
    try:
        attempts.begin(email, address, device)
        opened, token = users.sign_in(
            email, password, ip=request.remote_addr, user_agent=request.headers.get("User-Agent")
        )
    except Unauthenticated as error:
        attempts.failed(address)
        return form(email=email, wrong=error.message, status=401)
    except LimitExceeded as error:
        response = form(email=email, wrong=error.message, status=429)
        response.headers["Retry-After"] = str(error.details["retry_after"])
        return response
    attempts.succeeded(email, device)
    with transaction():
        db.session.add(opened)
    start(token, opened)
    onward = redirect_to(own_address(request.form.get("next")) or url_for("admin.overview"))
    remember(onward, email)
    return onward


@bp.post("/logout")
def logout() -> BaseResponse:
    """End the session on the server: copies of the cookie are refused."""
    who = signed_in()
    if who is not None:
        with transaction():
            sessions.end(who.session.id)
    end()
    flash("You are signed out.", "ok")
    return redirect_to(url_for("auth.login"))


def form(*, email: str = "", wrong: str | None = None, status: int = 200) -> Response:
    """The sign-in page with what was typed, except the password."""
    wanted = own_address(request.values.get("next"))
    page = render_template("auth/login.html", email=email[:254], wrong=wrong, next=wanted)
    return private(make_response(page, status))
