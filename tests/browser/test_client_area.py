"""A customer signs in on a telephone by the link of a mail; every page that links then lead to is sound."""

import re
from urllib.parse import urljoin, urlsplit

import pytest

from blueprints.shared_counters import counters
from tests import cast
from tests.browser.conftest import PATIENCE, opening, serving
from tests.browser.test_every_page import Links, fetch
from tests.client.authenticator import PASSWORD, App, codes_of
from tests.client.conftest import last_mail, link_of, sign_in_of
from tests.client.filled import fill

pytestmark = [pytest.mark.browser, pytest.mark.files]
EMAIL = "ada@example.org"
MOST = 40           # kinds of pages


def kind_of(address):
    """Pages that differ only by a number are one kind."""
    return re.sub(r"\d+", "N", urlsplit(address).path)


@pytest.fixture
def area(install):
    """An application with a customer who has rows of everything, the server's address, and the merchant."""
    app = install(sink=lambda record: None)
    with serving(app) as address:
        with app.app_context():
            counters.forget()
            merchant = cast.make_merchant("Alder & Sons")
            fill(merchant, EMAIL)
            cast.make_customer(merchant, "Empty Eve", email="eve@example.org")
            sign_in = sign_in_of(merchant)
        yield app, address, sign_in


@pytest.fixture
def telephone(chromium, area):
    """A telephone; what it complained about fails the test."""
    with opening(chromium, area[1]) as make:
        yield make()


@pytest.fixture
def plain_telephone(chromium, area):
    """A telephone whose browser runs no scripts."""
    context = chromium.new_context(
        base_url=area[1], viewport={"width": 390, "height": 844}, java_script_enabled=False)
    context.set_default_timeout(PATIENCE)
    yield context.new_page()
    context.close()


def enter(area, window, email):
    """Sign in; the faults of the pages on the way."""
    app, _, sign_in = area
    wrong = window.faults_of(sign_in)
    window.page.get_by_label("E-mail").fill(email)
    window.page.get_by_role("button", name="Send me a link").click()
    window.page.get_by_role("heading", name="Look in your mailbox").wait_for()
    wrong += window.faults_of(f"{sign_in}/sent")
    with app.app_context():
        link = link_of(last_mail())
    wrong += window.faults_of(link)
    window.page.get_by_role("button", name="Sign in").click()
    window.page.get_by_role("heading", name="Welcome").wait_for()
    return wrong


def addresses(area, window):
    """The first address of every kind of page that links lead to."""
    cookies = "; ".join(f"{one['name']}={one['value']}" for one in window.page.context.cookies())
    found, waiting = {}, ["/client/", "/client/nothing"]
    while waiting:
        address = waiting.pop(0)
        if kind_of(address) not in found:
            found[kind_of(address)] = address
            links = [urljoin(address, one) for one in Links(fetch(area[1] + address, cookies)).found]
            waiting += [one for one in links if one.startswith("/client")]
            assert len(found) <= MOST, sorted(found)
    return found


@pytest.mark.timeout(600)
def test_every_page_of_the_client_area_has_no_errors(area, telephone):
    wrong = enter(area, telephone, EMAIL)
    found = addresses(area, telephone)
    assert {"/client/invoices", "/client/invoices/N"} <= set(found), sorted(found)
    for address in found.values():
        wrong += telephone.faults_of(address)
    telephone.page.goto("/client/")
    telephone.page.get_by_role("button", name="Sign out").click()
    telephone.page.get_by_role("heading", name="Sign in").wait_for()
    assert wrong == []


@pytest.mark.timeout(300)
def test_its_empty_pages_have_no_errors(area, telephone):
    wrong = enter(area, telephone, "eve@example.org")
    for address in addresses(area, telephone).values():
        wrong += telephone.faults_of(address)
    assert wrong == []


def shown(window):
    """The faults of the page that is open, and that loading it again would not show, in both widths and schemes."""
    wrong = []
    for width in (390, 1440):
        window.show("light", width)
        wrong += window.faults()
        assert window.overflow() <= 0, window.page.url
        window.show("dark", width)
        wrong += window.faults()
    window.show("light", 390)
    return wrong


def open_link(area, page):
    """Ask for a link and open it, up to the press on its button."""
    app, _, sign_in = area
    page.goto(sign_in)
    page.get_by_label("E-mail").fill(EMAIL)
    page.get_by_role("button", name="Send me a link").click()
    page.get_by_role("heading", name="Look in your mailbox").wait_for()
    with app.app_context():
        page.goto(link_of(last_mail()))
    page.get_by_role("button", name="Sign in").click()


@pytest.mark.timeout(300)
def test_a_user_sets_a_password_and_two_factor_and_signs_in_with_both(area, telephone):
    page, sign_in = telephone.page, area[2]
    wrong = enter(area, telephone, EMAIL)
    page.get_by_role("link", name="Profile", exact=True).click()
    page.get_by_role("link", name="Password and two-factor").click()
    page.get_by_label("New password").fill(PASSWORD)
    page.get_by_role("button", name="Set password").click()
    page.get_by_text("Your password was saved").wait_for()
    page.get_by_role("button", name="Set it up").click()
    page.get_by_role("heading", name="1. Add the key to your app").wait_for()
    wrong += shown(telephone)
    used = App.scanned(page.content()).code()
    page.get_by_label("6-digit code").fill(used)
    page.get_by_role("button", name="Turn it on").click()
    page.get_by_role("heading", name="Your recovery codes").wait_for()
    codes = codes_of(page.content())
    assert len(codes) == 10
    wrong += shown(telephone)
    page.get_by_role("link", name="I have kept them").click()
    page.get_by_text("Turn it off").first.click()
    wrong += shown(telephone)
    page.get_by_role("button", name="Sign out").click()

    wrong += telephone.faults_of(f"{sign_in}/password")
    page.get_by_label("E-mail").fill(EMAIL)
    page.get_by_label("Password").fill("not the right password")
    page.get_by_role("button", name="Sign in").click()
    page.get_by_text("E-mail or password is wrong").wait_for()
    wrong += shown(telephone)
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Sign in").click()
    page.get_by_role("heading", name="Enter your code").wait_for()
    wrong += shown(telephone)
    page.get_by_label("Code").fill(used)
    page.get_by_role("button", name="Sign in").click()
    page.get_by_text("was used already").wait_for()
    wrong += shown(telephone)
    page.get_by_label("Code").fill(codes[0])
    page.get_by_role("button", name="Sign in").click()
    page.get_by_role("heading", name="Welcome").wait_for()
    assert wrong == []


@pytest.mark.timeout(300)
def test_two_factor_works_without_scripts(area, plain_telephone):
    page = plain_telephone
    open_link(area, page)
    page.get_by_role("heading", name="Welcome").wait_for()
    page.goto("/client/security")
    page.get_by_role("button", name="Set it up").click()
    page.get_by_role("img", name="QR code").locator("svg").wait_for()
    app = App.scanned(page.content())
    page.get_by_label("6-digit code").fill(app.code())
    page.get_by_role("button", name="Turn it on").click()
    page.get_by_role("heading", name="Your recovery codes").wait_for()
    codes = codes_of(page.content())
    page.get_by_role("button", name="Sign out").click()
    open_link(area, page)
    page.get_by_label("Code").fill(codes[0])
    page.get_by_role("button", name="Sign in").click()
    page.get_by_role("heading", name="Welcome").wait_for()
    page.goto("/client/security")
    page.get_by_text("Turn it off").first.click()
    page.get_by_label("a recovery code").last.fill(codes[1])
    page.get_by_role("button", name="Turn it off").click()
    page.get_by_text("Two-factor authentication is off").wait_for()
    page.goto("/client/users")
    page.get_by_label("E-mail").fill("colleague@example.org")
    page.get_by_role("button", name="Invite").click()
    page.get_by_text("The invitation is on its way").wait_for()
