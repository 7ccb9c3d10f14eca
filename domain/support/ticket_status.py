"""Decides a ticket's status and until when it should be answered: one table of what may follow what, one of times."""

from datetime import datetime, timedelta
from enum import StrEnum

from domain.errors import Conflict, Problem
from models.ticket import Ticket, TicketStatus

S = TicketStatus
PRIORITIES = {1: "Low", 2: "Medium", 3: "High", 4: "Urgent"}
MEDIUM = 2
# How long a customer waits at most, by priority: for the first answer, and for every later one.
FIRST_ANSWER = {1: timedelta(hours=24), 2: timedelta(hours=8), 3: timedelta(hours=4), 4: timedelta(hours=1)}
LATER_ANSWER = {1: timedelta(hours=48), 2: timedelta(hours=24), 3: timedelta(hours=8), 4: timedelta(hours=2)}
WAITING = frozenset({S.OPEN, S.CUSTOMER_REPLY})              # it is the merchant's turn


class Step(StrEnum):
    """What changes a ticket's status."""

    STAFF_REPLY = "staff_reply"
    CLIENT_REPLY = "client_reply"
    HOLD = "hold"
    CLOSE = "close"
    REOPEN = "reopen"


class SetByHand(StrEnum):
    """The statuses that are set; the others come with a reply."""

    OPEN = "open"
    ON_HOLD = "on_hold"
    CLOSED = "closed"


_FROM_ANY: dict[Step, TicketStatus] = {Step.STAFF_REPLY: S.ANSWERED, Step.CLIENT_REPLY: S.CUSTOMER_REPLY,
                                         Step.HOLD: S.ON_HOLD, Step.CLOSE: S.CLOSED}


def _without(same: Step) -> dict[Step, TicketStatus]:
    """From a status that is left again by hand, but not for itself."""
    return {step: to for step, to in _FROM_ANY.items() if step is not same} | {Step.REOPEN: S.OPEN}


ARROWS: dict[TicketStatus, dict[Step, TicketStatus]] = {
    S.OPEN: _FROM_ANY | {Step.CLIENT_REPLY: S.OPEN},         # more words before the first answer
    S.ANSWERED: _FROM_ANY,
    S.CUSTOMER_REPLY: _FROM_ANY,
    S.ON_HOLD: _without(Step.HOLD),
    S.CLOSED: _without(Step.CLOSE),
}
STEP_TO = {SetByHand.OPEN: Step.REOPEN, SetByHand.ON_HOLD: Step.HOLD, SetByHand.CLOSED: Step.CLOSE}
PAST = {Step.HOLD: "held", Step.CLOSE: "closed", Step.REOPEN: "reopened"}
TITLES = {one: one.value.replace("_", " ") for one in TicketStatus}


def may(status: TicketStatus, step: Step) -> bool:
    """Whether a ticket with this status may take the step."""
    return step in ARROWS[status]


def take(ticket: Ticket, step: Step, now: datetime) -> None:
    """Give the ticket the status that follows, with its times; Conflict where none does."""
    if not may(ticket.status, step):
        message = f"A ticket that is {TITLES[ticket.status]} cannot be {PAST[step]}."
        raise Conflict(message, fields={"status": Problem("locked", f"is {TITLES[ticket.status]}")})
    if step is Step.STAFF_REPLY:
        ticket.first_replied_at = ticket.first_replied_at or now
    ticket.status = ARROWS[ticket.status][step]
    ticket.closed_at = now if ticket.status is S.CLOSED else None
    ticket.waiting_since = (ticket.waiting_since or now) if ticket.status in WAITING else None
    set_due(ticket)


def set_due(ticket: Ticket) -> None:
    """Until when the ticket should be answered, by its priority; never while nobody waits."""
    times = FIRST_ANSWER if ticket.first_replied_at is None else LATER_ANSWER
    since = ticket.waiting_since
    ticket.due_at = None if since is None else since + times[ticket.priority]
