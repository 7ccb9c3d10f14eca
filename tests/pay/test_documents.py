"""The documents that customers download from their pages."""

import pytest

from database import db, end_reads, transaction
from domain.invoicing.documents import rendering
from domain.sales.budgets import budget_links, budgets
from domain.sales.orders import payment_links
from models.budget import Budget
from tests import cast, paying
from tests.domain.invoicing.documents.papers import pages
from tests.pay.test_quotes import ACCEPT, share


@pytest.fixture
def budget(alder):
    return cast.make_budget(alder, cast.make_customer(alder, "Orchard Trading Ltd"))


@pytest.fixture
def address(alder, budget):
    return share(alder, budget)


@pytest.fixture
def open_reads(monkeypatch):
    """Whether the database was being read while each document was made."""
    found, run = [], rendering._run

    def watched(*given, **wanted):
        found.append(db.session().in_transaction())
        return run(*given, **wanted)

    monkeypatch.setattr(rendering, "_run", watched)
    return found


def said(reply):
    assert reply.status_code == 200
    assert reply.mimetype == "application/pdf"
    return " ".join(pages(reply.data))


def test_a_quote_is_downloaded_with_the_address_of_its_answer(browser, address, budget, open_reads):
    assert f'href="{address}/pdf"' in browser.get(address).text
    reply = browser.get(f"{address}/pdf")
    text = said(reply).replace(" ", "")
    assert f"Quote{budget}" in text
    assert address.removeprefix("/") in text
    assert reply.headers["Content-Disposition"] == f"attachment; filename=Quote-{budget}.pdf"
    assert reply.headers["Cache-Control"] == "no-store"
    assert open_reads == [False]


def test_an_answered_quote_is_still_downloaded_and_says_no_address(browser, address):
    browser.post(address, data=ACCEPT)
    assert "Answer online" not in said(browser.get(f"{address}/pdf"))


def test_a_quote_whose_link_was_withdrawn_is_not_sent(browser, alder, address, budget):
    with transaction():
        budget_links.withdraw(*budgets.LISTING.lock(cast.actor_for(alder), budget))
    assert browser.get(f"{address}/pdf").status_code == 404
    assert browser.get("/quote/unknown/pdf").status_code == 404


def test_a_receipt_is_downloaded_from_the_order_of_its_payment_only(browser, alder, birch, open_reads):
    order = paying.active(alder)
    path, (payment,) = order_path(order), paying.payments(order)
    key, other = payment.id, order_path(paying.active(birch))
    assert f'href="{path}/receipt/{key}/pdf"' in browser.get(f"{path}/receipt/{key}").text
    reply = browser.get(f"{path}/receipt/{key}/pdf")
    assert "Received €10.00" in said(reply)
    assert reply.headers["Content-Disposition"] == f"attachment; filename=Receipt-TEST-{key}.pdf"
    assert browser.get(f"{other}/receipt/{key}/pdf").status_code == 404
    assert open_reads == [False]


def order_path(order):
    return payment_links.path_of(paying.of(order).link_token).replace("/pay/", "/order/")


def test_reads_do_not_end_over_changes_that_are_not_written(budget):
    db.session.get(Budget, budget).notes = "Changed"
    with pytest.raises(RuntimeError, match="pending changes"):
        end_reads()
    db.session.rollback()
