"""Merges what happened to an order into one time line, newest first, a page at a time."""

from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Any

from flask import request

from blueprints.admin import order_disputes, order_events
from blueprints.admin.order_events import Asked, Event, Position, Source
from blueprints.pages.format import zone
from domain import clock
from domain.actor import Actor

SHOWN = 40                          # entries of a page
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
MICROSECOND = timedelta(microseconds=1)


@dataclass(frozen=True, slots=True)
class Kind:
    """A kind of entries that the time line can be narrowed to, and the permission that it takes to see them."""

    name: str
    title: str
    scope: str
    sources: tuple[Source, ...]


KINDS = (
    Kind("payments", "Payments", "READ_PAYMENTS", (*order_events.PAYMENTS_AND_REFUNDS, order_disputes.SOURCE)),
    Kind("changes", "Changes", "READ_AUDIT", order_events.CHANGES),
    Kind("mails", "Mails", "READ_ORDERS", order_events.MAILED),
    Kind("calls", "API calls", "READ_ANALYTICS", order_events.CALLED),
)


@dataclass(frozen=True, slots=True)
class Timeline:
    """A page of the time line by days, with the kinds that it can be narrowed to and the place of earlier entries."""

    days: list[tuple[str, list[Event]]]
    kinds: list[Kind]
    kind: str
    earlier: str | None
    is_first: bool


def of(who: Actor, record: Any, kinds_of: tuple[Kind, ...] = KINDS) -> Timeline:
    """The page of the record's time line that the URL names."""
    kinds = [one for one in kinds_of if who.can(one.scope)]
    chosen = next((one.name for one in kinds if one.name == request.args.get("kind")), "")
    before = place(request.args.get("before", ""))
    read = [source for one in kinds if chosen in ("", one.name) for source in one.sources]
    events, following = merged(who, record, before, read)
    return Timeline(by_day(events), kinds, chosen, text_of(following) if following else None, before is None)


def merged(
    who: Actor, record: Any, before: Position | None, sources: list[Source],
) -> tuple[list[Event], Position | None]:
    """The newest entries of all sources, and the place after which the next page goes on; None at the end."""
    found, horizon = [], None
    for source in sources:
        events = source.read(Asked(who, record, before, source.most))
        if len(events) >= source.most:                      # there may be more of it, older than its last one
            horizon = max(horizon, events[-1].position) if horizon else events[-1].position
        found += events
    found.sort(key=lambda one: one.position, reverse=True)
    shown: list[Event] = []
    last = None
    for one in found:
        if horizon is not None and one.position < horizon:
            return shown, last
        if not (one.hidden or joined(one, shown)):
            if len(shown) == SHOWN:
                return shown, last
            shown.append(one)
        last = one.position
    return shown, last if horizon is not None else None


def joined(one: Event, shown: list[Event]) -> bool:
    """Whether an entry was added to one that is shown: like the one before it, or the call that made a change."""
    is_near = one.within is None or (bool(shown) and shown[-1].at - one.at <= one.within)
    if shown and one.group is not None and one.group == shown[-1].group and is_near:
        shown[-1].count += 1
        return True
    if one.entry is not None or one.request_id is None:
        return False
    change = next((each for each in shown if each.entry is not None and each.request_id == one.request_id), None)
    if change is not None:
        change.details = [(one.title, one.url), *one.details]
    return change is not None


def by_day(events: list[Event]) -> list[tuple[str, list[Event]]]:
    """The entries under the days of the reader's zone."""
    days: dict[date, list[Event]] = {}
    for one in events:
        days.setdefault(one.at.astimezone(zone()).date(), []).append(one)
    return [(day_words(day), found) for day, found in days.items()]


def day_words(day: date) -> str:
    """Today, Yesterday, Thursday 26 November, and the year where it is another one."""
    today = clock.now().astimezone(zone()).date()
    if today - day in (timedelta(0), timedelta(days=1)):
        return "Today" if day == today else "Yesterday"
    return day.strftime("%A %-d %B" if day.year == today.year else "%A %-d %B %Y")


def text_of(position: Position) -> str:
    """A place as a parameter of the URL."""
    at, source, key = position
    return f"{(at - EPOCH) // MICROSECOND}-{source}-{key}"


def place(text: str) -> Position | None:
    """The place that a URL names; None for anything else."""
    parts = text.split("-")
    if len(parts) != 3 or len(text) > 50 or not all(one.isascii() and one.isdigit() for one in parts):
        return None
    at, source, key = (int(one) for one in parts)
    try:
        return EPOCH + timedelta(microseconds=at), source, min(key, 2**63 - 1)
    except OverflowError:
        return None
