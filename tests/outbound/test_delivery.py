"""Delivery of events: signed, once, in order."""

import json

from sqlalchemy import select
from standardwebhooks.webhooks import Webhook

from database import db, transaction
from domain.integrations import signatures
from domain.people import customers
from models.outbox import Task, TaskStatus
from models.webhook import Attempt
from tests import cast
from tests.outbound.conftest import make_endpoint


def the_task():
    return db.session.scalars(select(Task)).one()


def test_a_change_is_delivered_with_both_signatures(alder, receiver, work):
    _, secret = make_endpoint(alder, receiver.url("/200"))
    cast.make_customer(alder, "Ada", email="ada@example.org")
    work()
    (seen,) = receiver.seen
    body = seen["body"].encode()
    assert seen["headers"]["X-Billoget-Signature"] == signatures.billoget(secret, body)
    Webhook(secret).verify(seen["body"], {name.lower(): value for name, value in seen["headers"].items()})
    payload = json.loads(body)
    assert payload["event"] == "customer.created"
    assert payload["data"]["name"] == "Ada"
    assert payload["metadata"] == {"source": "admin", "version": "1.4.0", "delivery_id": "delivery_1"}
    assert cast.count(Attempt) == 1
    assert the_task().status is TaskStatus.DONE


def test_a_failure_is_tried_again_later_with_the_same_id(alder, receiver, work):
    make_endpoint(alder, receiver.url("/status/500"))
    cast.make_customer(alder)
    work()
    task = the_task()
    assert task.status is TaskStatus.PENDING
    assert 60 <= (task.due_at - task.created_at).total_seconds() <= 80


def test_events_of_one_resource_keep_their_order(alder, receiver, work):
    make_endpoint(alder, receiver.url("/200"))
    key = cast.make_customer(alder, "Name 0")
    for number in range(1, 6):
        with transaction():
            actor = cast.actor_for(alder)
            customers.update(actor, customers.LISTING.get(actor, key, lock=True), {"name": f"Name {number}"})
    work()
    assert [json.loads(one["body"])["data"]["name"] for one in receiver.seen] == [f"Name {n}" for n in range(6)]


def test_a_program_tests_its_receiver(app, alder, receiver):
    _, key = cast.make_key(alder, webhook_url=receiver.url("/200"))
    headers = {"Authorization": f"Bearer {key}"}
    reply = app.test_client().post("/v1/api/public/webhooks/test", headers=headers)
    assert reply.status_code == 200, reply.json
    assert reply.json["data"]["delivered"] is True
    assert reply.json["data"]["apiKey"] == key[:12]
    assert len(receiver.seen) == 1


def test_a_test_with_an_idempotency_key_is_sent_once_and_answered_twice(app, alder, receiver):
    _, key = cast.make_key(alder, webhook_url=receiver.url("/200"))
    headers = {"Authorization": f"Bearer {key}", "Idempotency-Key": "probe-1"}
    first = app.test_client().post("/v1/api/public/webhooks/test", headers=headers)
    second = app.test_client().post("/v1/api/public/webhooks/test", headers=headers)
    assert (first.status_code, second.status_code) == (200, 200)
    assert second.data == first.data
    assert second.headers["Idempotent-Replayed"] == "true"
    assert len(receiver.seen) == 1
    other = app.test_client().post("/v1/api/public/webhooks/test", headers=headers, json={"event": "other"})
    assert other.json["error"] == "idempotency_conflict"
