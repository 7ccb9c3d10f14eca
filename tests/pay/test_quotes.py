"""The page of a quote: seen and answered by whoever has its address, and by nobody else."""

from base64 import urlsafe_b64encode
from datetime import timedelta
from decimal import Decimal
from html import unescape
from random import Random

import pytest
import time_machine

from analytics.log.spool import encode
from blueprints.pay.guess_limits import OF_ADDRESS
from database import db, transaction
from domain import clock
from domain.sales.budgets import budget_links, budgets
from models.budget import Budget, BudgetStatus
from models.merchant import Merchant
from tests import cast

LINES = [
    {"description": "Reading table, oak", "quantity": 2, "unit_price": Decimal("1450"), "tax_percent": 20},
    {"description": "Reading lamp <b>", "quantity": Decimal("1.5"), "unit_price": Decimal("84.505"),
     "discount": Decimal("6.76"), "tax_percent": 20},
]
ACCEPT = {"answer": "accept", "name": "Ada Lovelace", "comment": "Call before delivery."}


@pytest.fixture
def budget(alder):
    customer = cast.make_customer(alder, "Orchard Trading Ltd", email="accounts@orchard.example")
    return cast.make_budget(alder, customer, LINES, notes="Half now,\nhalf on delivery.")


@pytest.fixture
def address(alder, budget):
    return share(alder, budget)


def share(alder, budget, actor=None):
    with transaction():
        return "/quote/" + budget_links.share(*budgets.LISTING.lock(actor or cast.actor_for(alder), budget))


def do(alder, budget, deed):
    with transaction():
        deed(*budgets.LISTING.lock(cast.actor_for(alder), budget))


def text(reply):
    return unescape(reply.text).replace("\u00a0", " ")


def status_of(budget):
    db.session.expire_all()
    return db.session.get(Budget, budget).status


def test_the_page_shows_what_is_offered_by_whom_and_until_when(browser, address):
    page = text(browser.get(address))
    for words in ("Alder & Sons", "Quote for Orchard Trading Ltd", "accounts@orchard.example", "Reading table, oak",
                  "€1,450.00", "€2,900.00", "€84.505", "€126.76", "Less €6.76 discount", "− €6.76", "Tax 20%",
                  "€604.00", "€3,624.00", "half on delivery.", "Accept quote", "Decline", "30 more days"):
        assert words in page, words
    assert "Reading lamp &lt;b&gt;" in browser.get(address).text


def test_the_page_tells_its_address_to_no_other_site(browser, address, records):
    for method in ("GET", "HEAD", "POST", "PUT"):
        reply = browser.open(address, method=method)
        assert reply.headers["Cache-Control"] == "no-store"
        if method != "PUT":                      # no page of ours answers it
            assert "Set-Cookie" not in reply.headers
            assert reply.headers["Referrer-Policy"] == "no-referrer"
            assert reply.headers["X-Robots-Tag"] == "noindex"
    token = address.removeprefix("/quote/")
    assert len(records) == 4
    for record in records:
        assert token not in encode(record).decode()
    assert records[0]["path"] == "/quote/***"
    assert records[0]["endpoint"] == "/quote/{token}"


def test_a_token_with_something_behind_it_is_masked_too(browser, address, records):
    for more in ("/", "/x", ")", ".", "%20", "?x=1"):
        browser.get(address + more)
    token = address.removeprefix("/quote/")
    assert all(token not in encode(record).decode() for record in records)


def test_tokens_are_masked_in_addresses_that_no_page_has(browser, records):
    dice = Random(67)
    tokens = [urlsafe_b64encode(dice.randbytes(budget_links.BYTES)).rstrip(b"=").decode() for _ in range(2000)]
    with_digits = [encode({"endpoint": "(unmatched)", "path": f"/quote/{one}/x"}).decode() for one in tokens]
    assert [one for one, line in zip(tokens, with_digits, strict=True) if one in line] == []


def test_the_page_needs_no_script_and_keeps_the_strict_policy(browser, address):
    reply = browser.get(address)
    assert "<script" not in reply.text
    assert "form-action 'self'" in reply.headers["Content-Security-Policy"]
    assert "unsafe" not in reply.headers["Content-Security-Policy"]


def test_accepting_decides_the_budget_and_the_page_says_so_from_then_on(browser, address, budget):
    reply = browser.post(address, data=ACCEPT)
    assert (reply.status_code, reply.headers["Location"]) == (303, address)
    assert status_of(budget) is BudgetStatus.APPROVED
    for _ in range(2):
        page = text(browser.get(address))
        assert "You accepted this quote" in page
        assert "by “Ada Lovelace”" in page
        assert "Call before delivery." in page
        assert "<form" not in page


def test_declining_decides_the_budget_and_the_page_says_so(browser, address, budget):
    browser.post(address, data={"answer": "decline", "name": "Ada", "comment": "Too many lamps"})
    assert status_of(budget) is BudgetStatus.REJECTED
    page = text(browser.get(address))
    assert "You declined this quote" in page
    assert "Too many lamps" in page
    assert "<form" not in page


def test_a_second_tab_sees_what_holds_and_changes_nothing(browser, address, budget):
    browser.post(address, data={"answer": "decline", "name": "Ada"})
    reply = browser.post(address, data=ACCEPT)
    assert reply.status_code == 409
    assert "Your answer was not taken" in text(reply)
    assert "You declined this quote" in text(reply)
    assert status_of(budget) is BudgetStatus.REJECTED
    assert browser.post(address, data={"answer": "decline", "name": "Ada"}).status_code == 303


@pytest.mark.parametrize(("sent", "marked"), [
    ({"answer": "accept"}, "name"), ({"answer": "accept", "name": " "}, "name"),
    ({"answer": "accept", "name": "x" * 101}, "name"),
    ({"answer": "accept", "name": "Ada", "comment": "x" * 5001}, "comment"),
    ({"name": "Ada"}, "answer"), ({"answer": "maybe", "name": "Ada"}, "answer"), ({}, "answer"),
    ({"answer": "ask"}, None),
])
def test_an_incomplete_answer_changes_nothing_and_keeps_what_was_typed(browser, address, budget, sent, marked):
    reply = browser.post(address, data={"comment": "Typed before", **sent})
    assert status_of(budget) is BudgetStatus.PENDING
    if marked is not None:
        assert reply.status_code == 422
        assert "Your answer is not sent yet" in reply.text
        assert "comment" in sent or "Typed before" in reply.text
        assert marked == "answer" or f'id="{marked}-wrong"' in reply.text


def test_opening_the_page_decides_nothing(browser, address, budget):
    for method in ("GET", "HEAD"):
        browser.open(address + "?answer=accept&name=Ada", method=method)
    assert status_of(budget) is BudgetStatus.PENDING


def test_amounts_come_from_the_row_and_not_from_the_form(browser, address, budget):
    browser.post(address, data={**ACCEPT, "total": "0", "total_minor": "0", "items.0.unit_price": "0", "status": "x"})
    assert db.session.get(Budget, budget).total_minor == 362400


def test_an_expired_quote_offers_to_ask_for_a_new_one_once(browser, address, budget):
    with time_machine.travel(clock.now() + timedelta(days=40)):
        page = text(browser.get(address))
        assert "This quote has ended" in page
        assert "Accept quote" not in page
        assert browser.post(address, data=ACCEPT).status_code == 409
        assert status_of(budget) is BudgetStatus.EXPIRED
        assert browser.post(address, data={"answer": "ask", "comment": "Four lamps"}).status_code == 303
        page = text(browser.get(address))
        assert "You asked for a new quote" in page
        assert "Four lamps" in page
        assert "<form" not in page


def test_a_withdrawn_link_says_whom_to_ask_and_nothing_of_the_quote(browser, alder, address, budget):
    do(alder, budget, budget_links.withdraw)
    page = text(browser.get(address))
    assert "This link was withdrawn" in page
    assert "Alder & Sons" in page
    assert "Reading table" not in page
    assert "Orchard" not in page
    assert browser.post(address, data=ACCEPT).status_code == 409
    assert status_of(budget) is BudgetStatus.PENDING


def test_a_quote_that_the_merchant_decided_shows_it(browser, alder, address, budget):
    do(alder, budget, budgets.approve)
    assert "This quote was accepted" in text(browser.get(address))


def test_a_quote_of_the_test_world_says_so(browser, alder):
    world = cast.actor_for(alder).in_world(test=True)
    budget = cast.make_budget(alder, cast.make_customer(alder, "Tess", actor=world), actor=world)
    page = text(browser.get(share(alder, budget, world)))
    assert "Test quote" in page
    assert f"TEST-{budget}" in page


def test_an_unknown_link_is_a_page_without_names_and_guessing_is_limited(browser, address):
    wrong = "/quote/" + "x" * 43
    for _ in range(OF_ADDRESS.amount):
        reply = browser.get(wrong)
        assert reply.status_code == 404
        assert "This link does not work" in reply.text
        assert "Alder" not in reply.text
    for path in (wrong, "/quote/1", "/quote/other"):
        reply = browser.get(path)
        assert reply.status_code == 429
        assert int(reply.headers["Retry-After"]) > 0
    assert browser.post(wrong, data=ACCEPT).status_code == 429
    assert browser.get(address).status_code == 200, "who has a link is not refused for others at the same address"
    assert browser.get(wrong, environ_base={"REMOTE_ADDR": "198.51.100.7"}).status_code == 404


def test_the_number_of_a_budget_is_not_its_address(browser, budget):
    assert browser.get(f"/quote/{budget}").status_code == 404


def test_the_page_has_the_merchants_colour(browser, alder, address):
    with transaction():
        db.session.get(Merchant, alder).brand_colour = "#1f5f46"
    sheet = next(part for part in browser.get(address).text.split('"') if part.startswith("/brand/"))
    reply = browser.get(sheet)
    assert "--accent: #1f5f46;" in reply.text
    assert reply.mimetype == "text/css"
    assert "immutable" in reply.headers["Cache-Control"]
    for wrong in ("/brand/red.css", "/brand/12345.css", "/brand/12345G.css", "/brand/1f5f46%0a.css"):
        assert browser.get(wrong).status_code == 404


def test_times_are_in_the_merchants_zone(browser, alder, address, budget):
    with transaction():
        db.session.get(Merchant, alder).timezone = "Pacific/Auckland"
        db.session.get(Budget, budget).valid_until = clock.now().replace(2027, 1, 31, 11, 30, 0, 0)
    with time_machine.travel("2027-01-20T00:00Z"):
        assert "1 February 2027 at 00:30" in text(browser.get(address))
