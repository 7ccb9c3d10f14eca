"""Only our own pages may post to our pages: a token in the form, and what the browser says of the origin."""

from flask import Blueprint, Flask, abort, request
from flask_wtf.csrf import CSRFProtect

csrf = CSRFProtect()
OWN = ("same-origin", "none")
READS = ("GET", "HEAD", "OPTIONS")


def init_app(app: Flask) -> None:
    """Tokens for the templates. Checking is per blueprint: the APIs have no cookies to abuse."""
    app.config.setdefault("WTF_CSRF_CHECK_DEFAULT", False)
    app.config.setdefault("WTF_CSRF_TIME_LIMIT", None)              # as long as the session
    csrf.init_app(app)


def attach(blueprint: Blueprint) -> None:
    """Check every writing request of the blueprint."""
    blueprint.before_request(check)


def check() -> None:
    """Refuse what another site made the browser send."""
    if request.method in READS:
        return
    if request.headers.get("Sec-Fetch-Site", "none") not in OWN:
        abort(403, "This request came from another site.")
    csrf.protect()
