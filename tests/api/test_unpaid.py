"""Keys and tokens of customers who do not pay: fewer calls, then none, and all again on the call after the payment."""

import re
from datetime import timedelta

import pytest
import time_machine

from database import db, transaction
from domain.actor import Actor
from domain.people import merchants
from domain.people.merchant_listing import LISTING as MERCHANTS
from tests import cast
from tests.api.client.conftest import token_of
from tests.domain.invoicing.paying.money import pay
from tests.invoicing import make_issued, of

CALLS = {"unpaid_throttle_days": 3, "unpaid_calls_per_hour": 2, "unpaid_stop_days": 10}


@pytest.fixture
def ada(alder):
    return cast.make_customer(alder, email="ada@example.org")


def rules(merchant, **given):
    with transaction():
        merchants.update(*MERCHANTS.lock(Actor.operator(), merchant), given)


def late(key, days):
    """When the invoice has been overdue for so many days."""
    return time_machine.travel(of(key).overdue_at + timedelta(days=days, minutes=1), tick=False)


def call(app, key, path="/v1/api/public/products"):
    return app.test_client().get(path, headers={"Authorization": f"Bearer {key}"})


def test_a_key_is_slowed_down_then_stopped_and_works_after_the_payment(app, alder, ada):
    rules(alder, **CALLS)
    key = cast.make_key(alder, customer_id=ada)[1]
    free = cast.make_key(alder)[1]
    invoice = make_issued(alder, ada)
    with late(invoice, 2):
        assert [call(app, key).status_code for _ in range(4)] == [200] * 4
    with late(invoice, 3):
        assert [call(app, key).status_code for _ in range(3)] == [200, 200, 429]
        refused = call(app, key)
        assert refused.json["error"] == "rate_limit_exceeded"
        assert refused.json["details"]["limit"] == 2
        assert refused.headers["Retry-After"]
        address = refused.json["details"]["payUrl"]
        assert re.fullmatch(r"http://localhost/pay/[\w-]{43}", address)
        assert call(app, free).status_code == 200                   # a key of nobody in particular
    with late(invoice, 10):
        stopped = call(app, key)
        assert (stopped.status_code, stopped.json["error"]) == (402, "payment_required")
        assert stopped.json["details"] == {"payUrl": address}
        assert of(invoice).number in stopped.json["message"]
        assert of(invoice).number in app.test_client().get(address.removeprefix("http://localhost")).text
        pay(alder, 120, invoice)
        assert call(app, key).status_code == 200


def test_a_customers_own_token_still_reads_what_is_unpaid(app, alder, ada):
    rules(alder, **CALLS)
    token, invoice = token_of(ada), make_issued(alder, ada)
    with late(invoice, 11):
        refused = call(app, token, "/api/v1/services")
        assert (refused.status_code, set(refused.json)) == (402, {"error", "code", "pay_url"})
        assert (refused.json["error"], refused.json["code"]) == ("Payment required", 402)
        for path in ("/api/v1/invoices", f"/api/v1/invoices/{invoice}", "/api/v1/tickets"):
            assert call(app, token, path).status_code == 200, path
        pay(alder, 120, invoice)
        assert call(app, token, "/api/v1/services").status_code == 200


@pytest.mark.parametrize("given", [{}, {"unpaid_throttle_days": 30}, {"unpaid_stop_days": 30}])
def test_nothing_happens_without_a_rule_or_before_its_day(app, alder, ada, given):
    rules(alder, **given)
    key, invoice = cast.make_key(alder, customer_id=ada)[1], make_issued(alder, ada)
    with late(invoice, 29):
        assert [call(app, key).status_code for _ in range(3)] == [200] * 3


def test_another_customers_invoice_and_another_world_stop_nobody(app, alder, ada):
    rules(alder, unpaid_stop_days=0)
    tess = cast.make_customer(alder, "Tess", actor=cast.actor_for(alder).in_world(test=True))
    invoice = make_issued(alder, cast.make_customer(alder, "Grace Hopper"))
    make_issued(alder, tess, test=True)
    key = cast.make_key(alder, customer_id=ada)[1]
    with late(invoice, 1):
        assert call(app, key).status_code == 200
        tests_key = cast.make_key(alder, customer_id=tess, mode="test")[1]
        assert call(app, tests_key).status_code == 402
    db.session.rollback()
