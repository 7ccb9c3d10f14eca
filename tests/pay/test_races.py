"""Many at once: one answer to a quote counts, and an order is charged once."""

import threading
from collections import Counter
from concurrent.futures import ThreadPoolExecutor

import pytest
from sqlalchemy import select

from database import db, transaction
from domain.sales.budgets import budget_links
from domain.sales.budgets.budget_listing import LISTING
from domain.vault import vault
from models.audit import AuditEntry
from models.budget import Budget
from models.budget_link import Answer, BudgetLink
from models.order import OrderStatus
from tests import cast, paying

pytestmark = pytest.mark.files
MANY = 12


def at_once(app, work):
    """The statuses of many browsers that do the same at the same moment."""
    start = threading.Barrier(MANY)

    def one(number):
        browser = app.test_client(use_cookies=False)
        start.wait()
        return work(browser, number).status_code

    with ThreadPoolExecutor(MANY) as threads:
        return Counter(threads.map(one, range(MANY)))


def test_of_many_answers_at_once_one_counts(workshop):
    with workshop.app_context():
        alder = cast.make_merchant("Alder")
        budget = cast.make_budget(alder, cast.make_customer(alder))
        with transaction():
            address = "/quote/" + budget_links.share(*LISTING.lock(cast.actor_for(alder), budget))
        db.session.remove()

    def answer(browser, number):
        what = "accept" if number % 2 else "decline"
        return browser.post(address, data={"answer": what, "name": f"Ada {number}"})

    assert set(at_once(workshop, answer)) <= {303, 409}
    with workshop.app_context():
        link = db.session.scalars(select(BudgetLink)).one()
        decided = select(AuditEntry.action).where(AuditEntry.action.in_(("budget.approved", "budget.rejected")))
        (action,) = db.session.scalars(decided).all()
        assert action == ("budget.approved" if link.answer is Answer.ACCEPTED else "budget.rejected")
        assert db.session.get(Budget, budget).status == ("APPROVED" if link.answer is Answer.ACCEPTED else "REJECTED")
        db.session.remove()


def test_of_many_presses_at_once_one_checkout_is_begun_and_charged_once(workshop):
    with workshop.app_context():
        order = paying.make_order(cast.make_merchant("Alder"))
        address = f"/pay/{vault.decrypt(paying.of(order).link_token)}"
        db.session.remove()
    pages = set()

    def press(browser, number):
        reply = browser.post(address, data={"method": "test"})
        pages.add(reply.headers["Location"])
        return reply

    assert at_once(workshop, press) == {303: MANY}
    (page,) = pages
    assert at_once(workshop, lambda browser, number: browser.post(page, data={"method": "test_ok"})) == {303: MANY}
    assert at_once(workshop, lambda browser, number: browser.get(f"{address}/back")) == {303: MANY}
    with workshop.app_context():
        assert paying.of(order).status is OrderStatus.ACTIVE
        assert len(paying.payments(order)) == 1
        assert list(paying.charged(order).values()) == [[1000]]
        db.session.remove()
