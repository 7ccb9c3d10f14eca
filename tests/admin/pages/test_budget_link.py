"""The dashboard gives out the link under which a customer answers a budget, and shows the answer."""

import re

import pytest

from database import db, transaction
from domain.inputs import parse
from domain.sales.budgets import budget_links, budgets
from domain.sales.budgets.budget_listing import LISTING
from models.budget import Budget
from models.budget_link import Answer, BudgetLink
from models.order import Order
from tests import cast

LINK = re.compile(r"http://localhost(/quote/[\w-]{43})<")
HTMX = {"HX-Request": "true", "HX-Request-Type": "partial"}


@pytest.fixture
def budget(alder):
    return cast.make_budget(alder, cast.make_customer(alder, "Ada"))


def test_share_gives_the_link_by_a_post_that_nobody_keeps(admin, budget):
    page = admin.get(f"/admin/budgets/{budget}").text
    assert "Share</button>" in page
    assert "Link for the customer" not in page
    found = set()
    for headers in ({}, HTMX):
        reply = admin.post(f"/admin/budgets/{budget}/link", headers=headers)
        assert reply.headers["Cache-Control"] == "no-store"
        found.add(LINK.search(reply.text)[1])
    assert len(found) == 1
    assert admin.get(found.pop()).status_code == 200
    page = admin.get(f"/admin/budgets/{budget}").text
    assert "Link for the customer" in page
    assert not re.search("/quote/[A-Za-z0-9_-]{43}", page)


def test_a_new_link_and_the_end_of_it_are_asked_for_first(admin, budget):
    first = LINK.search(admin.post(f"/admin/budgets/{budget}/link").text)[1]
    for deed in ("renew", "withdraw"):
        asked = admin.part(f"/admin/budgets/{budget}/link/{deed}").text
        assert asked.lstrip().startswith("<dialog")
        assert "stops working immediately" in asked
    second = LINK.search(admin.post(f"/admin/budgets/{budget}/link/renew").text)[1]
    assert "Accept quote" not in admin.get(first).text
    assert "Accept quote" in admin.get(second).text
    assert admin.post(f"/admin/budgets/{budget}/link/withdraw").status_code == 303
    assert "Accept quote" not in admin.get(second).text
    assert "The budget has no link" not in admin.get(f"/admin/budgets/{budget}").text


def test_the_page_of_the_budget_shows_who_answered_and_the_comment(admin, alder, budget):
    link = budget_links.find(LINK.search(admin.post(f"/admin/budgets/{budget}/link").text)[1].removeprefix("/quote/"))
    given = parse(budget_links.AnswerInput, {"name": "Grace <i>", "comment": "Too <b>dear"})
    with transaction():
        budget_links.answer(link.id, Answer.DECLINED, given, ip="203.0.113.7", request_id=None)
    page = admin.get(f"/admin/budgets/{budget}").text
    assert "by Grace &lt;i&gt;" in page
    assert "Too &lt;b&gt;dear" in page
    assert "Share</button>" not in page
    assert "Grace" in admin.get(f"/admin/budgets/{budget}?tab=history").text


@pytest.mark.parametrize("deed", [budgets.approve, budgets.reject, budgets.archive])
def test_a_budget_that_takes_no_answer_is_not_shared(admin, alder, budget, deed):
    with transaction():
        deed(*LISTING.lock(cast.actor_for(alder), budget))
    for path in ("", "/renew", "/withdraw"):
        reply = admin.post(f"/admin/budgets/{budget}/link{path}")
        assert reply.status_code == 303
        assert "/quote/" not in reply.text
    assert cast.count(BudgetLink) == 0


def test_another_merchants_budget_and_another_role_are_refused(admin, signed_in, alder, birch, budget):
    foreign = cast.make_budget(birch, cast.make_customer(birch, "Bob"))
    for path in ("", "/renew", "/withdraw"):
        assert admin.post(f"/admin/budgets/{foreign}/link{path}").status_code == 404
    other = signed_in("restricted_user", [alder])
    assert other.post(f"/admin/budgets/{budget}/link").status_code == 404, "it is not his own"
    assert cast.count(BudgetLink) == 0
    assert db.session.get(Budget, foreign).version == 1


def test_an_approved_budget_becomes_an_order_and_the_customer_is_led_to_it(admin, alder, budget):
    link = LINK.search(admin.post(f"/admin/budgets/{budget}/link").text)[1]
    assert admin.post(f"/admin/budgets/{budget}/order").status_code == 303
    assert cast.count(Order) == 0, "it is pending"
    with transaction():
        budgets.approve(*LISTING.lock(cast.actor_for(alder), budget))
    assert "Make order" in admin.get(f"/admin/budgets/{budget}").text
    for _ in range(2):
        assert admin.post(f"/admin/budgets/{budget}/order").status_code == 303
    assert cast.count(Order) == 1
    assert "Make order" not in admin.get(f"/admin/budgets/{budget}").text
    page = re.search(r'href="(/pay/[\w-]{43})"', admin.get(link).text)[1]
    assert "100.00" in admin.get(page).text


def test_another_merchants_budget_becomes_no_order(admin, birch):
    foreign = cast.make_budget(birch, cast.make_customer(birch, "Bob"))
    assert admin.post(f"/admin/budgets/{foreign}/order").status_code == 404
    assert cast.count(Order) == 0
