"""The desk: the queues of tickets beside the ticket that is open."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from flask import render_template, request, url_for

from blueprints.pages import navigation
from blueprints.pages.format import ago, words
from blueprints.pages.navigation import Item
from blueprints.pages.session import actor, need
from domain import clock
from domain.actor import Actor
from domain.support import ticket_queues
from domain.support.ticket_queues import SHOWN, SOON, Queue

HERE = "/admin/desk"
SCOPE = "READ_TICKETS"
UNITS = ((86_400, "d"), (3_600, "h"), (60, "min"))


@dataclass(frozen=True, slots=True)
class Line:
    """A ticket of the queue."""

    row: Any
    url: str
    due: Any                            # how long it may still wait
    tone: str

    @property
    def who(self) -> str:
        return str(self.row.customer_name or self.row.author_name)


@dataclass(frozen=True, slots=True)
class Desk:
    """A queue, with the places before and after the ticket that is open."""

    queue: Queue
    lines: Sequence[Line]
    counts: dict[Queue, int]
    current: int | None = None

    @property
    def queues(self) -> list[tuple[Queue, str, str, int | None]]:
        """Each queue with its title, its URL and how many tickets it has."""
        return [(one, words(one.value), url_for("admin.desk", queue=one.value), self.counts.get(one)) for one in Queue]

    @property
    def _place(self) -> int | None:
        return next((place for place, line in enumerate(self.lines) if line.row.id == self.current), None)

    @property
    def following(self) -> Line | None:
        """The next ticket; the first one, where the open one is no longer in the queue."""
        place = self._place
        after = 0 if place is None else place + 1
        return self.lines[after] if after < len(self.lines) else None

    @property
    def previous(self) -> Line | None:
        place = self._place
        return self.lines[place - 1] if place else None

    @property
    def is_cut(self) -> bool:
        return len(self.lines) >= SHOWN


def register(bp: Any) -> None:
    """Register the address and the place in the navigation."""
    bp.add_url_rule("/desk", "desk", need(SCOPE)(show), methods=["GET"])
    navigation.add(Item(
        title="Desk", icon="message", path=HERE, position=179, group="Support", scope=SCOPE, keys="h",
        count=ticket_queues.waiting,
    ))


def show() -> str:
    """A queue by itself."""
    return render_template("admin/desk.html", desk=desk_of(actor(), chosen()))


def chosen() -> Queue:
    """The queue in the URL, else the one of what waits."""
    try:
        return Queue(request.args.get("queue", ""))
    except ValueError:
        return Queue.WAITING


def desk_of(who: Actor, queue: Queue, current: int | None = None) -> Desk:
    """A queue with its counts."""
    return Desk(queue, [line(row, queue) for row in ticket_queues.rows(who, queue)], ticket_queues.counts(who), current)


def line(row: Any, queue: Queue) -> Line:
    """A ticket of a queue with its URL there."""
    due, tone = due_of(row.due_at) if row.due_at is not None else (ago(row.created_at), "")
    return Line(row, url_for("admin.tickets_show", key=row.id, queue=queue.value), due, tone)


def due_of(moment: datetime) -> tuple[str, str]:
    """How long a ticket may still wait, or how late it is, and the tone of that."""
    left = (moment - clock.now()).total_seconds()
    size, unit = next((one for one in UNITS if abs(left) >= one[0]), UNITS[-1])
    count = max(1, int(abs(left) // size))
    if left < 0:
        return f"{count} {unit} late", "late"
    return f"{count} {unit} left", "soon" if left < SOON else ""
