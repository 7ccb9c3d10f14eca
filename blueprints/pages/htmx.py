"""Wraps htmx-flask and the headers of htmx 4; no other module uses them.

htmx-flask 0.1.0 was written for htmx 1: it refuses newer swap styles, reads removed headers, and
never sets Vary. So only its request attribute is used, and headers are set directly.
"""

import json
from typing import Any

from flask import Flask, Response, make_response, redirect, render_template, request
from htmx_flask import Htmx
from werkzeug.wrappers import Response as BaseResponse

VARY = ("HX-Request", "HX-Request-Type")


def init_app(app: Flask) -> None:
    """Give requests `request.htmx`, and pages the Vary header."""
    Htmx(app)
    app.after_request(vary)


def vary(response: Response) -> Response:
    """Set Vary, so that caches do not confuse fragments and pages."""
    if response.mimetype == "text/html":
        response.vary.update(VARY)
    return response


def is_htmx() -> bool:
    """Whether the request comes from htmx, for a whole page or a part."""
    return bool(getattr(request, "htmx", None))


def is_partial() -> bool:
    """Whether htmx requests a part. Going back in history requests the whole page."""
    return is_htmx() and request.headers.get("HX-Request-Type") != "full"


def target_is(element_id: str) -> bool:
    """Whether htmx will fill this element. htmx 4 names it `tag#id`."""
    return request.headers.get("HX-Target", "").rpartition("#")[2] == element_id


def page_or_part(whole: str, part: str, /, **context: Any) -> Response:
    """The whole page for a browser, only the part for htmx."""
    return make_response(render_template(part if is_partial() else whole, **context))


def redirect_to(location: str) -> BaseResponse:
    """Redirect after a form: 303, or HX-Redirect for htmx, since fetch would follow a 303 by itself."""
    if not is_htmx():
        return redirect(location, 303)
    response = make_response("", 204)
    response.headers["HX-Redirect"] = location
    return response


def refreshed() -> Response:
    """Have htmx load the page again."""
    response = make_response("", 204)
    response.headers["HX-Refresh"] = "true"
    return response


def as_dialog(response: Response) -> Response:
    """Show a part as a dialog, whatever the request would have filled."""
    response.headers["HX-Retarget"], response.headers["HX-Reswap"] = "#dialog-host", "innerHTML"
    return response


def with_toast(response: Response, message: str, *, undo: str | None = None, kind: str = "ok") -> Response:
    """Show a toast. A POST to the URL `undo` undoes the change."""
    toast = {"target": "body", "message": message, "kind": kind, "undo": undo}
    response.headers["HX-Trigger"] = json.dumps({"toast": toast})      # ASCII, as headers require
    return response
