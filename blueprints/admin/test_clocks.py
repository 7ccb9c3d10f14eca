"""Pages of test clocks: the list, the record with what happened on it, and the buttons that move it forward."""

from datetime import datetime, timedelta
from typing import Any

from flask import flash, request
from werkzeug.wrappers import Response as BaseResponse

from blueprints.admin import clock_events
from blueprints.admin.crud import actions
from blueprints.admin.crud.form_fields import Field, Section
from blueprints.admin.crud.listing import Column, ListPage
from blueprints.pages.format import zone
from blueprints.pages.htmx import redirect_to
from blueprints.pages.session import need, wide_actor
from database import transaction
from domain import inputs
from domain.errors import Conflict, Invalid
from domain.payments.collecting import due, test_clocks
from domain.payments.metered import metered_billing
from domain.payments.schedule import recurrence
from models.product import IntervalUnit
from models.test_clock import TestClock

STEPS = (("day", "1 day"), ("week", "1 week"), ("month", "1 month"), ("next", "To the next payment"))
UNITS = {"day": IntervalUnit.DAY, "week": IntervalUnit.WEEK, "month": IntervalUnit.MONTH}


def local(moment: datetime) -> str:
    """A moment as a control holds it, in the reader's zone."""
    return moment.astimezone(zone()).strftime("%Y-%m-%dT%H:%M")


def values(row: TestClock) -> dict[str, Any]:
    """A clock's values for its form."""
    return {"name": row.name, "now_at": local(row.now_at)}


def context(record: Any) -> dict[str, Any]:
    """Its orders, what happened, how far it is, and the steps that it may be moved by."""
    who = wide_actor()
    following = next_due(record.id)
    return {
        "orders": clock_events.orders_of(who, record.id), "told": clock_events.of(who, record),
        "way": clock_events.way_of(record), "following": following, "known_at": record.target_at or record.now_at,
        "steps": [one for one in STEPS if one[0] != "next" or following is not None],
        "least": local((record.target_at or record.now_at) + timedelta(minutes=1)),
    }


def next_due(key: int) -> datetime | None:
    """When the first thing is due on the clock: a payment, or the end of a metered period."""
    found = [one for one in (due.next_on_clock(key), metered_billing.next_end(key)) if one is not None]
    return min(found, default=None)


PAGE = ListPage(
    resource=test_clocks.RESOURCE,
    mount="/test-clocks",
    title="Test clocks",
    group="Billing",
    position=138,
    world=True,
    icon="clock",
    about="Orders of the test world that follow a clock are paid by its time, which you move forward.",
    columns=(
        Column(name="name", title="Clock", kind="link", shown=lambda row: row.name or f"Clock {row.id}"),
        Column(name="now_at", title="Its time", kind="when"),
        Column(name="target_at", title="On its way to", kind="when", minor=True),
        Column(name="status", kind="tag"),
        Column(name="created_at", title="Created", kind="ago", sort="created_at", minor=True),
    ),
    sections=(
        Section("Test clock", (
            Field(name="now_at", label="Its time at first", kind="datetime-local", required=True,
                  hint="It stands still there until you move it. It only moves forward."),
            Field(name="name"),
        )),
    ),
    values=values,
    tones={"ready": "ok", "advancing": "acc"},
    name=lambda row: row.name or f"Clock {row.id}",
    audit_verbs={"advanced": "began to move", "arrived": "finished moving"},
    details="admin/_test_clock.html",
    show="admin/test_clock.html",
    context=context,
)


def register(bp: Any) -> None:
    """Register the address of moving a clock."""
    write = need(PAGE.resource.write_scope)
    bp.add_url_rule("/test-clocks/<int:key>/advance", "test_clock_advance", write(advance), methods=["POST"])


def advance(key: int) -> BaseResponse:
    """Note how far the clock is to be moved; the worker takes it there."""
    try:
        with transaction():
            own, row = PAGE.resource.listing.lock(wide_actor(), key)
            test_clocks.advance(own, row, target(row))
            name = PAGE.name(row)
    except Invalid as error:
        problem = next(iter(error.fields.values()), None)
        return actions.refused(PAGE, key, f"The time {problem.text}." if problem is not None else error.message)
    except Conflict as error:
        return actions.refused(PAGE, key, error.message)
    flash(f"{name} is moved forward.", "ok")
    return redirect_to(PAGE.url("show", key=key))


def target(row: TestClock) -> datetime:
    """The moment that the pressed button names, counted from where the clock is, or will be."""
    known = row.target_at or row.now_at
    step = request.form.get("by", "")
    if step in UNITS:
        return recurrence.day_of(known, UNITS[step], 1, 1)
    if step == "next":
        following = next_due(row.id)
        if following is None:
            raise Conflict("Nothing is due on this clock.")
        return max(known, following)
    given: datetime = inputs.parse(
        test_clocks.TestClockInput, {"now_at": request.form.get("to", "")}, text=True, zone=zone().key).now_at
    return given
