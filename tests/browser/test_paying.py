"""A customer pays an order on a telephone at the test bank, and sees it active; every page is sound."""

from decimal import Decimal

import pytest
from playwright.sync_api import expect
from sqlalchemy import func, select

from database import db
from domain.vault import vault
from models.order import Order, OrderStatus
from outbound.payments import advancing
from tests import cast, paying
from tests.browser.conftest import enter_test_mode, opening, serving, sign_in

pytestmark = [pytest.mark.browser, pytest.mark.files]


@pytest.fixture
def shop(install):
    """An application with an order to pay, and the server's address."""
    app = install(sink=lambda record: None)
    with serving(app) as address:
        yield app, address


def make(app, **more):
    """The id of a new order, and the path of its payment page."""
    with app.app_context():
        order = paying.make_order(cast.make_merchant("Alder & Sons"), create_checkout=True, **more)
        return order, f"/pay/{vault.decrypt(db.session.get(Order, order).link_token)}"


@pytest.fixture
def telephone(chromium, shop):
    """Opens a telephone of a colour scheme; what it complained about fails the test."""
    with opening(chromium, shop[1]) as make:
        yield lambda theme: make(color_scheme=theme)


@pytest.mark.timeout(180)
@pytest.mark.parametrize("theme", ["light", "dark"])
def test_an_order_is_declined_then_paid_and_is_active(shop, telephone, theme):
    app, (order, address) = shop[0], make(shop[0])
    one, wrong = telephone(theme), []
    page = one.page
    wrong += one.faults_of(address)
    page.set_viewport_size({"width": 390, "height": 844})
    page.get_by_role("button", name="Order and pay €10.00").last.click()
    page.get_by_role("button", name="Decline: not enough money").wait_for()
    wrong += one.faults()
    page.get_by_role("button", name="Decline: not enough money").click()
    page.get_by_text("You have not been charged").wait_for()
    wrong += one.faults()
    page.get_by_role("button", name="Order and pay €10.00").last.click()
    page.get_by_role("button", name="Approve", exact=True).click()
    page.get_by_role("heading", name="Paid. Thank you.").wait_for()
    wrong += one.faults()
    page.get_by_role("link", name="See your order").click()
    page.get_by_text("Active", exact=True).wait_for()
    page.get_by_role("heading", name="Next payment").wait_for()
    wrong += one.faults_of(page.url)
    page.get_by_role("link", name="Receipt").click()
    page.get_by_role("heading", name="Receipt", level=1).wait_for()
    wrong += one.faults()
    assert wrong == []
    with app.app_context():
        assert db.session.get(Order, order).status is OrderStatus.ACTIVE


def decline_the_next(app, order, clock):
    """The customer's card will decline the first try of a payment; the clock moves on to the next one."""
    with app.app_context():
        paying.change(order, "test_soft_then_ok")
        paying.target(clock, paying.rows(order)[1].due_at)
        while advancing.advance_due():
            pass
        assert paying.statuses(order)[:2] == ["complete", "soft-declined"]


@pytest.mark.timeout(180)
def test_a_declined_payment_is_found_among_the_exceptions_and_recovered_there(shop, telephone):
    app = shop[0]
    with app.app_context():
        merchant = cast.make_merchant("Alder & Sons")
        cast.make_user("ada@alder.example", "admin_user", [merchant])
        clock = paying.make_clock(merchant)
        order = paying.make_order(merchant, clock_id=clock, create_checkout=True)
        address = f"/pay/{vault.decrypt(db.session.get(Order, order).link_token)}"
    page = telephone("light").page
    page.goto(address)
    page.get_by_role("button", name="Order and pay").last.click()
    page.get_by_role("button", name="Approve", exact=True).click()
    page.get_by_role("link", name="See your order").click()
    page.get_by_text("Active", exact=True).wait_for()
    decline_the_next(app, order, clock)

    one, wrong = telephone("light"), []
    page = one.page
    sign_in(page, "ada@alder.example")
    page.set_viewport_size({"width": 1440, "height": 900})
    enter_test_mode(page)
    page.get_by_role("link", name="Exceptions").first.click()
    page.get_by_role("link", name="Will retry 1").click()
    page.get_by_text("Not enough money.").wait_for()
    wrong += one.faults_of(page.url)
    page.get_by_role("button", name="Retry now: Payment 1 of order").click()
    page.get_by_text("was tried again").wait_for()
    page.get_by_role("heading", name="Nothing needs you here").wait_for()
    page.goto(f"/admin/orders/{order}")
    page.get_by_role("heading", name=f"Order TEST-{order}").get_by_text("Active").wait_for()
    assert wrong == []
    with app.app_context():
        assert paying.statuses(order)[:2] == ["complete", "recovered"]
        assert paying.of(order).status is OrderStatus.ACTIVE


@pytest.mark.timeout(180)
def test_an_order_is_created_by_its_form_and_followed_on_a_clock_until_it_is_recovered(shop, telephone):
    app = shop[0]
    with app.app_context():
        merchant = cast.make_merchant("Alder & Sons")
        cast.make_user("ada@alder.example", "admin_user", [merchant])
        who = paying.actor_of(merchant)
        clock = paying.make_clock(merchant)
        customer = cast.make_customer(merchant, "Ada Lovelace", actor=who)
        product = cast.make_product(
            merchant, "Candle Club", actor=who, price=Decimal("12.50"), currency="EUR", billing="subscription",
            scheduled_unit="MONTH", scheduled_interval=1)
    desk, page = telephone("light"), telephone("light").page
    staff = desk.page
    staff.set_viewport_size({"width": 1440, "height": 900})
    sign_in(staff, "ada@alder.example")
    enter_test_mode(staff)
    staff.goto(f"/admin/orders/new?test_clock_id={clock}")
    staff.get_by_label("Customer", exact=True).fill(f"{customer}")
    staff.get_by_label("Product of line 1").fill(f"{product}")
    expect(staff.locator("[data-due-now]")).to_have_text("12.50 EUR")
    assert desk.faults() == []
    with app.app_context():
        assert db.session.scalar(select(func.count(Order.id))) == 0, "a preview writes no row"
    staff.get_by_role("button", name="Create order").click()
    staff.get_by_role("heading", name="Order TEST-").wait_for()
    order = int(staff.url.rsplit("/", 1)[1].partition("?")[0])
    link = staff.locator("#pay-link").inner_text()

    page.goto(link[link.index("/pay/"):])
    page.get_by_role("button", name="Order and pay €12.50").last.click()
    page.get_by_role("button", name="Approve", exact=True).click()
    page.get_by_role("link", name="See your order").click()
    page.get_by_text("Active", exact=True).wait_for()

    with app.app_context():
        paying.change(order, "test_soft_then_ok")
    staff.goto(f"/admin/test-clocks/{clock}")
    staff.get_by_role("button", name="To the next payment").click()
    with app.app_context():
        while advancing.advance_due():
            pass
        assert paying.statuses(order)[:2] == ["complete", "soft-declined"]
    staff.goto("/admin/exceptions")
    staff.get_by_role("link", name="Will retry 1").click()
    staff.get_by_role("button", name="Retry now: Payment 1 of order").click()
    staff.get_by_text("was tried again").wait_for()
    page.reload()
    page.get_by_text("Active", exact=True).wait_for()
    with app.app_context():
        assert paying.statuses(order)[:2] == ["complete", "recovered"]


def test_an_extra_step_is_confirmed_and_the_subscription_cancelled(shop, telephone):
    app, (order, address) = shop[0], make(shop[0])
    page = telephone("light").page
    page.goto(address)
    page.get_by_role("button", name="Order and pay").last.click()
    page.get_by_role("button", name="Ask for one more step").click()
    page.get_by_role("button", name="Confirm").click()
    page.get_by_role("link", name="See your order").click()
    page.get_by_role("link", name="Cancel the subscription").click()
    page.locator("input[value=now]").check()
    page.get_by_role("button", name="Cancel the subscription").click()
    page.get_by_text("Complete", exact=True).wait_for()
    with app.app_context():
        assert db.session.get(Order, order).status is OrderStatus.COMPLETE
