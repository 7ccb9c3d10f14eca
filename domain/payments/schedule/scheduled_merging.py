"""Merges scheduled payments of one order, so that the customer is charged once: into the next one, or into the last.

What was already paid of a payment stays with it. `merged_into_id` names the payment that takes the rest.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from domain.actor import Actor
from domain.errors import Conflict, Invalid
from domain.inputs import Input, RowId
from domain.payments.schedule import scheduled_status, schedules
from domain.payments.schedule.scheduled_listing import LISTING
from domain.payments.schedule.scheduled_status import LIFE, refused
from domain.sales.orders import order_amounts
from models.money import LIMIT, Money
from models.order import ScheduledPayment, ScheduledStatus
from models.product import Billing

MOST = 100                           # at once


class MergeInput(Input):
    """Which scheduled payments become one."""

    ids: list[RowId]


@dataclass(frozen=True, slots=True)
class Merged:
    """What a merge of several does: these payments end, and `into` is collected with this amount."""

    ended: tuple[ScheduledPayment, ...]
    into: ScheduledPayment
    amount_minor: int

    @property
    def due_at(self) -> datetime:
        return self.into.due_at


def must_be_mergeable(row: ScheduledPayment) -> None:
    """Raises Conflict for a payment that is being collected, has ended, is the initial one, or depends on use."""
    scheduled_status.must_be_editable(row)
    if row.sequence == 0:
        raise refused("is the initial payment and cannot be changed")
    if row.awaits_count:
        raise refused("cannot be merged: its amount depends on use")


def merge(actor: Actor, row: ScheduledPayment) -> ScheduledPayment:
    """Collect this payment together with the order's next one; Conflict when there is none. Returns the merged row."""
    must_be_mergeable(row)
    order, following = row.order, _waiting_after(row)
    if following is None and order.billing is not Billing.SUBSCRIPTION:
        raise refused("has no later payment to be merged into")
    scheduled_status.move(actor, row, ScheduledStatus.MERGED)
    following = following or schedules.follow(actor, order)          # the next period's row is made for it
    if following is None:
        raise refused("has no later payment to be merged into")
    must_fit(following.amount_minor + _left(row))
    join(actor, row, following)
    schedules.settle(actor, order)
    return row


def _waiting_after(row: ScheduledPayment) -> ScheduledPayment | None:
    """The order's first payment after the row that still waits."""
    return next((one for one in schedules.open_rows(row.order)
                 if one.sequence > row.sequence and one.status is ScheduledStatus.SCHEDULED), None)


def preview(rows: Sequence[ScheduledPayment]) -> Merged:
    """What `merge_several` would do; raises what it raises, and writes nothing."""
    if len({row.id for row in rows}) < 2:
        raise Conflict("Choose at least two scheduled payments.")
    if len(rows) > MOST:
        raise Conflict(f"At most {MOST} scheduled payments can be merged at once.")
    if len({row.order_id for row in rows}) > 1:
        raise Conflict("The scheduled payments are of different orders.")
    if len({row.currency for row in rows}) > 1:
        raise Conflict("The scheduled payments are in different currencies.")
    for row in rows:
        try:
            must_be_mergeable(row)
        except Conflict as error:
            raise Conflict(f"Payment {row.sequence} of order {row.order_id}: {error.message}") from None
    *ended, into = sorted(rows, key=lambda row: row.sequence)
    if into.status is not ScheduledStatus.SCHEDULED:
        raise Conflict("The last of the scheduled payments was declined: choose a later one, too, that waits.")
    amount = into.amount_minor + sum(map(_left, ended))
    must_fit(amount)
    return Merged(tuple(ended), into, amount)


def merge_several(actor: Actor, rows: Sequence[ScheduledPayment]) -> ScheduledPayment:
    """Collect locked payments of one order as one, on the day of the last; returns that one.

    Raises Conflict, before anything is written, where they are of several orders, being collected or ended.
    """
    found = preview(rows)
    for row in found.ended:
        scheduled_status.move(actor, row, ScheduledStatus.MERGED)
        join(actor, row, found.into)
    schedules.settle(actor, found.into.order)
    return found.into


def chosen(actor: Actor, new: MergeInput) -> list[ScheduledPayment]:
    """The payments that an input names, locked after their order; Invalid for one that the actor cannot reach."""
    keys = sorted(set(new.ids))
    if not 2 <= len(keys) <= MOST:
        raise Invalid.field("ids", f"must be 2 to {MOST} different ids", "range")
    for key in keys:
        LISTING.refer(actor, "ids", key)
    return [LISTING.lock(actor, key)[1] for key in keys]


def told(rows: Sequence[Any]) -> tuple[str, ...]:
    """What the dialog says before several are merged."""
    found = preview(rows)
    parts = " + ".join(f"{Money(_left(row), row.currency).decimal:,}" for row in (*found.ended, found.into))
    return (
        f"{len(rows)} scheduled payments of order {found.into.order_id} become one of "
        f"{Money(found.amount_minor, found.into.currency).decimal:,} {found.into.currency}.",
        f"{parts}, collected with payment {found.into.sequence}.", "This cannot be undone.",
    )


def _left(row: ScheduledPayment) -> int:
    return row.amount_minor - row.paid_minor


def must_fit(amount: int) -> None:
    """Raises Conflict where a sum of payments is more than a payment can be."""
    if amount >= LIMIT:
        raise refused("cannot be merged: the sum is too large")


def join(actor: Actor, row: ScheduledPayment, into: ScheduledPayment) -> None:
    """Add what is left of a merged payment to the one that is collected."""
    with LIFE.changing(actor, into):
        into.amount_minor += _left(row)
        into.tax_minor += order_amounts.part_of(row.tax_minor, _left(row), row.amount_minor)
    row.merged_into_id = into.id
