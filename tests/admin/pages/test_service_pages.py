"""The page of a service says why it is suspended, and so does that of its order."""

import re
from datetime import timedelta

import pytest

from database import db, transaction
from domain import clock
from domain.hosting import suspending, unpaid_services
from domain.people import merchants
from domain.sales.orders import orders
from models.merchant import Merchant
from tests import cast
from tests.client.reached import make_service
from tests.domain.invoicing.paying.money import pay
from tests.invoicing import make_issued


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
