"""Orders and scheduled payments tell webhooks what happens to them, as the Merchant API shows them."""

import json

import pytest
from sqlalchemy import select

from database import db
from domain.integrations import webhooks
from models.webhook import Delivery
from tests.api.merchant.test_orders import approve, customer, gym, order
from tests.outbound.conftest import make_endpoint

__all__ = ["customer", "gym"]


@pytest.fixture
def heard(alder, monkeypatch):
    """The events of Alder's endpoint since the last look."""
    monkeypatch.setattr(webhooks.policy, "allowed_hosts", ("hooks.example.com",))
    make_endpoint(alder, "https://hooks.example.com/")
    seen = []

    def look():
        db.session.rollback()
        found = [one for one in db.session.scalars(select(Delivery).order_by(Delivery.id)) if one.id not in seen]
        seen.extend(one.id for one in found)
        return [(one.event, one.resource, json.loads(one.body)["data"]) for one in found]

    return look


def test_each_step_of_an_order_is_an_event(shop, heard, customer, gym):
    heard()
    made = order(shop, "subscription", customer, gym).json
    told = heard()
    assert [name for name, _, _ in told] == ["order.created", "scheduled_payment.created"]
    assert told[0][1:] == (f"order_{made['id']}", made | {"payment_link": told[0][2]["payment_link"]})
    approve(made["id"])
    assert [name for name, _, _ in heard()] == ["order.activated", "scheduled_payment.created", "service.created"]
    row = shop.get(f"/orders/{made['id']}/scheduled_payments").json[-1]["id"]
    shop.put(f"/scheduled_payments/{row}", {"scheduled_payment": {"status": "skipped"}})
    assert {name for name, _, _ in heard()} == {"scheduled_payment.skipped", "scheduled_payment.created"}
    for verb in ("pause", "resume", "cancel"):
        shop.put(f"/orders/{made['id']}/{verb}_order")
    names = [name for name, _, _ in heard() if name.startswith("order.")]
    assert names == ["order.paused", "order.resumed", "order.completed"]
