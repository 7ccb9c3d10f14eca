"""The page of a service says why it is suspended, and so does that of its order."""

import re
from datetime import timedelta

import pytest

from database import db, transaction
from domain import clock
from domain.hosting import suspending, unpaid_services
from domain.integrations import webhooks
from domain.people import merchants
from domain.sales.orders import orders
from models.merchant import Merchant
from models.webhook import Attempt, Delivery
from tests import cast
from tests.client.reached import make_service
from tests.domain.invoicing.paying.money import pay
from tests.invoicing import make_issued
from tests.outbound.conftest import make_endpoint


@pytest.fixture
def ada(alder):
    return cast.make_customer(alder, email="ada@example.org")


@pytest.fixture
def service(alder, ada):
    product = cast.make_product(
        alder, "Business Hosting", price=20, currency="EUR", billing="subscription", scheduled_unit="MONTH",
        scheduled_interval=1)
    return make_service(cast.actor_for(alder), ada, product)


def text_of(page):
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", page))


def test_the_rule_is_set_in_the_profile_and_its_suspension_is_explained(admin, alder, ada, service):
    form = f"/admin/merchants/{alder}"
    assert "Suspend services after" in admin.get(f"{form}/edit").text
    late = make_issued(alder, ada, due_on=clock.now().date() - timedelta(days=3))
    with transaction():
        merchants.update(cast.actor_for(alder), db.session.get(Merchant, alder), {"unpaid_suspend_days": 0})
        assert unpaid_services.suspend_next() == 1
    page = admin.get(f"/admin/services/{service}").text
    assert "Suspended: Invoices are overdue. INV-000001 . It goes on by itself" in text_of(page)
    assert f'href="/admin/invoices/{late}"' in page
    order = text_of(admin.get(f"/admin/orders/{service}").text)
    assert "Suspended: INV-000001 overdue." in order
    assert f'/admin/services/{service}"' in admin.get("/admin/services?suspended_for=unpaid").text
    assert f'/admin/services/{service}"' not in admin.get("/admin/services?suspended_for=declined").text
    pay(alder, 120, late)
    for path in ("services", "orders"):
        assert "uspended:" not in text_of(admin.get(f"/admin/{path}/{service}").text)


def test_staff_is_named_as_the_reason_of_a_suspension_by_staff(admin, alder, service):
    with transaction():
        suspending.suspend(cast.actor_for(alder), orders.locked(service))
    assert "Suspended by staff" in admin.get(f"/admin/services/{service}").text
    assert "Suspended by staff" in admin.get(f"/admin/orders/{service}").text


def test_what_the_program_that_provides_a_service_answered_is_shown(admin, alder, ada, monkeypatch):
    monkeypatch.setattr(webhooks.policy, "allowed_hosts", ("hooks.example.com",))
    product = cast.make_product(
        alder, "Host", price=20, currency="EUR", billing="subscription", scheduled_unit="MONTH", scheduled_interval=1)
    unheard = make_service(cast.actor_for(alder), ada, product)
    page = admin.get(f"/admin/services/{unheard}").text
    assert ("Last webhook" in page, "tab=webhooks" in page) == (False, False)
    make_endpoint(alder, "https://hooks.example.com/provision")
    key = make_service(cast.actor_for(alder), ada, product)
    with transaction():
        suspending.suspend(cast.actor_for(alder), orders.locked(key))
    sent = db.session.query(Delivery).filter_by(event="service.suspended").one()
    assert "service.suspended Waiting Sent in a moment" in text_of(admin.get(f"/admin/services/{key}").text)
    with transaction():
        task = db.session.get(Delivery, sent.id).task
        task.due_at = clock.now() + timedelta(minutes=5, seconds=30)
        db.session.add(Attempt(
            delivery_id=sent.id, number=1, started_at=clock.now(), duration_ms=7, status_code=500,
            request_headers={}, response_headers={}, response_body="disk full on <web-17>"))
    page = admin.get(f"/admin/services/{key}").text
    assert "service.suspended Waiting HTTP 500 disk full on &lt;web-17&gt; Next attempt in 5 min" in text_of(page)
    told = admin.get(f"/admin/services/{key}?tab=webhooks").text
    assert [told.count(event) for event in ("service.created", "service.suspended")] == [1, 1]
    assert "disk full on &lt;web-17&gt;" in told
    assert f'href="/admin/webhooks/deliveries/{sent.id}"' in told
    assert "disk full" in admin.get(f"/admin/services/{key}?tab=webhooks", headers={"HX-Request": "true"}).text


def test_who_may_not_see_webhooks_sees_none_of_their_answers(signed_in, alder, ada, monkeypatch):
    monkeypatch.setattr(webhooks.policy, "allowed_hosts", ("hooks.example.com",))
    product = cast.make_product(
        alder, "Host", price=20, currency="EUR", billing="subscription", scheduled_unit="MONTH", scheduled_interval=1)
    make_endpoint(alder, "https://hooks.example.com/provision")
    key = make_service(cast.actor_for(alder), ada, product)
    page = signed_in("normal_user", [alder]).get(f"/admin/services/{key}").text
    assert "Host" in page
    assert "service.created" not in page
    assert "tab=webhooks" not in page
