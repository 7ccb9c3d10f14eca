"""The board of orders: a column for each status with its number, its sums and the newest orders."""

import re
from datetime import UTC, datetime, timedelta

import pytest

from blueprints.admin import order_board
from domain.actor import Actor
from models.order import OrderStatus
from models.product import Billing
from tests.cast import actor_for
from tests.ordered import make_order
from tests.sql_statements import plans_of

NOON = datetime(2026, 11, 20, 12, tzinfo=UTC)


def columns_of(page):
    """The text of each column by its heading."""
    found = {}
    for part in re.findall(r"<section class=\"panel\".*?</section>", page, re.S):
        text = re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", part)).strip()
        title = re.search(r'id="s-(\w+)"', part)[1]
        found[title] = text
    return found


def test_each_status_has_its_number_and_sums_by_currency(admin, alder):
    make_order(alder, status=OrderStatus.ACTIVE, total_minor=1250)
    make_order(alder, status=OrderStatus.ACTIVE, total_minor=250)
    make_order(alder, status=OrderStatus.ACTIVE, total_minor=300, currency="USD")
    make_order(alder, status=OrderStatus.COMPLETE, billing=Billing.SINGLE_PAYMENT)
    found = columns_of(admin.get("/admin/orders/board").text)
    assert list(found) == ["pending", "active", "failed", "suspended", "complete"]
    assert "Active 3 15.00 EUR 3.00 USD" in found["active"]
    assert found["pending"] == "Pending first payment 0 No orders"
    assert "Complete 1 10.00 EUR" in found["complete"]


def test_more_than_three_currencies_are_counted(admin, alder):
    for currency in ("EUR", "USD", "GBP", "CHF", "SEK"):
        make_order(alder, status=OrderStatus.ACTIVE, currency=currency)
    assert "and 2 more currencies" in columns_of(admin.get("/admin/orders/board").text)["active"]


def test_the_newest_orders_are_cards_and_the_rest_a_link(admin, alder):
    keys = [make_order(alder, status=OrderStatus.ACTIVE, created_at=NOON + timedelta(hours=place))
            for place in range(order_board.SHOWN + 2)]
    page = admin.get("/admin/orders/board").text
    assert re.findall(r'id="card-(\d+)"', page) == [str(key) for key in keys[:1:-1]]
    assert f'href="/admin/orders/{keys[-1]}"' in page
    assert 'href="/admin/orders?status=active">All 10<' in page


def test_only_the_own_orders_of_the_world_are_shown(admin, alder, birch):
    make_order(birch, customer_name="Somebody else", status=OrderStatus.ACTIVE)
    make_order(alder, customer_name="Tess", status=OrderStatus.ACTIVE, test=True)
    page = admin.get("/admin/orders/board").text
    assert "Somebody else" not in page
    assert "Tess" not in page
    assert columns_of(page)["active"].startswith("Active 0 No orders")


def test_a_metered_order_without_a_price_says_so(admin, alder):
    make_order(alder, status=OrderStatus.ACTIVE, billing=Billing.METERED, total_minor=0)
    assert "By use Metered" in columns_of(admin.get("/admin/orders/board").text)["active"]


def test_the_list_and_the_board_lead_to_each_other(admin, alder):
    assert 'href="/admin/orders/board"' in admin.get("/admin/orders").text
    assert 'aria-current="page">Board<' in admin.get("/admin/orders/board").text


@pytest.mark.parametrize(("who", "index"), [
    (actor_for, "ix_orders_status_test_merchant_id"), (lambda _: Actor.operator(), "ix_orders_status_test_created_at"),
], ids=["own", "all"])
def test_cards_are_read_along_an_index(on_postgresql, alder, who, index):
    if on_postgresql:
        pytest.skip("asks SQLite for its plan")
    steps = plans_of(lambda: order_board.cards(who(alder), OrderStatus.ACTIVE))
    assert any(index in step for step in steps), steps
    assert not any("TEMP B-TREE" in step and "ORDER BY" in step and "LAST TERM" not in step for step in steps), steps
