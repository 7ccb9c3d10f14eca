"""Knows the customer's user of a browser by a cookie of its own, apart from the sessions of staff."""

import secrets
from contextlib import suppress
from typing import Any

from flask import Blueprint, Response, abort, current_app, g, request, session, url_for
from werkzeug.wrappers import Response as BaseResponse

from blueprints.auth.destination import own_address
from blueprints.pages.htmx import redirect_to
from blueprints.pay.brand import seller
from database import DatabaseBusy, transaction
from domain.access import customer_sessions
from domain.access.customer_sessions import FOR_CODE, Opened
from domain.actor import Actor
from domain.errors import Forbidden
from models.customer import Customer
from models.customer_login import CustomerSession
from models.customer_user import CustomerUser

OPEN = "open_to_all"                    # marks the views that need no sign-in
NEXT, MERCHANT = "client_next", "client_merchant"       # in Flask's own session, which holds nothing secret
ASKED = 3600                            # seconds for which the browser that asked for a link is known
WAITS = int(FOR_CODE.total_seconds())
WRITE = "WRITE_TICKETS"                 # what a customer lacks who may only read


def guard(bp: Blueprint) -> None:
    """Require a sign-in for every address of the blueprint, but those that are marked as open."""
    bp.before_request(_check)


def open_to_all(view: Any) -> Any:
    """Mark a view that needs no sign-in."""
    setattr(view, OPEN, True)
    return view


def _check() -> BaseResponse | None:
    view = current_app.view_functions.get(request.endpoint or "")
    if found() is not None or getattr(view, OPEN, False):
        return None
    if request.method == "GET":
        session[NEXT] = request.full_path.rstrip("?")
    return redirect_to(url_for("client_area.sign_in"))


def found() -> CustomerSession | None:
    """The session of this browser's user, or None."""
    if "customer_session" not in g:
        token = request.cookies.get(_name("client"))
        g.customer_session = customer_sessions.find(token) if token else None
        if g.customer_session is not None:
            _note(g.customer_session)
    known: CustomerSession | None = g.customer_session
    return known


def _note(known: CustomerSession) -> None:
    """Write the use of a session, and whose request this is for the request log."""
    if customer_sessions.is_stale(known):
        with suppress(DatabaseBusy), transaction():     # the page matters more than the last use
            customer_sessions.note_use(known.id)
    if "call" in g:
        g.call.actor = actor_of(known)


def waiting() -> CustomerSession | None:
    """The session of this browser that waits for the second factor, and opens nothing else."""
    token = request.cookies.get(_name("client-waits"))
    return customer_sessions.waiting(token) if token else None


def actor_of(known: CustomerSession) -> Actor:
    """The customer's user as an actor."""
    call = getattr(g, "call", None)
    return customer_sessions.actor(known, ip=request.remote_addr, request_id=getattr(call, "request_id", None))


def current() -> CustomerSession:
    """The session of the signed-in customer; only behind the guard."""
    known = found()
    if known is None:
        abort(401)
    return known


def actor() -> Actor:
    """The signed-in user as an actor; only behind the guard."""
    return actor_of(current())


def writing_actor() -> Actor:
    """The signed-in customer, who changes something; raises Forbidden for one that is stopped."""
    who = actor()
    if not who.can(WRITE):
        raise Forbidden("Your account is stopped: you can read everything here, and change nothing.")
    return who


def customer() -> Customer:
    """The signed-in customer; only behind the guard."""
    return current().customer


def user() -> CustomerUser:
    """Who of the customer is signed in; only behind the guard."""
    return current().user


def common() -> dict[str, Any]:
    """What every page shows: whose area it is, and who is signed in."""
    known = found()
    if known is None:
        return {"seller": None, "customer": None, "user": None, "test": False}
    one = known.customer
    return {
        "seller": seller(one.merchant_id), "customer": one, "user": known.user, "test": one.test,
        "may_write": actor_of(known).can(WRITE),
    }


def destination() -> str:
    """Where the customer wanted to go before signing in."""
    wanted = own_address(session.pop(NEXT, None))
    return wanted if wanted and wanted.startswith("/client/") else url_for("client_area.overview")


# Cookies --------------------------------------------------------------------------------------------


def _name(name: str) -> str:
    """Over HTTPS a cookie is bound to this host, and sent over HTTPS only."""
    return f"__Host-{name}" if request.is_secure else name


def _set(response: BaseResponse, name: str, value: str, max_age: int | None = None) -> None:
    response.set_cookie(
        _name(name), value, max_age=max_age, path="/", httponly=True, secure=request.is_secure, samesite="Lax")


def begin(opened: Opened) -> BaseResponse:
    """Sign this browser in: with a new cookie, and a new token for its forms; or ask for the second factor."""
    session.pop("csrf_token", None)
    if opened.needs_code:
        response = redirect_to(url_for("client_area.second_factor"))
        _set(response, "client-waits", opened.token, WAITS)
        return response
    response = redirect_to(destination())
    _forget(response, "client-waits")
    _set(response, "client", opened.token)
    return response


def end(response: BaseResponse) -> BaseResponse:
    """Sign this browser out."""
    session.pop("csrf_token", None)
    for name in ("client", "client-waits"):
        _forget(response, name)
    return response


def _forget(response: BaseResponse, name: str) -> None:
    response.delete_cookie(_name(name), path="/", secure=request.is_secure, httponly=True, samesite="Lax")


def browser() -> str:
    """What this browser is known by between asking for a link and using it; a new one for a new browser."""
    known = request.cookies.get(_name("client-asked"), "")
    return known if 20 <= len(known) <= 100 else secrets.token_urlsafe(32)


def remember(response: Response | BaseResponse, value: str) -> BaseResponse:
    """Let the browser that asked for a link be known when it comes back."""
    _set(response, "client-asked", value, ASKED)
    return response
