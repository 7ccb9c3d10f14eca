"""Pages of webhook deliveries: requests, responses, and sending again."""

import json
from datetime import datetime, timedelta
from typing import Any

from flask import Response, flash, request
from sqlalchemy import case, func, select
from werkzeug.wrappers import Response as BaseResponse

from blueprints.admin.crud import actions, records
from blueprints.admin.crud.charts import Chart, Look, stacked
from blueprints.admin.crud.confirm import Confirmation, ask
from blueprints.admin.crud.list_filters import ListFilter
from blueprints.admin.crud.listing import Column, ListPage, show_list
from blueprints.pages.format import zone
from blueprints.pages.htmx import redirect_to
from blueprints.pages.session import actor, need
from database import db, transaction
from domain import clock
from domain.actor import Actor
from domain.errors import Invalid
from domain.integrations import deliveries, events, webhooks
from domain.pages import Query
from models.outbox import Task, TaskStatus
from models.webhook import Delivery

DAYS = 30
TONES = {"done": "ok", "pending": "warn", "held": "warn", "failed": "bad", "cancelled": ""}
WORDS = {"done": "Delivered", "pending": "Waiting", "held": "Held", "failed": "Failed", "cancelled": "Cancelled"}
AT_ONCE = Look("Test event", "p50", ".")
LOOKS = {
    TaskStatus.DONE: Look("Delivered", "2xx"), TaskStatus.PENDING: Look("Waiting", "4xx", "/"),
    TaskStatus.HELD: Look("Held", "prev", "-"), TaskStatus.FAILED: Look("Failed", "5xx", "x"),
    TaskStatus.CANCELLED: Look("Cancelled", "3xx", "\\"), None: AT_ONCE,
}


def endpoint_choices(who: Actor) -> list[tuple[str, str]]:
    """The endpoints to filter the list by."""
    page = webhooks.LISTING.page(who, Query(sort="url", descending=False, limit=200))
    return [(str(record.id), record.url[:80]) for record in page.records]


PAGE = ListPage(
    resource=deliveries.RESOURCE,
    mount="/webhooks/deliveries",
    title="Deliveries",
    apart="It is linked from Webhooks and from each endpoint.",
    icon="send",
    about="Each event that was or will be sent to an endpoint, with every attempt.",
    columns=(
        Column(name="event", kind="link"), Column(name="resource", title="About", kind="mono"),
        Column(name="url", title="Endpoint", fixed_by="endpoint_id"),
        Column(name="status", kind="tag", choices=list(WORDS.items())),
        Column(name="attempts_kept", title="Attempts", kind="number"), Column(name="last_error", title="Last error"),
        Column(name="message_id"), Column(name="created_at", title="Created", kind="when", sort="created_at"),
    ),
    list_filters=(
        ListFilter(name="endpoint_id", title="Endpoint", choices=endpoint_choices, read=int),
        ListFilter(name="event", choices=[(name, name) for name in (
            *(one.name for one in events.EVENTS), webhooks.TEST_EVENT)]),
        ListFilter(name="status", choices=list(WORDS.items()), read=TaskStatus),
        ListFilter(name="created_after", title="Created from", kind="day"),
        ListFilter(name="created_before", title="Created until", kind="day"),
    ),
    tones=TONES,
    name=lambda row: f"{row.event} · delivery {row.id}",
    show="admin/webhook_delivery.html",
    details="admin/_delivery.html",
    context=lambda record: context(record),
    audit_verbs={"redelivered": "sent again", "redelivered_failed": "sent again all failed"},
)


def register(bp: Any) -> None:
    """Register the URLs of the deliveries."""
    read, write = need("READ_KEYS"), need("WRITE_KEYS")
    path = PAGE.path
    bp.add_url_rule(path, "deliveries_list", read(show_all), methods=["GET"])
    bp.add_url_rule(path + ".csv", "deliveries_export", read(download), methods=["GET"])
    bp.add_url_rule(path + "/<int:key>", "deliveries_show", read(show), methods=["GET"])
    actions.register(bp, PAGE)
    bp.add_url_rule(path + "/redeliver", "deliveries_ask_failed", write(ask_failed), methods=["GET"])
    bp.add_url_rule(path + "/redeliver", "deliveries_failed", write(redeliver_failed), methods=["POST"])


def show_all() -> Response:
    """The list, with the chart above it."""
    wanted = PAGE.filters(actor()).get("endpoint_id")
    return show_list(
        PAGE, "admin/webhook_deliveries.html", "admin/_webhook_deliveries.html", words_of=WORDS,
        chart=chart(actor(), wanted), days=DAYS, now=clock.now(),
    )


def download() -> Response:
    """Download all rows of the list's URL, on all pages."""
    return records.export_list(PAGE)


def show(key: int) -> Response:
    """One delivery: its request, and each attempt with its response."""
    return records.show(PAGE, key)


def context(record: Any) -> dict[str, Any]:
    """The body, the attempts and the headers of the last one, for the delivery's page."""
    attempts = record.children["attempts"]
    return {
        "attempts": attempts, "body": pretty(record.body), "pretty": pretty, "now": clock.now(),
        "headers": attempts[-1].request_headers if attempts else {},
    }


def pretty(text: str) -> str:
    """JSON with indentation; other texts unchanged."""
    try:
        return json.dumps(json.loads(text), indent=2, ensure_ascii=False)
    except ValueError:
        return text


# Sending again ----------------------------------------------------------------------------------------


def period() -> tuple[datetime, datetime]:
    """The period in the URL; raises Invalid when a part is missing."""
    wanted = PAGE.filters(actor())
    first, last = wanted.get("created_after"), wanted.get("created_before") or clock.now()
    if first is None:
        raise Invalid("Choose the first day of the period first: “From”, above the list.")
    return first, last


def ask_failed() -> Response:
    """Ask for confirmation, with the number of deliveries."""
    first, last = period()
    wanted = PAGE.filters(actor()) | {
        "status": TaskStatus.FAILED, "created_after": first, "created_before": last,
    }
    count = deliveries.LISTING.count(actor(), **wanted)
    named = {name: request.args[name] for name in ("endpoint_id", "created_after", "created_before")
             if request.args.get(name)}
    return ask(Confirmation(
        title="Send failed deliveries again?",
        text="Each is sent with the same bytes and the same message id; receivers can ignore duplicates by id.",
        facts=(f"{count:,} failed {'delivery' if count == 1 else 'deliveries'} between {shown(first)} and "
               f"{shown(last)}.",),
        action=PAGE.url("failed", **named), back=PAGE.url("list", **named), button="Send again",
    ))


def shown(moment: datetime) -> str:
    """A moment in the reader's zone, in words."""
    return moment.astimezone(zone()).strftime("%-d %b %Y, %H:%M")


def redeliver_failed() -> BaseResponse:
    """Send all failed deliveries of the period again, in one transaction."""
    first, last = period()
    with transaction():
        count = deliveries.redeliver_failed(actor(), first, last, PAGE.filters(actor()).get("endpoint_id"))
    flash(f"{count:,} {'delivery' if count == 1 else 'deliveries'} will be sent again.", "ok")
    return redirect_to(PAGE.url("list", **request.args.to_dict()))


# The chart ----------------------------------------------------------------------------------------


def chart(who: Actor, endpoint_id: int | None = None, days: int = DAYS) -> Chart | None:
    """The chart of deliveries by status and day of the reader's zone; None without any."""
    edges = midnights(days)
    counts = by_day(who, edges, endpoint_id)
    if not counts:
        return None
    labels = [edge.strftime("%-d %b") for edge in edges]
    parts = {look: [counts.get((place, status), 0) for place in range(days)] for status, look in LOOKS.items()}
    total, failed = sum(counts.values()), sum(parts[LOOKS[TaskStatus.FAILED]])
    return stacked(labels, parts, f"Deliveries of {days} days by status: {total:,} in all, {failed:,} failed.")


def midnights(days: int) -> list[datetime]:
    """The first instants of the last days in the reader's zone, oldest first."""
    today = clock.now().astimezone(zone()).replace(hour=0, minute=0, second=0, microsecond=0)
    return [today - timedelta(days=back) for back in range(days - 1, -1, -1)]


def by_day(who: Actor, edges: list[datetime], endpoint_id: int | None) -> dict[tuple[int, TaskStatus | None], int]:
    """The number of deliveries between each edge and the next, by status."""
    clauses, values = deliveries.LISTING.owned(who)
    which = case(*((Delivery.created_at < edge, place) for place, edge in enumerate(edges[1:])), else_=len(edges) - 1)
    found = (
        select(which.label("day"), Task.status.label("status")).outerjoin(Task, Task.id == Delivery.task_id)
        .where(*clauses, Delivery.created_at >= edges[0])
    )
    if endpoint_id is not None:
        found = found.where(Delivery.endpoint_id == endpoint_id)
    part = found.subquery()
    rows = db.session.execute(
        select(part.c.day, part.c.status, func.count()).group_by(part.c.day, part.c.status), values
    )
    return {(day, status): count for day, status, count in rows}
