"""The page of a metered order's calls: what is counted, what was, and whether the log still says the same."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from flask import render_template

from blueprints.admin import orders
from blueprints.admin.call_words import OUTCOMES
from blueprints.admin.crud.facts import Fact
from blueprints.pages.format import words
from blueprints.pages.session import need, wide_actor
from domain.errors import NotFound
from domain.integrations.key_listing import LISTING as KEYS
from domain.payments.metered import recounting
from domain.payments.metered.metered_log import call_log
from domain.payments.metered.recounting import Proof, Recount
from domain.sales.orders.order_listing import LISTING
from models.metered import Calls, Terms
from models.order import Order

SHOWN = 60                               # periods, the latest ones
TONES = {Proof.EQUAL: "ok", Proof.CHANGED: "bad", Proof.NOT_KEPT: "warn", Proof.NOT_COUNTED: ""}


@dataclass(frozen=True, slots=True)
class Line:
    """A period as the page shows it."""

    from_at: datetime
    until_at: datetime
    count: int | None
    now: int | None
    amount_minor: int | None
    word: str
    tone: str
    digest: str
    changed: list[str]


def register(bp: Any) -> None:
    """Register the address of the page."""
    bp.add_url_rule("/orders/<int:key>/calls", "orders_calls", need("READ_ORDERS")(show), methods=["GET"])


def show(key: int) -> str:
    """Count every period again, and show the counts beside those that were billed."""
    order: Order = LISTING.get(wide_actor(), key)
    if order.items[0].metered is None:
        raise NotFound("page", key)
    is_complete = call_log.counter.is_complete()
    found = recounting.periods_of(order.id)[-SHOWN:]
    lines = [line(recounting.recount(one)) for one in reversed(found)]
    calls = Terms.read(order.items[0].metered).calls
    return render_template(
        "admin/order_calls.html", here=orders.PAGE, order=order, lines=lines, facts=facts_of(order, calls),
        is_complete=is_complete,
    )


def line(found: Recount) -> Line:
    """What counting a period again has shown, in words."""
    period = found.period
    is_open = period.counted_at is None
    return Line(
        from_at=period.from_at, until_at=period.until_at, count=period.count, amount_minor=period.amount_minor,
        now=found.now.count if found.now is not None else None, digest=period.digest or "",
        word="So far" if is_open else "Left to you" if period.count is None else words(found.proof.value),
        tone=TONES[found.proof],
        changed=[f"{day}: {then:,} then, {now:,} now" for day, (then, now) in found.changed_days.items()],
    )


def facts_of(order: Order, calls: Calls) -> list[Fact]:
    """Which calls are counted, as facts."""
    outcomes = [OUTCOMES[str(one)] for one in calls.status_classes]
    found = (
        ("By", ", ".join(name_of(key) for key in calls.key_ids) or f"All keys of {order.customer_name}"),
        ("Contracts", ", ".join(calls.contracts)), ("Endpoints", ", ".join(calls.endpoints)),
        ("Methods", ", ".join(calls.methods)), ("Outcomes", ", ".join(outcomes)), ("Sources", ", ".join(calls.sources)),
    )
    return [Fact(title, text or "Any") for title, text in found]


def name_of(key: int) -> str:
    """A key by its name; by its number where it was deleted."""
    try:
        return str(KEYS.get(wide_actor(), key).name)
    except NotFound:
        return f"Key {key}"
