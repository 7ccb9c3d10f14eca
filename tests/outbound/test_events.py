"""Events exist exactly when their change is committed, from every contract, for endpoints that may receive them."""

import json
import re
from datetime import timedelta
from pathlib import Path

import pytest
import time_machine
from sqlalchemy import select

from database import db, transaction
from domain import clock
from domain.actor import Actor
from domain.catalog import products
from domain.integrations import api_keys, events, webhooks
from domain.people import customers, merchants
from domain.sales.budgets import budgets
from models.budget import BudgetStatus
from models.credential import Credential
from models.customer import Customer
from models.outbox import Task, TaskStatus
from models.webhook import Delivery, Endpoint
from tests import cast
from tests.outbound.conftest import make_endpoint

URL = "https://hooks.example.com/"
DOCUMENT = Path(__file__).parent.parent.parent / "docs" / "webhooks.md"


@pytest.fixture
def listening(alder):
    """A merchant with one endpoint for everything."""
    make_endpoint(alder, URL)
    return alder


def emitted():
    """The events so far, with their payloads."""
    db.session.expire_all()
    return [(one.event, json.loads(one.body)) for one in db.session.scalars(select(Delivery).order_by(Delivery.id))]


def names():
    return [name for name, _ in emitted()]


def change(alder, module, key, action, *more):
    with transaction():
        actor = cast.actor_for(alder)
        return action(actor, module.LISTING.get(actor, key, lock=True, removed=action.__name__ == "restore"), *more)


def test_creating_changing_and_deleting_a_customer_emits_its_events(listening):
    key = cast.make_customer(listening)
    change(listening, customers, key, customers.update, {"name": "Grace"})
    for action in (customers.archive, customers.activate, customers.delete, customers.restore):
        change(listening, customers, key, action)
    assert names() == [
        "customer.created", "customer.updated", "customer.updated", "customer.updated", "customer.deleted",
        "customer.updated",
    ]


def test_creating_changing_and_deleting_a_product_emits_its_events(listening):
    key = cast.make_product(listening)
    change(listening, products, key, products.update, {"name": "Lantern"})
    change(listening, products, key, products.delete)
    change(listening, products, key, products.restore)
    assert names() == ["product.created", "product.updated", "product.deleted", "product.updated"]


def test_each_step_of_a_budget_emits_its_event(listening):
    customer = cast.make_customer(listening)
    first, second, third = (cast.make_budget(listening, customer) for _ in range(3))
    change(listening, budgets, first, budgets.approve)
    change(listening, budgets, second, budgets.reject)
    change(listening, budgets, second, budgets.update, {"status": BudgetStatus.PENDING})
    change(listening, budgets, third, budgets.update, {"notes": "Please"})
    change(listening, budgets, third, budgets.delete)
    assert names()[4:] == [
        "budget.approved", "budget.rejected", "budget.updated", "budget.updated", "budget.deleted",
    ]


def test_the_worker_emits_events_of_expired_budgets(listening):
    cast.make_budget(listening, cast.make_customer(listening))
    with time_machine.travel(clock.now() + timedelta(days=400)):
        with transaction():
            assert budgets.expire_due() == 1
        name, payload = emitted()[-1]
    assert name == "budget.expired"
    assert payload["metadata"]["source"] == "system"
    assert payload["data"]["status"] == "EXPIRED"


def test_the_payload_is_the_resource_as_the_public_api_shows_it(app, listening):
    _, key = cast.make_key(listening)
    customer = cast.make_customer(listening, "Ada", email="ada@example.org")
    budget = cast.make_budget(listening, customer)
    _, payload = emitted()[-1]
    headers = {"Authorization": f"Bearer {key}"}
    shown = app.test_client().get(f"/v1/api/public/budgets/budget_{budget}", headers=headers).json["data"]
    assert payload["data"] == json.loads(json.dumps(shown, default=float))
    assert payload["data"]["customer"]["email"] == "ada@example.org"
    assert set(payload) == {"event", "timestamp", "data", "metadata"}
    assert set(payload["metadata"]) == {"source", "version", "delivery_id"}
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ", payload["timestamp"])


def test_each_api_says_it_was_an_api_and_the_rest_admin_or_system(app, listening):
    _, key = cast.make_key(listening)
    app.test_client().post(
        "/v1/api/public/customers", json={"name": "Ada"}, headers={"Authorization": f"Bearer {key}"}
    )
    cast.make_customer(listening)
    with transaction():
        operator = Actor.operator().narrowed(listening)
        customers.create(operator, customers.CustomerInput(name="By command"))
    assert [payload["metadata"]["source"] for _, payload in emitted()] == ["api", "admin", "admin"]


def test_the_event_of_a_deletion_shows_the_row_as_it_was(listening):
    key = cast.make_customer(listening, "Ada")
    change(listening, customers, key, customers.delete)
    assert emitted()[-1][1]["data"]["name"] == "Ada"


# When a change is committed ----------------------------------------------------------------------------


def test_a_change_that_is_rolled_back_has_no_event(listening):
    def change_and_fail():
        with transaction():
            customers.create(cast.actor_for(listening), customers.CustomerInput(name="Ada"))
            db.session.flush()
            raise OSError("the power went")

    with pytest.raises(OSError, match="power"):
        change_and_fail()
    assert cast.count(Customer) == cast.count(Delivery) == 0


def test_a_refused_call_has_no_event(app, listening):
    _, key = cast.make_key(listening)
    client, headers = app.test_client(), {"Authorization": f"Bearer {key}"}
    assert client.post("/v1/api/public/customers", json={"email": "x"}, headers=headers).status_code >= 400
    assert names() == []


def test_a_repeated_call_has_one_event(app, listening):
    _, key = cast.make_key(listening)
    headers = {"Authorization": f"Bearer {key}", "Idempotency-Key": "once"}
    for _ in range(2):
        app.test_client().post("/v1/api/public/customers", json={"name": "Ada"}, headers=headers)
    assert names() == ["customer.created"]


# Which endpoints ----------------------------------------------------------------------------------------


def test_another_merchant_hears_nothing(listening):
    cast.make_customer(cast.make_merchant("Birch"))
    assert names() == []


def test_only_selected_events_are_sent(alder):
    make_endpoint(alder, URL, events=["customer.deleted", "product.created"])
    key = cast.make_customer(alder)
    cast.make_product(alder)
    change(alder, customers, key, customers.delete)
    assert names() == ["product.created", "customer.deleted"]


def test_changes_by_a_test_key_are_not_sent_to_live_endpoints(app, listening):
    _, key = cast.make_key(listening, mode="test")
    reply = app.test_client().post(
        "/v1/api/public/customers", json={"name": "Ada"}, headers={"Authorization": f"Bearer {key}"}
    )
    assert reply.status_code == 201
    assert names() == []


@pytest.mark.parametrize("test", [False, True], ids=["live", "test"])
def test_events_go_to_the_endpoints_of_their_world_only(alder, test):
    for mode in ("live", "test"):
        cast.make_key(alder, webhook_url=URL + mode, mode=mode)
    own = cast.actor_for(alder).in_world(test=test)
    key = cast.make_customer(alder, actor=own)
    with transaction():
        customers.update(*customers.LISTING.lock(own, key), {"name": "Grace"})
    deliveries = db.session.scalars(select(Delivery).order_by(Delivery.id)).all()
    assert [(one.event, one.endpoint.url, one.test, one.task.test) for one in deliveries] == [
        (name, URL + ("test" if test else "live"), test, test) for name in ("customer.created", "customer.updated")
    ]
    assert json.loads(deliveries[-1].body)["data"]["name"] == "Grace"


def test_an_expiry_in_the_test_world_is_sent_to_test_endpoints(alder):
    make_endpoint(alder, URL)
    cast.make_key(alder, webhook_url=URL + "test", mode="test")
    own = cast.actor_for(alder).in_world(test=True)
    tomorrow = (clock.now() + timedelta(days=1)).isoformat()
    cast.make_budget(alder, cast.make_customer(alder, actor=own), valid_until=tomorrow, actor=own)
    with time_machine.travel(clock.now() + timedelta(days=2)), transaction():
        assert budgets.expire_due() == 1
    deliveries = db.session.scalars(select(Delivery).order_by(Delivery.id)).all()
    assert [(one.event, one.test) for one in deliveries][-1] == ("budget.expired", True)
    assert {one.endpoint.url for one in deliveries} == {URL + "test"}


def test_mail_about_the_test_world_is_kept_and_not_sent(alder, work):
    cast.make_user(merchant_ids=[alder])
    cast.make_key(alder, webhook_url=URL, mode="test")
    with transaction():
        webhooks.disable(db.session.scalars(select(Endpoint)).one(), "no answer")
    work()
    task = db.session.scalars(select(Task)).one()
    assert (task.kind, task.test, task.status) == ("mail", True, TaskStatus.CANCELLED)
    assert "test world" in task.last_error


def test_the_address_of_a_key_that_may_not_receive_gets_nothing(alder):
    cast.make_key(alder, webhook_url=URL, scopes=["READ_CUSTOMERS"])
    cast.make_customer(alder)
    assert names() == []


def key_change(alder, key, action, *more):
    with transaction():
        actor = cast.actor_for(alder)
        action(actor, api_keys.LISTING.get(actor, key, lock=True), *more)


def test_a_keys_address_hears_until_it_is_revoked(alder):
    key, _ = cast.make_key(alder, webhook_url=URL)
    cast.make_customer(alder)
    key_change(alder, key, api_keys.revoke)
    cast.make_customer(alder)
    assert names() == ["customer.created"]


def test_a_keys_address_hears_until_it_expires(alder):
    cast.make_key(alder, webhook_url=URL, expires_at=(clock.now() + timedelta(days=1)).isoformat())
    cast.make_customer(alder)
    with time_machine.travel(clock.now() + timedelta(days=2)):
        cast.make_customer(alder)
    assert names() == ["customer.created"]


def test_what_still_waits_is_not_sent_for_a_key_that_lost_its_right(alder, receiver, work):
    key, _ = cast.make_key(alder, webhook_url=receiver.url("/200"))
    cast.make_customer(alder)
    key_change(alder, key, api_keys.update, {"scopes": ["READ_CUSTOMERS"]})
    work()
    assert receiver.seen == []
    assert "may no longer receive" in db.session.scalars(select(Delivery)).one().task.last_error


def test_a_keys_address_can_change_and_go(alder, receiver, work):
    key, _ = cast.make_key(alder, webhook_url=receiver.url("/200/old"))
    key_change(alder, key, api_keys.update, {"webhook_url": receiver.url("/200/new")})
    cast.make_customer(alder)
    work()
    assert [one["path"] for one in receiver.seen] == ["/200/new"]
    key_change(alder, key, api_keys.update, {"webhook_url": None})
    cast.make_customer(alder)
    assert len(names()) == 1
    key_change(alder, key, api_keys.update, {"webhook_url": receiver.url("/200/again")})
    cast.make_customer(alder)
    work()
    assert [one["path"] for one in receiver.seen] == ["/200/new", "/200/again"]


def test_keys_and_merchants_themselves_make_no_events(listening):
    cast.make_key(listening)
    with transaction():
        merchants.update(Actor.operator(), merchants.LISTING.get(Actor.operator(), listening), {"name": "Elder"})
    assert cast.count(Credential) == 1
    assert names() == []


# The table of events -----------------------------------------------------------------------------------


def test_every_event_is_documented():
    text = DOCUMENT.read_text()
    written = [line for line in text.splitlines() if re.match(r"\| `\w+\.\w+` \|", line)]
    declared = [f"| `{one.name}` | {one.since} | {one.meaning} |" for one in events.EVENTS]
    missing, stale = set(declared) - set(written), set(written) - set(declared)
    assert not missing, "docs/webhooks.md: add to its table of events:\n" + "\n".join(sorted(missing))
    assert not stale, "docs/webhooks.md: EVENTS has no such line:\n" + "\n".join(sorted(stale))
    assert f'"version": "{events.VERSION}"' in text


def test_an_event_that_is_not_in_the_table_is_not_emitted(app):
    with pytest.raises(LookupError, match=r"add it to EVENTS"):
        events.emit(Actor.system(), "budget.forgotten", None)
