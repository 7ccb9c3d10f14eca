"""Signs customers in by a link in a mail, or its code, and out again.

A link is shown by GET and used by POST: programs that look into mails open links.
"""

from typing import Any

from flask import Response, abort, make_response, render_template, request, session, url_for
from werkzeug.wrappers import Response as BaseResponse

from blueprints.client import ask_limits, login
from blueprints.client.login import MERCHANT, NEXT, open_to_all
from blueprints.pages.htmx import redirect_to
from blueprints.pages.session import private
from blueprints.pay.brand import seller
from database import transaction
from domain.access import customer_sessions
from domain.access.customer_sessions import Opened
from domain.errors import Invalid
from domain.inputs import validators
from domain.people.logins import customer_sign_ins
from models.customer_login import CustomerSignIn
from models.merchant import Merchant

EMAIL = "client_email"                  # in Flask's own session: the address to show on the next page
LONGEST = 254
MINUTES = int(customer_sign_ins.LASTS.total_seconds() // 60)


def register(bp: Any) -> None:
    """Register the addresses of signing in and out."""
    bp.add_url_rule("/sign-in", "sign_in", open_to_all(find_merchant), methods=["GET"])
    for path, test in (("/sign-in/<key>", False), ("/test/<key>", True)):
        given = {"test": test}
        bp.add_url_rule(path, "sign_in_at", open_to_all(show), methods=["GET"], defaults=given)
        bp.add_url_rule(path, "ask", open_to_all(ask), methods=["POST"], defaults=given)
        bp.add_url_rule(f"{path}/sent", "sent", open_to_all(show_sent), methods=["GET"], defaults=given)
        bp.add_url_rule(f"{path}/sent", "enter_code", open_to_all(enter_code), methods=["POST"], defaults=given)
    bp.add_url_rule("/link/<token>", "link", open_to_all(show_link), methods=["GET"])
    bp.add_url_rule("/link/<token>", "enter_link", open_to_all(enter_link), methods=["POST"])
    bp.add_url_rule("/sign-out", "sign_out", open_to_all(sign_out), methods=["POST"])


def find_merchant() -> BaseResponse:
    """Lead to the sign-in of the merchant where this browser was last, or of the only one there is."""
    known = session.get(MERCHANT)
    key, test = known if isinstance(known, list | tuple) and len(known) == 2 else (None, False)
    merchant = customer_sign_ins.merchant_of(str(key)) if key else customer_sign_ins.only_merchant()
    if merchant is None:
        return _page("client/which.html", None)
    return redirect_to(url_for("client_area.sign_in_at", key=merchant.area_key, test=bool(key and test)))


def show(key: str, *, test: bool) -> BaseResponse:
    """The form; somebody who is signed in goes on, to the page that a link names."""
    merchant = merchant_at(key, test=test)
    if wanted := request.args.get("next"):
        session[NEXT] = wanted
    if _is_here(merchant, test=test):
        return redirect_to(login.destination())
    return _page("client/sign_in.html", merchant, test=test, email="", wrong=None)


def ask(key: str, *, test: bool) -> BaseResponse:
    """Send a link, if a customer has the address. The answer is the same if none has."""
    merchant, email = merchant_at(key, test=test), request.form.get("email", "").strip()
    if not validators.is_email(email):
        wrong = Invalid.field("email", "must be an e-mail address, such as ada@example.org")
        return _page("client/sign_in.html", merchant, 422, test=test, email=email[:LONGEST], wrong=wrong)
    ask_limits.count(merchant.id, email, test=test)
    browser = login.browser()
    with transaction():
        customer_sign_ins.ask(merchant, email, browser, test=test, ip=request.remote_addr)
    session[EMAIL] = email
    return login.remember(redirect_to(url_for("client_area.sent", key=key, test=test)), browser)


def show_sent(key: str, *, test: bool) -> BaseResponse:
    """That a mail is on its way, and the field for its code."""
    return _sent(merchant_at(key, test=test), test=test)


def _sent(merchant: Merchant, *, test: bool, wrong: Invalid | None = None, status: int = 200) -> BaseResponse:
    return _page(
        "client/sent.html", merchant, status, test=test, email=session.get(EMAIL, ""), wrong=wrong, minutes=MINUTES)


def enter_code(key: str, *, test: bool) -> BaseResponse:
    """Sign in by the code of the newest mail that this browser asked for."""
    merchant, opened = merchant_at(key, test=test), None
    with transaction():
        row = customer_sign_ins.by_code(login.browser(), request.form.get("code", ""), _is_known)
        if row is not None:
            opened = _enter(row)
    if opened is None:
        ask_limits.count_wrong()
        wrong = Invalid.field(
            "code", f"is not the code of the last mail, or {MINUTES} minutes are over. Or press the button in the mail")
        return _sent(merchant, test=test, wrong=wrong, status=422)
    return _begin(row, opened)


def _is_known(row: CustomerSignIn) -> bool:
    """Whether the user of a mail has signed in with this browser before."""
    assert row.user is not None          # asked only of mails that were sent
    return ask_limits.device_of(row.merchant_id, row.user.email, test=row.test) is not None


def show_link(token: str) -> BaseResponse:
    """Ask for a press on a button, where the link can be used in this browser."""
    row = customer_sign_ins.by_token(token)
    if row is None:
        ask_limits.count_wrong()
        return _page("client/link.html", None, 404, state="unknown", token=token)
    merchant = _of(row)
    is_own = customer_sign_ins.is_of(row, login.browser())
    return _page("client/link.html", merchant, test=row.test, state="own" if is_own else "other", token=token)


def enter_link(token: str) -> BaseResponse:
    """Sign in by a link, once, in the browser that asked for it; by that of an invitation in any."""
    row = customer_sign_ins.by_token(token)
    if row is None:
        ask_limits.count_wrong()
        return _page("client/link.html", None, 404, state="unknown", token=token)
    if not customer_sign_ins.is_of(row, login.browser()):
        return _page("client/link.html", _of(row), 403, test=row.test, state="other", token=token)
    with transaction():
        opened = _enter(row)
    if opened is None:
        return _page("client/link.html", None, 404, state="unknown", token=token)
    return _begin(row, opened)


def _enter(row: CustomerSignIn) -> Opened | None:
    """Begin a session; inside a transaction."""
    return customer_sign_ins.enter(row, ip=request.remote_addr, user_agent=request.headers.get("User-Agent"))


def _begin(row: CustomerSignIn | None, opened: Opened) -> BaseResponse:
    """Sign the browser in, and remember that it was the user's."""
    response = login.begin(opened)
    if row is not None and row.user is not None:
        ask_limits.remember(response, row.merchant_id, row.user.email, test=row.test)
    return response


def sign_out() -> BaseResponse:
    """End the session on the server: copies of the cookie are refused."""
    ended = [one.id for one in (login.found(), login.waiting()) if one is not None]
    with transaction():
        for key in ended:
            customer_sessions.end(key)
    return login.end(redirect_to(url_for("client_area.sign_in")))


# Parts ----------------------------------------------------------------------------------------------


def merchant_at(key: str, *, test: bool) -> Merchant:
    """The merchant of an address, which this browser is led to again; 404 where there is none."""
    merchant = customer_sign_ins.merchant_of(key)
    if merchant is None:
        ask_limits.count_wrong()
        abort(404)
    session[MERCHANT] = (key, test)
    return merchant


def _of(row: CustomerSignIn) -> Merchant:
    merchant = row.merchant
    session[MERCHANT] = (merchant.area_key, row.test)
    return merchant


def _is_here(merchant: Merchant, *, test: bool) -> bool:
    """Whether a customer of this merchant and world is signed in."""
    known = login.found()
    return known is not None and (known.customer.merchant_id, known.customer.test) == (merchant.id, test)


def _page(template: str, merchant: Merchant | None, status: int = 200, *, test: bool = False, **more: Any) -> Response:
    who = seller(merchant.id) if merchant is not None else None
    key = merchant.area_key if merchant is not None else ""
    page = render_template(template, seller=who, customer=None, test=test, key=key, here="", **more)
    return private(make_response(page, status))
