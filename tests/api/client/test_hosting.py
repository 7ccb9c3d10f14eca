"""A customer's services and domain names."""

from datetime import timedelta

import pytest

from database import transaction
from domain import clock, inputs
from domain.hosting import domain_names, services, suspending
from domain.sales.orders import orders
from models.order import SuspendedFor
from tests import cast


@pytest.fixture
def hosting(alder):
    return cast.make_product(
        alder, "Business Hosting", price=20, currency="EUR", billing="subscription", scheduled_unit="MONTH",
        scheduled_interval=1)


def make_service(merchant, customer, product, **more):
    with transaction():
        new = inputs.parse(services.ServiceInput, {"customer_id": customer, "product_id": product, **more})
        return services.create(cast.actor_for(merchant), new).id


def make_domain(merchant, customer, **more):
    with transaction():
        new = inputs.parse(domain_names.DomainNameInput, {"customer_id": customer, "name": "mysite.com", **more})
        return domain_names.create(cast.actor_for(merchant), new).id


def test_the_list_of_services_has_the_five_documented_fields(program, alder, ada, hosting):
    due = clock.now().date() + timedelta(days=9)
    key = make_service(alder, ada, hosting, status="active", domain="mysite.com", next_due_on=due)
    assert program.get("/services").json == {
        "data": [{"id": key, "product_name": "Business Hosting", "domain": "mysite.com", "status": "active",
                  "next_due_date": due.isoformat()}],
        "count": 1,
    }


def test_a_service_has_all_its_details(program, alder, ada, hosting):
    begun = clock.now().date() - timedelta(days=40)
    key = make_service(alder, ada, hosting, status="active", registered_on=begun, quantity=3, billing_cycle="quarterly")
    found = program.get(f"/services/{key}").json
    assert {name: found[name] for name in (
        "id", "product_id", "product_name", "domain", "status", "billing_cycle", "quantity", "amount", "currency",
        "registration_date", "order_id")} == {
        "id": key, "product_id": hosting, "product_name": "Business Hosting", "domain": None, "status": "active",
        "billing_cycle": "quarterly", "quantity": 3, "amount": "60.00", "currency": "EUR",
        "registration_date": begun.isoformat(), "order_id": key,
    }


def test_another_customers_service_is_403_an_absent_one_and_another_merchants_404(
        program, alder, birch, hosting):
    bea = cast.make_customer(alder, "Bea", email="bea@example.org")
    other = make_service(alder, bea, hosting)
    product = cast.make_product(birch, billing="subscription", scheduled_unit="MONTH", scheduled_interval=1)
    foreign = make_service(birch, cast.make_customer(birch, "Cleo"), product)
    replies = {key: program.get(f"/services/{key}") for key in (other, foreign, 999, "x", 0)}
    assert (replies[other].status_code, replies[other].json) == (403, {"error": "Forbidden", "code": 403})
    for key in (foreign, 999, "x", 0):
        assert (replies[key].status_code, replies[key].json) == (404, {"error": "Resource not found", "code": 404})
    assert program.get("/services").json == {"data": [], "count": 0}


def test_domain_names_are_listed(program, alder, ada):
    key = make_domain(alder, ada, registrar="Gandi", amount=12, currency="EUR", registered_on="2024-01-01",
                      expires_on="2025-01-01", next_due_on="2024-12-01")
    make_domain(alder, cast.make_customer(alder, "Bea"), name="other.example")
    assert program.get("/domains").json == {
        "data": [{
            "id": key, "domain": "mysite.com", "registrar": "Gandi", "status": "active",
            "registration_date": "2024-01-01", "expiry_date": "2025-01-01", "next_due_date": "2024-12-01",
            "auto_renew": True, "amount": "12.00", "currency": "EUR",
        }],
        "count": 1,
    }


def test_a_service_says_for_what_it_is_suspended(program, alder, ada, hosting):
    key = make_service(alder, ada, hosting, status="active")
    assert program.get(f"/services/{key}").json["suspended_for"] is None
    with transaction():
        suspending.suspend(cast.actor_for(alder), orders.locked(key), SuspendedFor.UNPAID)
    found = program.get(f"/services/{key}").json
    assert (found["status"], found["suspended_for"]) == ("suspended", "unpaid")
