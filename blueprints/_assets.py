"""Stylesheets, scripts and fonts: addresses that name their content, and files that are compressed once."""

import hashlib
from functools import lru_cache
from pathlib import Path

from flask import Flask, Response, abort, request, send_from_directory, url_for
from werkzeug.security import safe_join

HTMX = "vendor/htmx-4.0.1/htmx.min.js"
TABLER = "vendor/tabler-1.6.1/tabler.min.css"
INTER = "vendor/inter-5.3.0/inter-latin-wght-normal.woff2"
PLOTLY = "vendor/plotly-basic-4.1.1/plotly-basic.min.js"
PLOTLY_STYLES = "vendor/plotly-basic-4.1.1/plotly-static.css"
STYLES = ("tokens", "shell", "controls", "content", "forms", "pages", "responsive")
SCRIPTS = ("shell", "toast", "palette", "forms")

A_YEAR = 31_536_000
TYPES = {".js": "text/javascript", ".css": "text/css"}


def init_app(app: Flask) -> None:
    """Serve `static` in our way and let templates name files by `asset()`."""
    app.view_functions["static"] = serve
    app.add_template_global(asset)
    app.add_template_global(
        {"htmx": HTMX, "tabler": TABLER, "inter": INTER, "plotly": PLOTLY, "plotly_styles": PLOTLY_STYLES,
         "styles": STYLES, "scripts": SCRIPTS},
        "files",
    )


def asset(filename: str) -> str:
    """The address of a static file. It changes with the content, so that browsers may keep it for a year."""
    if filename.startswith("vendor/"):
        return url_for("static", filename=filename)
    return url_for("static", filename=filename, v=_fingerprint(filename, _changed(filename)))


def serve(filename: str) -> Response:
    """A static file: the brotli twin when there is one and the browser takes it."""
    folder = _folder()
    path = safe_join(str(folder), filename)
    if path is None or not Path(path).is_file():
        abort(404)
    kept = A_YEAR if filename.startswith("vendor/") or "v" in request.args else None
    twin = Path(path + ".br")
    if twin.is_file() and "br" in request.accept_encodings:
        response = send_from_directory(folder, filename + ".br", mimetype=TYPES[Path(path).suffix], max_age=kept)
        response.headers["Content-Encoding"] = "br"
    else:
        response = send_from_directory(folder, filename, max_age=kept)
    if twin.is_file():
        response.vary.add("Accept-Encoding")
    if kept:
        response.cache_control.immutable = True
    return response


def _folder() -> Path:
    return Path(__file__).resolve().parent.parent / "static"


def _changed(filename: str) -> int:
    return (_folder() / filename).stat().st_mtime_ns


@lru_cache(maxsize=256)
def _fingerprint(filename: str, changed: int) -> str:
    return hashlib.sha256((_folder() / filename).read_bytes()).hexdigest()[:10]
