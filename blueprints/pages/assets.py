"""Serves stylesheets, scripts and fonts under URLs with a content hash, compressed once."""

import hashlib
import os.path
from functools import lru_cache
from io import BytesIO
from pathlib import Path

import brotli
from flask import (
    Flask,
    Response,
    abort,
    current_app,
    has_request_context,
    request,
    send_file,
    send_from_directory,
    url_for,
)
from werkzeug.security import safe_join

HTMX = "vendor/htmx-4.0.1/htmx.min.js"
INTER = "vendor/inter-5.3.0/inter-latin-wght-normal.woff2"
PLOTLY = "vendor/plotly-basic-4.1.1/plotly-basic.min.js"
PLOTLY_STYLES = "vendor/plotly-basic-4.1.1/plotly-static.css"
STYLES = (
    "tabler", "tokens", "shell", "controls", "panels", "tables", "forms", "frame", "editing", "panel_parts", "record",
    "responsive", "details", "lists", "split",
)
SCRIPTS = ("shell", "keys", "toast", "palette", "forms", "lists")

A_YEAR = 31_536_000
FOLDER = Path(__file__).resolve().parents[2] / "static"
TYPES = {".js": "text/javascript", ".css": "text/css", ".svg": "image/svg+xml", ".woff2": "font/woff2"}
TEXT = ("text/javascript", "text/css", "image/svg+xml")


def init_app(app: Flask) -> None:
    """Replace Flask's static route and give templates `asset()`."""
    app.view_functions["static"] = serve
    app.add_template_global(asset)
    app.jinja_env.globals["files"] = {
        "htmx": HTMX, "inter": INTER, "plotly": PLOTLY, "plotly_styles": PLOTLY_STYLES,
        "styles": STYLES, "scripts": SCRIPTS,
    }


def asset(filename: str) -> str:
    """The URL of a static file. It changes with the content, so that browsers may cache it for a year."""
    # A page has a hundred icons: outside development a URL is computed once per process and mount.
    changed = _changed(filename) if current_app.debug else 0
    return _address(filename, request.script_root if has_request_context() else "", changed)


@lru_cache(maxsize=1024)
def _address(filename: str, root: str, changed: int) -> str:
    if filename.startswith("vendor/"):
        return url_for("static", filename=filename)
    return url_for("static", filename=filename, v=_fingerprint(filename, changed or _changed(filename)))


def serve(filename: str) -> Response:
    """A static file, compressed where useful: vendored files have a compressed copy, ours are compressed once."""
    path = safe_join(str(FOLDER), filename)
    if path is None or not os.path.isfile(path):        # Path.is_file fails on a name that is too long
        abort(404)
    kept = A_YEAR if filename.startswith("vendor/") or "v" in request.args else None
    mimetype = TYPES.get(Path(path).suffix)
    packed = _packed(filename) if mimetype in TEXT and request.accept_encodings.find("br") >= 0 else None
    if packed is None:
        response = send_from_directory(FOLDER, filename, mimetype=mimetype, max_age=kept)
    else:
        response = send_file(BytesIO(packed), mimetype=mimetype, max_age=kept)
        response.headers["Content-Encoding"] = "br"
        response.set_etag(_fingerprint(filename, _changed(filename)))
        response.make_conditional(request)
    if mimetype in TEXT:
        response.vary.add("Accept-Encoding")
    if kept:
        response.cache_control.immutable = True
    return response


def _packed(filename: str) -> bytes:
    """The brotli form of a text file."""
    twin = FOLDER / (filename + ".br")
    return twin.read_bytes() if twin.is_file() else _pack(filename, _changed(filename))


@lru_cache(maxsize=64)
def _pack(filename: str, changed: int) -> bytes:
    packed: bytes = brotli.compress((FOLDER / filename).read_bytes(), mode=brotli.MODE_TEXT)
    return packed


def _changed(filename: str) -> int:
    return (FOLDER / filename).stat().st_mtime_ns


@lru_cache(maxsize=256)
def _fingerprint(filename: str, changed: int) -> str:
    return hashlib.sha256((FOLDER / filename).read_bytes()).hexdigest()[:10]
