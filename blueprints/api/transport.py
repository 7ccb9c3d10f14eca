"""Plain HTTP is refused, not redirected: a redirect would teach clients to send the key in clear."""

from flask import current_app, request

from domain.errors import Forbidden
from domain.recognition import parsed_address

PROXY_HEADERS = ("X-Forwarded-For", "X-Forwarded-Proto", "X-Forwarded-Host", "Forwarded", "X-Real-IP", "Via")


def require_https() -> None:
    """Raises Forbidden (`https_required`) as the setting REQUIRE_HTTPS says.

    `auto` lets plain HTTP pass only from this machine itself and through no proxy.
    """
    policy = current_app.config["REQUIRE_HTTPS"]
    if request.is_secure or policy == "never" or (policy == "auto" and is_local()):
        return
    raise Forbidden("This API answers over HTTPS only.", code="https_required")


def is_local() -> bool:
    """Is the peer this machine itself, and no proxy in between?"""
    peer = request.environ.get("werkzeug.proxy_fix.orig", {}).get("REMOTE_ADDR") or request.remote_addr
    address = parsed_address(peer or "")
    return address is not None and address.is_loopback and not any(name in request.headers for name in PROXY_HEADERS)
