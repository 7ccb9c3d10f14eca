"""The status of scheduled payments: which one may follow which. Nothing else changes it."""

from collections.abc import Callable

from domain.actor import Actor
from domain.errors import Conflict, Problem
from domain.integrations import events
from domain.lifecycle import Lifecycle
from models.order import ScheduledPayment, ScheduledStatus

S = ScheduledStatus
ARROWS: dict[ScheduledStatus, frozenset[ScheduledStatus]] = {
    # What is due nothing (a trial's first payment) and what is recorded by hand is complete without an attempt.
    # What was declined and set back to scheduled recovers when it is recorded by hand.
    S.SCHEDULED: frozenset({
        S.PROCESSING, S.COMPLETE, S.RECOVERED, S.REVIEW, S.SKIPPED, S.MERGED, S.CANCELLED, S.PAUSED,
    }),
    # An attempt that never reached the gateway, or was given up by the customer, leaves it as it was before. What was
    # paid together with others is merged into one of them.
    S.PROCESSING: frozenset({
        S.SCHEDULED, S.COMPLETE, S.RECOVERED, S.SOFT_DECLINED, S.HARD_DECLINED, S.REVIEW, S.CANCELLED, S.PAUSED,
        S.MERGED,
    }),
    S.SOFT_DECLINED: frozenset({
        S.SCHEDULED, S.PROCESSING, S.RECOVERED, S.HARD_DECLINED, S.REVIEW, S.SKIPPED, S.MERGED, S.CANCELLED, S.PAUSED,
    }),
    S.HARD_DECLINED: frozenset({
        S.SCHEDULED, S.PROCESSING, S.RECOVERED, S.REVIEW, S.SKIPPED, S.MERGED, S.CANCELLED,
    }),
    S.PAUSED: frozenset({S.SCHEDULED, S.SOFT_DECLINED, S.SKIPPED, S.CANCELLED, S.COMPLETE, S.RECOVERED}),
    S.REVIEW: frozenset({S.COMPLETE, S.RECOVERED, S.CANCELLED}),
    S.COMPLETE: frozenset(),
    S.RECOVERED: frozenset(),
    S.SKIPPED: frozenset(),
    S.MERGED: frozenset(),
    S.CANCELLED: frozenset(),
}

EDITABLE = frozenset({S.SCHEDULED, S.SOFT_DECLINED, S.HARD_DECLINED})
DECLINED = frozenset({S.SOFT_DECLINED, S.HARD_DECLINED})
PAID = frozenset({S.COMPLETE, S.RECOVERED})
OPEN = EDITABLE | {S.PROCESSING, S.PAUSED, S.REVIEW}             # may still be paid
COLLECTED = frozenset({S.SCHEDULED, S.SOFT_DECLINED})            # by the worker, on their day
UNASKED = frozenset({S.SKIPPED, S.CANCELLED})
VERBS = {S.SKIPPED: "skipped", S.CANCELLED: "cancelled"}

LIFE = Lifecycle(noun="scheduled_payment", emit_event=events.emit)


def refused(message: str) -> Conflict:
    """The error of a verb that the row's status does not allow: a sentence about `status`."""
    return Conflict(f"The scheduled payment {message}.", fields={"status": Problem("locked", message)})


def must_be_editable(row: ScheduledPayment) -> None:
    """Raises Conflict when the row is being collected, or will not be collected any more."""
    if row.status is S.PROCESSING:
        raise refused("is being collected")
    if row.status not in EDITABLE:
        raise refused(f"is already {row.status}")


def move(actor: Actor, row: ScheduledPayment, status: ScheduledStatus) -> ScheduledPayment:
    """Give the row another status, with its audit entry and its event; Conflict where no arrow leads there.

    The row must be locked. A row that the worker no longer collects by itself loses its `collect_at`; who gives it
    a collected status sets the time. The same status again changes nothing.
    """
    if status is row.status:
        return row
    if status not in ARROWS[row.status]:
        raise refused(f"is {row.status} and cannot become {status}")
    with LIFE.changing(actor, row, VERBS.get(status, "updated")):
        row.status = status
        if status in UNASKED:                                # nothing is paid for it, and the next ones take its credit
            row.order.credit_minor += row.credit_minor
            row.credit_minor = row.price_minor = 0
        if status not in COLLECTED:
            row.collect_at = None
    if status in PAID:
        for follow in _paid:
            follow(actor, row)
    return row


_paid: list[Callable[[Actor, ScheduledPayment], None]] = []


def when_paid(follower: Callable[[Actor, ScheduledPayment], None]) -> None:
    """Register what is called after a row was paid in full: for areas that this one cannot import."""
    _paid.append(follower)
