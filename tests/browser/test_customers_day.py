"""A customer's errand from the mail to the answer: pays two invoices at once, asks, and reads what the staff said."""

import pytest
from playwright.sync_api import expect

from blueprints.shared_counters import counters
from database import db
from models.invoice import Invoice
from tests import cast
from tests.articles import make_article
from tests.browser.conftest import enter_test_mode, opening, serving, sign_in
from tests.client.conftest import last_mail, link_of, sign_in_of
from tests.invoicing import make_issued

pytestmark = [pytest.mark.browser, pytest.mark.files]
EMAIL, STAFF = "ada@example.org", "staff@alder.example"
ARTICLE, ANSWER = "How to read your invoice", "The tax of your country, 20 %."


@pytest.fixture
def shop(install):
    """The application, its address, the sign-in of the test world, and two open invoices."""
    app = install(sink=lambda record: None)
    with serving(app) as address:
        with app.app_context():
            counters.forget()
            merchant = cast.make_merchant("Alder & Sons")
            who = cast.actor_for(merchant).in_world(test=True)
            customer = cast.make_customer(merchant, "Ada Lovelace", actor=who, email=EMAIL)
            owed = [make_issued(merchant, customer, test=True) for _ in range(2)]
            make_article(merchant, ARTICLE, actor=who)
            cast.make_user(STAFF, "admin_user", [merchant])
            area = sign_in_of(merchant, test=True)
        yield app, address, area, owed


@pytest.fixture
def open_window(chromium, shop):
    """Opens windows of a size; what they complained about fails the test."""
    with opening(chromium, shop[1]) as make:
        yield make


def sign_in_by_mail(app, page, address):
    page.goto(address)
    page.get_by_label("E-mail").fill(EMAIL)
    page.get_by_role("button", name="Send me a link").click()
    page.get_by_role("heading", name="Look in your mailbox").wait_for()
    with app.app_context():
        page.goto(link_of(last_mail()))
    page.get_by_role("button", name="Sign in").click()
    page.get_by_role("heading", name="Welcome").wait_for()


def pay_all(page):
    page.get_by_role("button", name="Pay all, €240.00").click()
    page.get_by_role("button", name="Pay €240.00").last.click()
    page.get_by_role("button", name="Approve", exact=True).click()
    page.get_by_role("heading", name="Paid. Thank you.").wait_for()


def ask_from_an_article(page):
    page.goto("/client/help")
    page.get_by_role("link", name=ARTICLE).click()
    page.get_by_role("link", name="Ask a question").click()
    expect(page.get_by_label("Subject")).to_have_value(ARTICLE)
    page.get_by_label("Your message").fill("Which tax is meant?")
    page.get_by_role("button", name="Send").click()
    page.get_by_role("heading", name=ARTICLE, level=1).wait_for()


def answer_as_staff(page):
    sign_in(page, STAFF)
    enter_test_mode(page)
    page.goto("/admin/desk")
    page.get_by_role("link", name=ARTICLE).click()
    page.get_by_role("radio", name="Reply").wait_for(state="attached")
    page.get_by_label("Message", exact=True).fill(ANSWER)
    page.get_by_role("button", name="Send", exact=True).click()
    page.get_by_role("region", name="Messages").get_by_text(ANSWER).wait_for()


def read_the_answer(page):
    page.goto("/client/tickets")
    page.get_by_role("link", name=ARTICLE).click()
    page.get_by_role("article").get_by_text(ANSWER).wait_for()


@pytest.mark.timeout(180)
def test_a_customer_pays_two_invoices_and_reads_the_staffs_answer_on_a_telephone(shop, open_window):
    app, _, area, owed = shop
    telephone, desk = open_window(390, 844), open_window(1440, 900)
    sign_in_by_mail(app, telephone.page, area)
    pay_all(telephone.page)
    with app.app_context():
        assert [db.session.get(Invoice, key).balance_minor for key in owed] == [0, 0]
    ask_from_an_article(telephone.page)
    answer_as_staff(desk.page)
    read_the_answer(telephone.page)
    assert telephone.overflow() <= 0
    assert telephone.faults() == []
