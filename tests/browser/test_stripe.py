"""A customer pays on Stripe's hosted page, on another host: the page's policy lets its form lead there."""

import urllib.request

import pytest

from database import db, transaction
from domain import clock
from domain.people import logos, merchants
from domain.vault import vault
from models.order import Order, OrderStatus, ScheduledPayment
from outbound.gateways.stripe_gateway import stripe_gateway
from outbound.payments.collecting import Collector
from tests import cast, paying
from tests.browser.conftest import opening, serving
from tests.pictures import png
from tests.stripe_paying import enter_keys

pytestmark = [pytest.mark.browser, pytest.mark.files]


@pytest.fixture
def shop(install, stand_in):
    """An application whose merchant has Stripe's keys, and the server's address."""
    app = install(sink=lambda record: None)
    with serving(app) as address:
        stripe_gateway.configure(address, stand_in.url)
        yield app, address


@pytest.fixture
def order(shop):
    """The order to pay, its merchant and the path of its page."""
    with shop[0].app_context():
        merchant = cast.make_merchant("Alder & Sons")
        enter_keys(merchant)
        key = paying.make_order(merchant, create_checkout=True)
        return key, merchant, f"/pay/{vault.decrypt(db.session.get(Order, key).link_token)}"


@pytest.fixture
def telephone(chromium, shop):
    with opening(chromium, shop[1]) as make:
        yield make()


def pay(page, address):
    page.goto(address)
    page.get_by_text("Card", exact=True).click()
    page.get_by_role("button", name="Order and pay €10.00").last.click()
    page.wait_for_url("**/c/cs_test_*")


@pytest.mark.timeout(180)
def test_an_order_is_paid_on_the_hosted_page_and_the_notifications_change_nothing_more(
    shop, order, telephone, stand_in
):
    (app, base), (key, merchant, address), page = shop, order, telephone.page
    pay(page, address)
    page.get_by_role("button", name="decline").click()
    page.wait_for_url("**/c/cs_test_*")
    page.get_by_role("button", name="back").click()
    page.get_by_role("heading", name="How would you like to pay?").wait_for()
    pay(page, address)
    page.get_by_role("button", name="pay", exact=True).click()
    page.get_by_role("heading", name="Paid. Thank you.").wait_for()
    page.get_by_text("Visa ending in 4242").first.wait_for()
    for event in stand_in.events:
        headers, body = stand_in.signed(event)
        request = urllib.request.Request(f"{base}/pay/stripe/{merchant}", body, headers)
        with urllib.request.urlopen(request, timeout=15) as reply:
            assert reply.status == 204
    with app.app_context():
        assert db.session.get(Order, key).status is OrderStatus.ACTIVE
        assert paying.statuses(key) == ["complete", "scheduled"]
    assert list(stand_in.taken().values()) == [[1000]]


@pytest.mark.timeout(180)
def test_the_step_that_a_bank_wants_later_is_taken_from_the_payment_page(shop, order, telephone, stand_in):
    (app, _), (key, _, address), page = shop, order, telephone.page
    pay(page, address)
    page.get_by_role("button", name="pay", exact=True).click()
    page.get_by_role("heading", name="Paid. Thank you.").wait_for()
    with app.app_context():
        stand_in.steps.add(paying.of(key).payment_method.token.partition(":")[2])
        row_id = paying.rows(key)[1].id
        with transaction():
            db.session.get(ScheduledPayment, row_id).collect_at = clock.now()
        Collector().round()
        assert paying.payments(key)[1].confirm_url is not None
    page.goto(address)
    page.get_by_role("heading", name="Your bank wants to be sure it is you").wait_for()
    page.get_by_role("link", name="Go to my bank").click()
    page.get_by_role("button", name="confirm").click()
    page.get_by_role("heading", name="Paid. Thank you.").wait_for()
    with app.app_context():
        assert paying.statuses(key)[:2] == ["complete", "complete"]
    assert list(stand_in.taken().values()) == [[1000], [1000]]


@pytest.mark.timeout(180)
def test_another_card_is_entered_on_the_hosted_page_and_nothing_is_charged(shop, order, telephone, stand_in):
    (app, _), (key, merchant, address), page = shop, order, telephone.page
    with app.app_context(), transaction():
        own, row = merchants.LISTING.lock(cast.actor_for(merchant), merchant)
        logos.put(own, row, png(240, 60, colour=6, value=0x60))
    pay(page, address)
    page.get_by_role("button", name="pay", exact=True).click()
    page.get_by_role("heading", name="Paid. Thank you.").wait_for()
    place = address.replace("/pay/", "/order/")
    assert telephone.faults_of(place) == []
    page.get_by_role("link", name="Change card").first.click()
    page.get_by_role("heading", name="Change card").wait_for()
    assert telephone.faults_of(f"{place}/card") == []
    assert telephone.run("document.querySelector('.f-brand img').naturalWidth") == 240
    page.get_by_text("A new card", exact=True).click()
    page.get_by_role("button", name="Use this card").click()
    page.wait_for_url("**/c/cs_test_*")
    page.get_by_role("button", name="pay", exact=True).click()
    page.get_by_text("Visa ending in 4444").first.wait_for()
    with app.app_context():
        assert paying.of(key).payment_method.label == "Visa ending in 4444"
    assert list(stand_in.taken().values()) == [[1000]]
