"""Finds what needs attention: payments that did not end by themselves, gateways that are left alone, tickets and
invoices that are late, failing endpoints and deliveries, keys that expire soon or work from any address."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from urllib.parse import urlencode

from sqlalchemy import func, or_, select

from blueprints.pages.format import money, zone
from database import db
from domain import clock
from domain.actor import Actor
from domain.integrations import api_keys, webhooks
from domain.invoicing.paying.unpaid import LATE
from domain.outbox import tasks
from domain.pages import Query
from domain.payments.gateways import registry
from domain.payments.reports import standing
from domain.support import ticket_queues
from models.credential import Mode
from models.invoice import InvoiceStatus
from models.outbox import Task, TaskStatus
from models.webhook import Endpoint, EndpointStatus

SOON = timedelta(days=14)
LATELY = timedelta(days=7)
MOST = 4                            # rows of one kind
MOST_KEYS = 200                     # keys that are looked at


@dataclass(frozen=True, slots=True)
class Notice:
    """One thing to do. `tone` is bad for what fails now, warn for what will fail."""

    icon: str
    title: str
    text: str
    url: str
    tone: str = "warn"


def notices(who: Actor, mode: Mode) -> list[Notice] | None:
    """What needs attention, what fails first; None for a user who may see none of it."""
    parts: tuple[tuple[str, Callable[[], list[Notice]]], ...] = (
        ("READ_PAYMENTS", lambda: [*_unknown(who), *_parked(who)]), ("READ_ORDERS", lambda: _declined(who)),
        ("READ_TICKETS", lambda: _late(who)), ("READ_INVOICES", lambda: _overdue(who)),
        ("READ_KEYS", lambda: [*_endpoints(who), *_deliveries(who), *_expiring(who, mode), *_open(who, mode)]),
    )
    seen = [find for scope, find in parts if who.can(scope)]
    return [one for find in seen for one in find()] if seen else None


def _declined(who: Actor) -> list[Notice]:
    """Payments that need another card, with their money."""
    found = [one for one in standing.declined(who) if one.hard]
    count = sum(one.hard for one in found)
    if not count:
        return []
    title = f"{count:,} declined {'payment needs' if count == 1 else 'payments need'} a new card"
    sums = ", ".join(money(one.hard_minor, one.currency) for one in found[:2])
    return [Notice("credit-card", title, sums, "/admin/exceptions/declined?status=hard-declined", "bad")]


def _late(who: Actor) -> list[Notice]:
    """Tickets whose customers wait longer than they should."""
    count = ticket_queues.overdue(who)
    title = f"{count:,} {'ticket is' if count == 1 else 'tickets are'} past the time to answer"
    return [Notice("ticket", title, "", "/admin/desk?queue=overdue", "bad")] if count else []


def _overdue(who: Actor) -> list[Notice]:
    """Invoices that were to be paid by now."""
    count = LATE.count(who)
    title = f"{count:,} overdue {'invoice' if count == 1 else 'invoices'}"
    return [Notice("file-invoice", title, "", f"/admin/invoices?status={InvoiceStatus.OVERDUE}")] if count else []


def _unknown(who: Actor) -> list[Notice]:
    """Payments whose gateway has not said what became of them."""
    count, since = standing.undecided(who)
    if not count or since is None:
        return []
    title = f"{count:,} unknown payment {'outcome' if count == 1 else 'outcomes'}"
    return [Notice("help-circle", title, f"for {_span(clock.now() - since)}", "/admin/exceptions/unknown", "bad")]


def _parked(who: Actor) -> list[Notice]:
    """Gateways that failed several times and are left alone for a while."""
    return [
        Notice("bolt", f"{_gateway(one.gateway)} is left alone after {one.failures_in_row:,} failures",
               f"until {one.parked_until.astimezone(zone()):%H:%M}", "/admin/gateways")
        for one in standing.parked(who, clock.now()) if one.parked_until is not None
    ]


def _gateway(name: str) -> str:
    known = registry.find(name)
    return known.title if known is not None else name


def _span(time: timedelta) -> str:
    """3 days, 5 h, 12 min."""
    if time >= timedelta(days=2):
        return f"{time.days:,} days"
    minutes = max(1, int(time.total_seconds() // 60))
    return f"{minutes // 60} h" if minutes >= 60 else f"{minutes} min"


def _endpoints(who: Actor) -> list[Notice]:
    """Endpoints that were disabled or whose last deliveries failed."""
    clauses, values = webhooks.LISTING.owned(who)
    failing = or_(Endpoint.status == EndpointStatus.DISABLED, Endpoint.failures_in_row > 0)
    statement = select(Endpoint).where(*clauses, failing).order_by(Endpoint.failing_since.desc()).limit(MOST)
    return [Notice("webhook", _host(one.url), _trouble(one), f"/admin/webhooks/{one.id}", "bad")
            for one in db.session.scalars(statement, values)]


def _host(url: str) -> str:
    return url.partition("://")[2].partition("/")[0]


def _trouble(one: Endpoint) -> str:
    """What is wrong with an endpoint."""
    if one.status is EndpointStatus.DISABLED:
        return "disabled, events are held"
    return f"{one.failures_in_row:,} {'failure' if one.failures_in_row == 1 else 'failures'} in a row"


def _deliveries(who: Actor) -> list[Notice]:
    """Deliveries that were given up in the last seven days."""
    clauses, values = tasks.LISTING.owned(who)
    since = clock.now() - LATELY
    count = db.session.scalar(
        select(func.count()).select_from(Task).where(
            *clauses, Task.kind == "webhook", Task.status == TaskStatus.FAILED, Task.finished_at >= since), values,
    )
    wanted = {"status": TaskStatus.FAILED.value, "created_after": since.astimezone(zone()).date().isoformat()}
    noun = "delivery" if count == 1 else "deliveries"
    return [Notice("send", f"{count:,} failed {noun}", "in 7 days", "/admin/webhooks/deliveries?" + urlencode(wanted),
                   "bad")] if count else []


def _expiring(who: Actor, mode: Mode) -> list[Notice]:
    """Keys that expire within 14 days, the next one first."""
    query = Query(
        filters={"status": "ACTIVE", "mode": mode, "expires_before": clock.now() + SOON}, sort="expires_at",
        descending=False, limit=MOST,
    )
    found = api_keys.LISTING.page(who, query)
    rows = [Notice("key", one.name, f"expires {_within(one.expires_at - clock.now())}", f"/admin/keys/{one.id}")
            for one in found.records]
    more = found.total - len(found.records)
    return rows + ([Notice("key", f"{more:,} more keys", "expire within 14 days", "/admin/keys?tab=expiring")]
                   if more > 0 else [])


def _within(left: timedelta) -> str:
    """in 6 days, tomorrow, today."""
    days = left // timedelta(days=1)
    return f"in {days} days" if days > 1 else "tomorrow" if days == 1 else "within 24 hours"


def _open(who: Actor, mode: Mode) -> list[Notice]:
    """Keys that work from any address, in one line."""
    query = Query(filters={"status": "ACTIVE", "mode": mode}, limit=MOST_KEYS)
    found = [key for key in api_keys.LISTING.page(who, query).records if not key.allowed_ips]
    if not found:
        return []
    one = len(found) == 1
    title = found[0].name if one else f"{len(found):,} keys"
    return [Notice("shield-lock", title, f"{'works' if one else 'work'} from any IP",
                   f"/admin/keys/{found[0].id}" if one else "/admin/keys/check-up?show=anywhere")]
