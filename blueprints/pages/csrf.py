"""Protects pages against CSRF by a token in forms and the browser's origin headers."""

from urllib.parse import SplitResult, urlsplit

from flask import Blueprint, Flask, abort, request
from flask_wtf.csrf import CSRFProtect

csrf = CSRFProtect()
OWN = ("same-origin", "none")
ELSEWHERE = "This request came from another site."
DEFAULT_PORTS = {"http": 80, "https": 443}
READS = ("GET", "HEAD", "OPTIONS")


def init_app(app: Flask) -> None:
    """Give templates tokens. Checks are per blueprint: the APIs use no cookies."""
    app.config.setdefault("WTF_CSRF_CHECK_DEFAULT", False)
    app.config.setdefault("WTF_CSRF_SSL_STRICT", False)             # would require a Referer: see is_from_here
    app.config.setdefault("WTF_CSRF_TIME_LIMIT", None)              # valid as long as the session
    csrf.init_app(app)


def attach(blueprint: Blueprint) -> None:
    """Check every unsafe request of the blueprint."""
    blueprint.before_request(check)


def check() -> None:
    """Refuse requests that another site made the browser send."""
    if request.method in READS:
        return
    if not is_from_here():
        abort(403, ELSEWHERE)
    csrf.protect()


def is_from_here() -> bool:
    """Whether the form was on this site, by Sec-Fetch-Site, else Origin, and only without both by Referer."""
    site = request.headers.get("Sec-Fetch-Site")
    if site is not None:
        return site in OWN
    origin = request.headers.get("Origin")
    if origin is not None:
        return _is_own(origin)
    referer = request.headers.get("Referer")
    return _is_own(referer) if referer else not request.is_secure


def _is_own(address: str) -> bool:
    """Whether this URL is on this host. The scheme may differ behind a proxy that ends HTTPS."""
    try:
        parts = urlsplit(address)
        port = parts.port or DEFAULT_PORTS.get(parts.scheme)
        own = urlsplit(request.host_url)
        return parts.hostname == own.hostname and port in (own.port or DEFAULT_PORTS[own.scheme], _outside(parts, own))
    except ValueError:
        return False


def _outside(parts: SplitResult, own: SplitResult) -> int | None:
    """The default port of a URL without one, if the Host has none either."""
    return DEFAULT_PORTS.get(parts.scheme) if own.port is None else None
