"""Authenticates users of the pages. The cookie has a random token, the server stores everything else."""

from contextlib import suppress
from dataclasses import replace
from functools import cached_property
from typing import Any, cast

from flask import Blueprint, Flask, Request, Response, abort, current_app, g, make_response, request, session, url_for
from flask.sessions import SecureCookieSession, SecureCookieSessionInterface
from flask_login import LoginManager, UserMixin, current_user, login_user, logout_user
from werkzeug.wrappers import Response as BaseResponse

from blueprints.pages.csrf import READS
from blueprints.pages.htmx import is_htmx, redirect_to
from database import DatabaseBusy, transaction
from domain import zones
from domain.access import sessions
from domain.actor import Actor
from domain.errors import Forbidden
from domain.permissions import ROLE_SCOPES
from models.credential import Mode
from models.user import User, UserSession

logins = LoginManager()
WAITS = "waits"                         # in the cookie: the token of a session that waits for the second factor


class Cookie(SecureCookieSessionInterface):
    """Sets the session cookie: over HTTPS bound to this host and sent over HTTPS only."""

    def open_session(self, app: Flask, request: Request) -> SecureCookieSession | None:
        """Open a session; without a cookie, as on API requests, nothing is verified."""
        return super().open_session(app, request) if "Cookie" in request.headers else self.session_class()

    def get_cookie_name(self, app: Flask) -> str:
        return "__Host-session" if request.is_secure else "session"

    def get_cookie_secure(self, app: Flask) -> bool:
        return request.is_secure


class SignedIn(UserMixin):     # type: ignore[misc]  # flask-login has no types
    """A user together with the session of this browser."""

    def __init__(self, session: UserSession, token: str):
        self.session = session
        self.token = token

    def get_id(self) -> str:
        return self.token

    @cached_property
    def user(self) -> User:
        """The user as whom the dashboard is seen."""
        return sessions.seen_by(self.session)

    @property
    def looks(self) -> bool:
        """Whether an operator looks at somebody else's dashboard: nothing can be changed."""
        return self.user is not self.session.user

    @cached_property
    def scopes(self) -> frozenset[str]:
        """The scopes of the role, cached: a page reads them a hundred times."""
        return ROLE_SCOPES[self.user.role]

    def actor(self) -> Actor:
        """The user as an actor with all own merchants."""
        call = getattr(g, "call", None)
        actor = Actor.of_user(
            self.user, source="admin", ip=request.remote_addr, request_id=getattr(call, "request_id", None)
        )
        return replace(actor, mode=Mode.TEST if self.session.test_mode else Mode.LIVE)


def init_app(app: Flask) -> None:
    """Set up flask-login with server-side sessions."""
    app.session_interface = Cookie()
    app.config.update(SESSION_COOKIE_HTTPONLY=True, SESSION_COOKIE_SAMESITE="Lax", SESSION_COOKIE_PATH="/")
    logins.session_protection = None                # sessions are rows, which end on the server
    logins.init_app(app)
    logins.user_loader(_load)
    logins.unauthorized_handler(redirect_to_sign_in)


def _load(token: str) -> SignedIn | None:
    found = sessions.find(token)
    return SignedIn(found, token) if found is not None else None


def start(token: str, opened: UserSession) -> None:
    """Sign this browser in with a new cookie and a new CSRF token."""
    session.clear()
    login_user(SignedIn(opened, token))


def wait(token: str) -> None:
    """Remember that this browser is to give the second factor: nobody is signed in by that."""
    logout_user()
    session.clear()
    session[WAITS] = token


def waiting() -> UserSession | None:
    """The session of this browser that waits for the second factor, and opens nothing else."""
    token = session.get(WAITS)
    return sessions.waiting(token) if token else None


def end() -> None:
    """Sign this browser out."""
    logout_user()
    session.clear()


def signed_in() -> SignedIn | None:
    """The signed-in user, or None."""
    return cast(SignedIn, current_user) if current_user.is_authenticated else None


def forget_caller() -> None:
    """Treat the rest of this request as signed out, without a query."""
    g._login_user = logins.anonymous_user()


def me() -> SignedIn:
    """The signed-in user; only behind `guard`."""
    found = signed_in()
    if found is None:
        abort(401)
    return found


def wide_actor() -> Actor:
    """The user with all own merchants: for one row, opened by its id."""
    return me().actor()


def actor() -> Actor:
    """The user under the merchant that the switcher shows: for lists."""
    found = me()
    return found.actor().narrowed(found.session.merchant_id)


def guard(blueprint: Blueprint) -> None:
    """Require a sign-in for every URL of the blueprint."""
    blueprint.before_request(_check)


def _check() -> BaseResponse | None:
    found = signed_in()
    if found is None:
        return redirect_to_sign_in()
    if found.looks:
        _refuse_changes(found)
    if sessions.is_stale(found.session):
        with suppress(DatabaseBusy), transaction():     # the page matters more than the last use
            sessions.note_use(found.session.id)
    g.zone = zones.of_person(found.user.timezone, actor().merchant_ids)
    if "call" in g:
        g.call.user_id = found.session.user_id          # for the request log
    return None


def _refuse_changes(found: SignedIn) -> None:
    """Raises Forbidden for what an operator who looks at somebody else's dashboard must leave alone."""
    view = current_app.view_functions.get(request.endpoint or "")
    if getattr(view, "is_of_view", False) or (request.method in READS and not getattr(view, "is_personal", False)):
        return
    raise Forbidden(
        f"You see the dashboard as {found.user.email} does, and nothing can be changed. Press Stop at the top first.")


def of_view(view: Any) -> Any:
    """Mark a view that changes only what the page shows: it works while somebody else's dashboard is looked at."""
    view.is_of_view = True
    return view


def personal(view: Any) -> Any:
    """Mark a view of the signed-in person alone: nobody else sees it, who looks at the dashboard."""
    view.is_personal = True
    return view


def redirect_to_sign_in() -> BaseResponse:
    """Redirect to the sign-in page, and back afterwards."""
    if not is_htmx():
        wanted = request.full_path.rstrip("?") if request.method == "GET" else _page_of(request.referrer or "")
        return redirect_to(url_for("auth.login", next=wanted))
    response = make_response("", 401)
    response.headers["HX-Redirect"] = url_for("auth.login", next=_page_of(request.headers.get("HX-Current-URL", "")))
    return response


def _page_of(current: str) -> str | None:
    """The local URL of the page with the form or fragment; None unless it can be opened again."""
    if not current.startswith(request.host_url):
        return None
    path = current.removeprefix(request.host_url.rstrip("/"))
    opens = current_app.create_url_adapter(request)
    return path if opens is not None and opens.test(path.partition("?")[0], "GET") else None


def private(response: Response) -> Response:
    """Forbid caching the response, and compressing it: its length could reveal a secret beside typed text."""
    response.headers["Cache-Control"] = "no-store"
    request.environ.pop("HTTP_ACCEPT_ENCODING", None)
    return response


def may(scope: str) -> bool:
    """Whether the user has the scope; for templates, which hide controls. Views check it themselves."""
    found = signed_in()
    return found is not None and scope in found.scopes


def need(scope: str) -> Any:
    """Decorate a view: raises Forbidden unless the user has the scope."""
    def decorate(view: Any) -> Any:
        def checked(*args: Any, **kwargs: Any) -> Any:
            wide_actor().require(scope)
            return view(*args, **kwargs)

        checked.__name__, checked.__doc__ = view.__name__, view.__doc__
        checked.scope = scope                       # type: ignore[attr-defined]  # for the permission tests
        checked.is_proven = getattr(view, "is_proven", False)       # type: ignore[attr-defined]  # likewise
        return checked

    return decorate
