"""Says on the page what an action did."""

from flask import Response, flash, make_response, request
from werkzeug.wrappers import Response as BaseResponse

from blueprints.admin.crud.listing import ListPage
from blueprints.pages.htmx import is_htmx, redirect_to


def done(
    here: ListPage, message: str, undo: str | None, *, gone: bool = False, kind: str = "ok"
) -> BaseResponse:
    """Reload the current page with a toast about the action."""
    flash(message, undo or kind)
    if is_htmx():
        response: Response = make_response("", 204)
        response.headers["HX-Refresh"] = "true"
        return response
    back = request.referrer or ""
    stays = not gone and back.startswith(request.host_url)
    return redirect_to(back if stays else here.url("list"))
