"""The Core API gives out the link under which a customer answers a budget."""

import re

import pytest

from database import db, transaction
from domain.sales.budgets import budget_links, budgets
from domain.sales.budgets.budget_links import LinkState
from domain.sales.budgets.budget_listing import LISTING
from models.reply import IdempotentReply
from tests import cast
from tests.api.core.conftest import Program, token_of


@pytest.fixture
def budget(alder):
    return cast.make_budget(alder, cast.make_customer(alder, "Ada"))


@pytest.fixture
def caller(app, alder):
    return Program(app, token_of(cast.make_user("lin@alder.example", merchant_ids=[alder], api_access=True)))


def token_in(answer):
    return re.fullmatch(r"http://localhost/quote/([\w-]{43})", answer["url"])[1]


def state(token):
    db.session.expire_all()
    return budget_links.state(budget_links.find(token))


def test_sharing_gives_one_link_and_again_a_new_one(caller, budget):
    first = token_in(caller.result("budgets.share", {"id": budget}))
    assert token_in(caller.result("budgets.share", {"id": budget})) == first
    second = token_in(caller.result("budgets.share_again", {"id": budget}))
    assert (state(first), state(second)) == (LinkState.WITHDRAWN, LinkState.OPEN)
    for _ in range(2):
        assert caller.result("budgets.unshare", {"id": budget}) == {"url": None}
    assert state(second) is LinkState.WITHDRAWN


def test_another_merchants_budget_is_not_there(caller, birch):
    foreign = cast.make_budget(birch, cast.make_customer(birch, "Bob"))
    for verb in ("share", "share_again", "unshare"):
        assert caller("POST", f"/budgets/{foreign}/{verb}").status_code == 404


def test_a_repetition_does_not_store_the_link(caller, budget):
    answers = [caller("POST", f"/budgets/{budget}/share_again", headers={"Idempotency-Key": "k"}) for _ in range(2)]
    token = token_in(answers[0].json)
    assert answers[1].json == {"url": None}
    assert state(token) is LinkState.OPEN
    assert all(token not in str(vars(one)) for one in db.session.query(IdempotentReply))


def test_an_approved_budget_becomes_one_order_and_another_after_that_was_cancelled(caller, alder, budget):
    refused = caller("POST", f"/budgets/{budget}/convert")
    assert refused.status_code == 422
    with transaction():
        budgets.approve(*LISTING.lock(cast.actor_for(alder), budget))
    first = caller.result("budgets.convert", {"id": budget})
    assert first["budgets_id"] == budget
    assert first == caller.result("orders.get", {"id": first["id"]})
    assert caller.result("budgets.convert", {"id": budget})["id"] == first["id"]
    assert caller("POST", f"/budgets/{budget}/convert", json={"again": True}).status_code == 422
    caller.result("orders.cancel", {"id": first["id"]})
    assert caller.result("budgets.convert", {"id": budget})["status"] == "cancelled"
    second = caller("POST", f"/budgets/{budget}/convert", json={"again": True}).json
    assert (second["id"] > first["id"], second["status"]) == (True, "pending")
    for wrong in ({"again": "perhaps"}, {"agin": True}):
        assert caller("POST", f"/budgets/{budget}/convert", json=wrong).status_code in (400, 422)
