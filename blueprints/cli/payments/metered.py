"""The commands `metered …`: what metered orders counted, and the same count again as a proof."""

from typing import Any

import click

from blueprints.cli._command import Needs, Result, iso, operator_command
from blueprints.cli.tables import Output, table
from database import db
from domain.errors import NotFound
from domain.payments.metered import recounting
from domain.payments.metered.metered_log import Counted, call_log
from domain.payments.metered.recounting import Proof, Recount
from models.metered import MeteredPeriod
from models.money import Money
from models.order import Order
from operations.errors import OperationRefused


@click.group()
def metered() -> None:
    """Metered orders, which bill counted API calls."""


@operator_command("show", click.argument("order_id", metavar="ORDER", type=int))
def show(order_id: int) -> Result:
    """Show what was counted of each period of an order."""
    order = order_of(order_id)
    found = [stored(one) for one in recounting.periods_of(order.id)]
    rows = [[one["from"], one["until"], one["count"], one["amount"]] for one in found]
    return Result(
        {"orders_id": order.id, "currency": order.currency, "periods": found},
        Output(table("Periods", ["From", "Until", "Calls", "Amount"], rows)),
    )


@operator_command("recount", click.argument("order_id", metavar="ORDER", type=int), needs=Needs.APPLICATION)
def recount(order_id: int) -> Result:
    """Count each period of an order again; fails when one is not what was billed."""
    order = order_of(order_id)
    if not call_log.counter.is_complete():
        raise OperationRefused("The request log could not be read to its end. Try again.")
    found = [recounting.recount(one) for one in recounting.periods_of(order.id)]
    return Result(
        {"orders_id": order.id, "currency": order.currency, "periods": [compared(one) for one in found]},
        said(found), ok=all(one.proof is not Proof.CHANGED for one in found),
    )


def said(found: list[Recount]) -> Output:
    """What counting again showed, for people."""
    rows = []
    for one in found:
        days = ", ".join(f"{day}: {then} then, {now} now" for day, (then, now) in one.changed_days.items())
        rows.append([
            iso(one.period.from_at), iso(one.period.until_at), one.period.count, one.now.count if one.now else None,
            f"{one.proof}{': ' if days else ''}{days}",
        ])
    return Output(table("Counted again", ["From", "Until", "Calls", "Now", "Result"], rows))


def order_of(order_id: int) -> Order:
    """The order, of either world; raises NotFound."""
    row = db.session.get(Order, order_id)
    if row is None:
        raise NotFound("order", order_id)
    return row


def stored(period: MeteredPeriod) -> dict[str, Any]:
    """A period for programs."""
    amount = period.amount_minor
    return {
        "id": period.id, "scheduled_payments_id": period.scheduled_payment_id, "from": iso(period.from_at),
        "until": iso(period.until_at), "counted_dt": iso(period.counted_at), "count": period.count,
        "amount": None if amount is None else str(Money(amount, period.order.currency).decimal),
        "digest": period.digest, "question": period.question,
    }


def compared(one: Recount) -> dict[str, Any]:
    return stored(one.period) | {
        "result": str(one.proof), "now": counted(one.now),
        "changed_days": {day: {"then": then, "now": now} for day, (then, now) in one.changed_days.items()},
    }


def counted(found: Counted | None) -> dict[str, Any] | None:
    return None if found is None else {"count": found.count, "digest": found.digest}


for command in (show, recount):
    metered.add_command(command)
