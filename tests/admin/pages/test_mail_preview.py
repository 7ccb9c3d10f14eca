"""A mail to a customer is shown as it is sent; its HTML can load and run nothing."""

import pytest
from sqlalchemy import select

from database import db, transaction
from domain.sales.orders import orders
from models.outbox import Task
from tests import paying
from tests.admin.test_worlds import switch


@pytest.fixture
def receipt(alder):
    order = paying.make_order(alder)
    with transaction():
        orders.locked(order).customer_email = "tess@example.org"
    paying.pay(order)
    return db.session.scalars(select(Task.id).where(Task.kind == "mail")).one()


def test_the_mail_of_a_test_row_is_shown_in_the_test_world(admin, receipt):
    assert admin.get(f"/admin/outbox/{receipt}/mail").status_code == 404, "the page is in the live world"
    switch(admin, test=True)
    page = admin.get(f"/admin/outbox/{receipt}/mail")
    assert "To tess@example.org" in page.text
    assert "Thank you, we have your payment" in page.text
    html = admin.get(f"/admin/outbox/{receipt}/mail.html")
    assert html.headers["Content-Security-Policy"].endswith("sandbox")
    assert "script-src" not in html.headers["Content-Security-Policy"]
    assert html.headers["Cache-Control"] == "no-store"


def test_another_merchants_mail_is_not_there(signed_in, birch, receipt):
    other = signed_in("admin_user", [birch])
    switch(other, test=True)
    for path in ("mail", "mail.html"):
        assert other.get(f"/admin/outbox/{receipt}/{path}").status_code == 404
