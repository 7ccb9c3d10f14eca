"""Refuses plain HTTP instead of redirecting it, because a client would send its key in clear each time."""

from flask import current_app
from werkzeug.wrappers import Request

from database import ip_addresses
from domain.errors import Forbidden

PROXY_HEADERS = frozenset((             # WSGI's names
    "HTTP_X_FORWARDED_FOR", "HTTP_X_FORWARDED_PROTO", "HTTP_X_FORWARDED_HOST", "HTTP_FORWARDED", "HTTP_X_REAL_IP",
    "HTTP_VIA",
))


def require_https(request: Request) -> None:
    """Raises Forbidden (`https_required`) as the setting REQUIRE_HTTPS says.

    `auto` allows plain HTTP only from this machine itself and without a proxy.
    """
    policy = current_app.config["REQUIRE_HTTPS"]
    if request.is_secure or policy == "never" or (policy == "auto" and is_local(request)):
        return
    raise Forbidden(
        "This API answers over HTTPS only. Behind a proxy that ends HTTPS the operator sets "
        "COUNTINGHOUSE_TRUSTED_PROXIES; COUNTINGHOUSE_REQUIRE_HTTPS=never allows plain HTTP.", code="https_required",
    )


def is_local(request: Request) -> bool:
    """Whether the request comes from this machine itself, without a proxy."""
    environ = request.environ
    peer = environ.get("werkzeug.proxy_fix.orig", environ).get("REMOTE_ADDR")
    address = ip_addresses.parsed(peer or "")
    return address is not None and address.is_loopback and environ.keys().isdisjoint(PROXY_HEADERS)
