"""Signs users of customers in by a password, and asks those who have one for the second factor, however they came."""

from typing import Any

from flask import Response, make_response, render_template, request, url_for
from werkzeug.wrappers import Response as BaseResponse

from blueprints.auth.attempts import customer_attempts as attempts
from blueprints.client import ask_limits, login
from blueprints.client.login import open_to_all
from blueprints.client.signing_in import LONGEST, merchant_at
from blueprints.pages.htmx import redirect_to
from blueprints.pages.session import private
from blueprints.pay.brand import seller
from database import transaction
from domain.access.customer_sessions import Opened
from domain.errors import Invalid, LimitExceeded
from domain.people.logins import customer_passwords
from models.customer_login import CustomerSession
from models.merchant import Merchant


def register(bp: Any) -> None:
    """Register the addresses of passwords and codes."""
    for path, test in (("/sign-in/<key>/password", False), ("/test/<key>/password", True)):
        given = {"test": test}
        bp.add_url_rule(path, "by_password", open_to_all(show), methods=["GET"], defaults=given)
        bp.add_url_rule(path, "enter_password", open_to_all(enter), methods=["POST"], defaults=given)
    bp.add_url_rule("/code", "second_factor", open_to_all(show_code), methods=["GET"])
    bp.add_url_rule("/code", "enter_second_factor", open_to_all(enter_code), methods=["POST"])


def show(key: str, *, test: bool) -> BaseResponse:
    """The form; somebody who is signed in goes on."""
    merchant = merchant_at(key, test=test)
    return _form(merchant, test=test)


def enter(key: str, *, test: bool) -> BaseResponse:
    """Check the password; every refusal looks the same."""
    merchant, address = merchant_at(key, test=test), request.remote_addr or ""
    email, password = request.form.get("email", "").strip(), request.form.get("password", "")
    account = ask_limits.account_of(merchant.id, email, test=test)
    device = ask_limits.device_of(merchant.id, email, test=test)
    try:
        attempts.begin(account, address, device)
    except LimitExceeded as error:
        return _limited(error, _form(merchant, test=test, email=email, wrong=error.message, status=429))
    found, opened = customer_passwords.verified(merchant, email, password, test=test), None
    if found is not None:
        with transaction():
            opened = customer_passwords.enter(found, **_browser())
    if opened is None:
        attempts.failed(address)
        return _form(merchant, test=test, email=email, wrong=customer_passwords.WRONG, status=401)
    attempts.succeeded(account, device)
    response = login.begin(opened)
    ask_limits.remember(response, merchant.id, email, test=test)
    return response


def _form(
    merchant: Merchant, *, test: bool, email: str = "", wrong: str | None = None, status: int = 200
) -> Response:
    return private(make_response(render_template(
        "client/password.html", seller=seller(merchant.id), customer=None, here="", key=merchant.area_key, test=test,
        email=email[:LONGEST], wrong=wrong), status))


# The second factor ----------------------------------------------------------------------------------


def show_code() -> BaseResponse:
    """The form for the code; whoever has not begun to sign in begins."""
    waiting = login.waiting()
    return _code_form(waiting) if waiting is not None else redirect_to(url_for("client_area.sign_in"))


def enter_code() -> BaseResponse:
    """Check the code of the app, or a recovery code."""
    waiting, address = login.waiting(), request.remote_addr or ""
    if waiting is None:
        return redirect_to(url_for("client_area.sign_in"))
    account = f"code {waiting.customer_user_id}"
    try:
        attempts.begin(account, address)
    except LimitExceeded as error:
        return _limited(error, _code_form(waiting, Invalid.field("code", error.message), 429))
    with transaction():
        opened: Opened | None = customer_passwords.enter_code(waiting, request.form.get("code", ""), **_browser())
    if opened is None:
        attempts.failed(address)
        return _code_form(waiting, Invalid.field("code", "is wrong, or was used already"), 422)
    attempts.succeeded(account)
    return login.begin(opened)


def _code_form(waiting: CustomerSession, wrong: Invalid | None = None, status: int = 200) -> Response:
    one = waiting.user
    return private(make_response(render_template(
        "client/code.html", seller=seller(one.merchant_id), customer=None, here="", test=one.test, email=one.email,
        wrong=wrong), status))


def _browser() -> dict[str, str | None]:
    return {"ip": request.remote_addr, "user_agent": request.headers.get("User-Agent")}


def _limited(error: LimitExceeded, response: Response) -> Response:
    response.headers["Retry-After"] = str(error.details["retry_after"])
    return response
