"""Creates the demonstration's webhook endpoints with their deliveries: delivered, retried, failed and held.

Nothing is sent: each delivery is stored as it would have ended.
"""

import random
from datetime import datetime, timedelta
from itertools import accumulate
from typing import Any

from sqlalchemy import select

from database import db
from domain.actor import Actor
from domain.integrations import webhooks
from domain.integrations.webhooks import EndpointInput
from domain.outbox.tasks import RETRIES
from models.outbox import TaskStatus
from models.webhook import Attempt, Delivery, Endpoint

EVENTS = ["budget.approved", "budget.rejected"]
GOOD, OVERLOADED, BROKEN = (200, "ok"), (503, "Try again later."), (500, "Internal Server Error")
FAILED = 3                                      # of the newest deliveries of a failing endpoint
WAITS = (timedelta(0), *accumulate(RETRIES))    # of the attempts after the first


def create(actor: Actor, *, home: bool) -> list[Endpoint]:
    """The endpoints of a merchant; events from now on are stored for them."""
    wanted: tuple[tuple[str, str], ...]
    if home:
        wanted = (("https://shop.hartwell.example/hooks/billing", "The web shop"),
                  ("https://archive.hartwell.example/in", "Archive, paused for its move"))
    else:
        wanted = (("https://erp.lumiere.example/billing/events", "ERP connector"),)
    made = [webhooks.create(actor, EndpointInput(url=url, description=words, events=EVENTS))[0]
            for url, words in wanted]
    for endpoint in made[1:]:
        webhooks.pause(actor, endpoint)
    return made


def settle(endpoints: list[Endpoint], now: datetime, *, home: bool) -> None:
    """End the deliveries: the shop's are delivered, some at the second attempt; the connector fails of late."""
    rng = random.Random(len(endpoints))  # noqa: S311  (history, not secrets)
    endpoint = endpoints[0]
    db.session.flush()                                          # deliveries are read with a statement
    found = list(db.session.scalars(
        select(Delivery).where(Delivery.endpoint_id == endpoint.id).order_by(Delivery.created_at, Delivery.id)))
    for place, delivery in enumerate(found):
        if not home and place >= len(found) - FAILED:
            answers = [BROKEN] * len(WAITS)
            endpoint.failing_since = endpoint.failing_since or delivery.created_at
            endpoint.failures_in_row += len(answers)
        else:
            answers = [OVERLOADED, GOOD] if place % 4 == 1 else [GOOD]
        _end(delivery, answers, now, rng)


def _end(delivery: Delivery, answers: list[tuple[int, str]], now: datetime, rng: random.Random) -> None:
    """Store the attempts of a delivery and the end of its task."""
    # The retries of a delivery of the last hours are closer together, so that none is ahead.
    pace = min(1.0, (now - delivery.created_at) / (WAITS[-1] + timedelta(hours=1)))
    ended = delivery.created_at
    for number, ((status, body), wait) in enumerate(zip(answers, WAITS, strict=False), 1):
        ended = delivery.created_at + wait * pace
        db.session.add(Attempt(
            delivery_id=delivery.id, number=number, started_at=ended, duration_ms=rng.randrange(40, 400),
            address="203.0.113.40", status_code=status, error=None if status < 300 else f"HTTP {status}",
            request_headers=_headers(delivery), response_headers={"content-type": "text/plain"}, response_body=body))
    task, good = delivery.task, answers[-1] == GOOD
    assert task is not None                                     # every delivery of an event has one
    task.status = TaskStatus.DONE if good else TaskStatus.FAILED
    task.attempts, task.finished_at = len(answers), ended
    task.last_error = None if good else f"HTTP {answers[-1][0]}"


def _headers(delivery: Delivery) -> dict[str, Any]:
    return {"content-type": "application/json", "webhook-id": delivery.message_id, "x-billoget-event": delivery.event}
