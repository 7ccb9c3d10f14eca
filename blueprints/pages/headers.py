"""Sets security headers on every response: a strict policy for pages, a minimal one for the APIs."""

from flask import Flask, Response, request

POLICY = "; ".join((
    "default-src 'none'",
    "script-src 'self'",
    "style-src 'self'",
    "img-src 'self' data:",
    "font-src 'self'",
    "connect-src 'self'",
    "form-action 'self'",
    "base-uri 'none'",
    "frame-ancestors 'none'",
))
SILENT = "default-src 'none'; frame-ancestors 'none'"
A_YEAR = "max-age=31536000"
PERMISSIONS = "camera=(), geolocation=(), microphone=(), payment=()"


ALWAYS = (("X-Content-Type-Options", "nosniff"), ("X-Frame-Options", "DENY"))
OF_API = (
    *ALWAYS,
    ("Content-Security-Policy", SILENT),
    ("Referrer-Policy", "no-referrer"),
    ("Cross-Origin-Opener-Policy", "same-origin"),
    ("Permissions-Policy", PERMISSIONS),
    ("Cache-Control", "no-store"),
)                               # as below, but at once: an API's response sets none of them itself
OVER_HTTPS = ("Strict-Transport-Security", A_YEAR)


def init_app(app: Flask) -> None:
    """Register the headers; they are set last, so that a view can add but not remove any."""
    app.after_request(harden)


def harden(response: Response) -> Response:
    """Forbid sniffing, framing, inline code and caching of private pages."""
    is_page = response.mimetype == "text/html"
    is_static = request.endpoint == "static"
    headers = response.headers
    for name, value in ALWAYS:
        headers[name] = value
    headers.setdefault("Content-Security-Policy", POLICY if is_page or is_static else SILENT)
    # Pages need a Referer of their own host: the CSRF check requires it over HTTPS.
    headers.setdefault("Referrer-Policy", "same-origin" if is_page or is_static else "no-referrer")
    headers.setdefault("Cross-Origin-Opener-Policy", "same-origin")
    headers.setdefault("Permissions-Policy", PERMISSIONS)
    if not is_static:
        headers.setdefault("Cache-Control", "no-store")
    if request.is_secure:
        headers.setdefault(*OVER_HTTPS)
    return response
