"""Security headers of every answer: a strict policy for pages, silence for the APIs."""

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
)                               # the same as below, all at once: an API's answer sets none of them itself
OVER_HTTPS = ("Strict-Transport-Security", A_YEAR)


def init_app(app: Flask) -> None:
    """Register the headers; they are set last, so that a view may say more but not less."""
    app.after_request(harden)


def harden(response: Response) -> Response:
    """No sniffing, no framing, no inline code, no caching of what is private."""
    is_page = response.mimetype == "text/html"
    is_static = request.endpoint == "static"
    headers = response.headers
    for name, value in ALWAYS:
        headers[name] = value
    headers.setdefault("Content-Security-Policy", POLICY if is_page or is_static else SILENT)
    # Pages need a Referer of their own host: the CSRF check asks for it over HTTPS.
    headers.setdefault("Referrer-Policy", "same-origin" if is_page or is_static else "no-referrer")
    headers.setdefault("Cross-Origin-Opener-Policy", "same-origin")
    headers.setdefault("Permissions-Policy", PERMISSIONS)
    if not is_static:
        headers.setdefault("Cache-Control", "no-store")
    if request.is_secure:
        headers.setdefault(*OVER_HTTPS)
    return response
