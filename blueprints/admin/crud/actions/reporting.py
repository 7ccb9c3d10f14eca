"""Says on the page what an action did."""

from urllib.parse import urlsplit

from flask import flash, request
from werkzeug.wrappers import Response as BaseResponse

from blueprints.admin.crud.listing import ListPage
from blueprints.pages.htmx import is_htmx, redirect_to, refreshed


def done(
    here: ListPage, message: str, undo: str | None, *, gone: bool = False, kind: str = "ok"
) -> BaseResponse:
    """Reload the current page with a toast about the action; after a question of its own page, the record's."""
    flash(message, undo or kind)
    current = request.headers.get("HX-Current-URL") or request.referrer or ""
    is_question = urlsplit(current).path == request.path
    key = (request.view_args or {}).get("key")
    if is_question and key is not None:
        stays = here.opens and not gone
        return redirect_to(here.url("show", key=key) if stays else here.url("list"))
    if is_htmx():
        return refreshed()
    stays = not gone and current.startswith(request.host_url)
    return redirect_to(current if stays else here.url("list"))
