"""One request in detail, by its number or its request id, and the requests around it."""

from datetime import timedelta
from typing import Any

from flask import Response, make_response, redirect, render_template, url_for

from analytics.queries import listing
from analytics.queries.filters import Filter
from analytics.queries.listing import Row
from analytics.rollups.grains import PAGES
from analytics.rollups.periods import EPOCH
from blueprints.analytics import links
from blueprints.analytics.command import command
from blueprints.analytics.report_query import key_names, wide_scope
from blueprints.pages.session import need
from blueprints.row_keys import row_key
from blueprints.services import settings
from domain import clock

AROUND = timedelta(hours=1)         # before and after a request, in which related ones are listed
NEWER = 24                          # related requests above it on the page
LARGEST_NUMBER = 1 << 62


def register(bp: Any) -> None:
    """Register the URLs of single requests."""
    allowed = need("READ_ANALYTICS")
    bp.add_url_rule("/requests/<number>", "request", allowed(show))
    bp.add_url_rule("/requests/<int:number>/related", "request_related", allowed(related))


def show(number: str) -> Response:
    """One request by its number or its request id; 404 for another merchant's too."""
    key = row_key(number)
    row = _found(key) if key is not None else None
    return _detail(row) if row is not None else by_id(number)


def by_id(request_id: str) -> Response:
    """The request that was answered with this id; a list when callers chose it more than once."""
    found = listing.requests(Filter(
        scope=wide_scope(), start=EPOCH, end=clock.now() + AROUND, request_id=request_id), None, 2).rows
    if len(found) > 1:
        return _see(url_for("analytics.requests", q=request_id, range="90d", mode="all"))
    return _detail(found[0]) if found else _missing(request_id)


def related(number: int) -> Response:
    """The list of the same caller's requests, on the page that has this one in its middle."""
    row = _found(number)
    if row is None:
        return _missing(str(number))
    start, end = row.at - AROUND, row.at + AROUND
    caller = caller_of(row)
    question = Filter(scope=wide_scope(), start=start, end=end, mode=row.mode, **_kept(row), **{
        {"key": "key_id", "user": "user_id", "customer": "customer_id"}.get(name, name): value
        for name, value in caller.items()})
    cursor = listing.centred(question, row, NEWER)
    ends = {name: f"{moment:%Y-%m-%dT%H:%M:%SZ}" for name, moment in (("from", start), ("to", end))}
    return _see(url_for("analytics.requests", range="custom", mode=row.mode, after=cursor, mark=row.id, **(
        ends | caller | _kept(row))) + f"#r{row.id}")


def caller_of(row: Row) -> dict[str, Any]:
    """The filter of the request's caller: the key, else the user, the customer, the address."""
    named = {"key": row.key_id, "user": row.user_id, "customer": row.customer_id, "ip": row.ip}
    return dict([next((name, value) for name, value in named.items() if value)]) if any(named.values()) else {}


def _kept(row: Row) -> dict[str, Any]:
    """Imported logs and pages are left out of a list that does not name them."""
    return {"source": row.source} if row.source == PAGES or row.source.startswith("import:") else {}


def _found(number: int) -> Row | None:
    return listing.request(wide_scope(), number) if number < LARGEST_NUMBER else None


def _see(address: str) -> Response:
    return make_response(redirect(address, 303))


def _missing(name: str) -> Response:
    days = settings().log_retention_days
    return make_response(render_template("analytics/missing.html", name=name[:64], days=days), 404)


def _detail(row: Row) -> Response:
    key = key_names([row.key_id]).get(row.key_id) if row.key_id is not None else None
    parent = listing.request(wide_scope(), row.parent_id) if row.parent_id is not None else None
    return make_response(render_template(
        "analytics/request.html", row=row, key=key, parent=parent, link=links.finder(),
        calls=listing.children(wide_scope(), row.id), curl=command(row)))
