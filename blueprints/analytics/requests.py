"""Pages of the request log: a list with filters, and its exports."""

from typing import Any
from urllib.parse import quote

from flask import Response, make_response, render_template, request

from analytics.queries import listing, queries
from analytics.queries.listing import Page
from blueprints.analytics import export, filter_chips, links
from blueprints.analytics.report import addressed
from blueprints.analytics.report_query import key_names, read, scope
from blueprints.pages import navigation
from blueprints.pages.format import zone
from blueprints.pages.htmx import is_partial
from blueprints.pages.navigation import Found, Hit, Item
from blueprints.pages.session import need
from database import ip_addresses

MOST_ENDPOINTS = 5                  # that the palette shows
DEFAULT_RANGE = "24h"
PAGE = 50
HEADING = (
    "time", "request_id", "contract", "method", "endpoint", "path", "query", "status", "error_code", "duration_ms",
    "request_bytes", "response_bytes", "ip", "user_agent", "key_id", "merchant_id", "source", "mode", "operation",
    "user_id", "customer_id", "objects", "message", "fields")


def register(bp: Any) -> None:
    """Register the URLs of the request log."""
    navigation.add(Item(
        title="Request log", icon="list-search", path="/admin/requests", position=20, group="", scope="READ_ANALYTICS",
        keys="l", search=find,
    ))
    allowed = need("READ_ANALYTICS")
    bp.add_url_rule("/requests", "requests", allowed(show), methods=["GET"])
    bp.add_url_rule("/requests.<any(csv, json):kind>", "requests_export", allowed(download))


def find(words: str) -> Found:
    """The palette's hits: the request log of a request, of a caller's address, or of endpoints with these words."""
    address = ip_addresses.parsed(words)
    if address is not None:
        return [("Requests", [Hit(f"Requests from {address}", "list-search", f"/admin/requests?ip={address}")])]
    if words.startswith("req_"):
        return [("Requests", [Hit(f"Request {words}", "list-search", f"/admin/requests/{quote(words, safe='')}")])]
    wanted = words.lower().split()
    named = [name for name in queries.endpoints(scope()) if all(word in name.lower() for word in wanted)]
    hits = [Hit(name, "list-search", f"/admin/requests?endpoint={quote(name, safe='')}") for name in named]
    return [("Endpoints", hits[:MOST_ENDPOINTS])]


def show() -> Response:
    """The list; for htmx only the table, and nothing without new requests."""
    asked = read(DEFAULT_RANGE)
    cursor = request.args.get("after") or None
    try:
        page = listing.requests(asked.filter, cursor, PAGE)
    except ValueError:
        cursor, page = None, listing.requests(asked.filter, None, PAGE)
    stamp = f"{page.rows[0].id if page.rows else 0}-{page.total}"
    if request.args.get("seen") == stamp:
        return make_response("", 204)
    template = "analytics/_requests.html" if is_partial() else "analytics/requests.html"
    response = make_response(render_template(
        template, asked=asked, page=page, cursor=cursor, stamp=stamp, names=_names(page),
        link=links.finder(), owners=links.owners, mark=request.args.get("mark", type=int),
        **filter_chips.bar(asked, "analytics.requests", single=True)))
    return addressed(response, asked.link("analytics.requests"))


def _names(page: Page) -> dict[int, Any]:
    return key_names(sorted({row.key_id for row in page.rows if row.key_id is not None}))


def download(kind: str) -> Response:
    """Download all requests of the list."""
    asked = read(DEFAULT_RANGE)
    rows = ([
        row.at.astimezone(zone()).isoformat(), row.request_id, row.contract, row.method, row.endpoint, row.path,
        row.query, row.status, row.error_code,
        None if row.duration_us is None else row.duration_us / 1000, row.request_bytes, row.response_bytes, row.ip,
        row.user_agent, row.key_id, row.merchant_id, row.source, row.mode, row.operation, row.user_id, row.customer_id,
        links.words(row.objects), row.message, row.fields,
    ] for row in listing.stream(asked.filter))
    return export.send(kind, "requests", HEADING, rows)


