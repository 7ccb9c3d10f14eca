"""A budget's link: one at a time, found by its token alone, answered once, over when the budget is."""

from datetime import timedelta

import pytest
import time_machine

from database import db, transaction
from domain import clock, inputs
from domain.errors import Conflict, Invalid, NotFound
from domain.sales.budgets import budget_links, budgets
from domain.sales.budgets.budget_links import AnswerInput, LinkState, RequestInput
from domain.vault import vault
from models.audit import AuditEntry
from models.budget import Budget, BudgetStatus
from models.budget_link import Answer, BudgetLink
from models.merchant import Merchant
from tests import cast


@pytest.fixture
def alder():
    return cast.make_merchant("Alder")


@pytest.fixture
def budget(alder):
    return cast.make_budget(alder, cast.make_customer(alder, "Ada"))


def change(alder, budget, deed):
    """What the function gives for the locked budget, committed."""
    with transaction():
        return deed(*budgets.LISTING.lock(cast.actor_for(alder), budget))


def share(alder, budget):
    return change(alder, budget, budget_links.share)


def say(token, wanted=Answer.ACCEPTED, name="Ada Lovelace", comment=None):
    link = budget_links.find(token)
    given = inputs.parse(AnswerInput, {"name": name, "comment": comment})
    with transaction():
        return budget_links.answer(link.id, wanted, given, ip="203.0.113.7", request_id="req_1")


def ask(token, comment=None):
    link = budget_links.find(token)
    with transaction():
        return budget_links.ask_again(link.id, RequestInput(comment=comment), ip=None, request_id=None)


def state(token):
    db.session.expire_all()
    return budget_links.state(budget_links.find(token))


def entries(action):
    return db.session.query(AuditEntry).filter_by(action=action).all()


def test_a_budget_has_one_link_which_is_shown_again(alder, budget):
    token = share(alder, budget)
    assert len(token) == budget_links.LENGTH
    assert share(alder, budget) == token
    assert cast.count(BudgetLink) == 1
    assert len(entries("budget.shared")) == 1


def test_neither_the_database_nor_the_audit_trail_has_the_token(alder, budget):
    token = share(alder, budget)
    link = db.session.query(BudgetLink).one()
    assert token not in (link.digest, link.token)
    assert all(token not in str((one.before, one.after, one.action)) for one in db.session.query(AuditEntry))


@pytest.mark.parametrize(("wanted", "status", "shown"), [
    (Answer.ACCEPTED, BudgetStatus.APPROVED, LinkState.ACCEPTED),
    (Answer.DECLINED, BudgetStatus.REJECTED, LinkState.DECLINED),
])
def test_an_answer_decides_the_budget_and_says_who_gave_it(alder, budget, wanted, status, shown):
    token = share(alder, budget)
    assert state(token) is LinkState.OPEN
    assert say(token, wanted, comment="Call before delivery.")
    assert state(token) is shown
    row, link = db.session.get(Budget, budget), budget_links.current(budget)
    assert row.status is status
    assert row.customer_name == "Ada"
    assert (link.answered_by, link.comment) == ("Ada Lovelace", "Call before delivery.")
    (entry,) = entries(f"budget.{status.lower()}")
    assert (entry.actor, entry.source, entry.ip, entry.user_id) == (
        "Ada Lovelace (by link)", "link", "203.0.113.7", None)


def test_who_accepted_cannot_pass_as_a_user(alder, budget):
    cast.make_user("boss@alder.example", merchant_ids=[alder])
    say(share(alder, budget), name="boss@alder.example")
    assert db.session.get(Budget, budget).approved_by == "boss@alder.example (by link)"


@pytest.mark.parametrize("first", list(Answer))
@pytest.mark.parametrize("second", list(Answer))
def test_only_the_first_answer_counts(alder, budget, first, second):
    token = share(alder, budget)
    assert say(token, first)
    assert not say(token, second, name="Somebody else")
    link = budget_links.current(budget)
    assert (link.answer, link.answered_by) == (first, "Ada Lovelace")
    assert len(entries("budget.approved")) + len(entries("budget.rejected")) == 1


def test_an_answer_needs_a_name(alder, budget):
    for name in ("", "  ", "\u200b", "?", "x" * 101):
        with pytest.raises(Invalid):
            inputs.parse(AnswerInput, {"name": name})


def test_an_answer_stays_when_the_budget_is_reopened_and_a_new_link_is_made(alder, budget):
    token = share(alder, budget)
    say(token, Answer.DECLINED)
    change(alder, budget, lambda actor, row: budgets.update(actor, row, {"status": BudgetStatus.PENDING}))
    assert state(token) is LinkState.DECLINED
    assert not say(token)
    fresh = share(alder, budget)
    assert fresh != token
    assert state(token) is LinkState.WITHDRAWN
    assert say(fresh)
    assert db.session.get(Budget, budget).status is BudgetStatus.APPROVED


def test_a_budget_that_was_decided_elsewhere_takes_no_answer(alder, budget):
    token = share(alder, budget)
    change(alder, budget, budgets.approve)
    assert state(token) is LinkState.ACCEPTED
    assert not say(token, Answer.DECLINED)
    with pytest.raises(Conflict):
        share(alder, budget)


def test_an_expired_budget_takes_no_answer_but_a_wish_for_a_new_one(alder, budget):
    token = share(alder, budget)
    assert not ask(token)
    with time_machine.travel(clock.now() + timedelta(days=40)):
        assert state(token) is LinkState.EXPIRED
        assert not say(token)
        assert db.session.get(Budget, budget).status is BudgetStatus.EXPIRED
        assert ask(token, "Only four bookcases")
        assert not ask(token, "again")
        assert budget_links.current(budget).asked_for == "Only four bookcases"
        assert len(entries("budget.requested_again")) == 1
        with pytest.raises(Conflict):
            share(alder, budget)


def test_a_link_that_was_withdrawn_or_renewed_shows_nothing(alder, budget):
    first = share(alder, budget)
    second = change(alder, budget, budget_links.renew)
    assert (state(first), state(second)) == (LinkState.WITHDRAWN, LinkState.OPEN)
    change(alder, budget, budget_links.withdraw)
    assert state(second) is LinkState.WITHDRAWN
    assert not say(second)
    assert all(link.token is None for link in db.session.query(BudgetLink))
    change(alder, budget, budget_links.withdraw)
    assert len(entries("budget.link_withdrawn")) == 1


@pytest.mark.parametrize("deed", [budgets.archive, budgets.delete])
def test_the_link_of_a_budget_that_is_gone_shows_nothing(alder, budget, deed):
    token = share(alder, budget)
    change(alder, budget, deed)
    assert state(token) is LinkState.WITHDRAWN


def test_an_unknown_token_finds_nothing(alder, budget):
    token = share(alder, budget)
    for wrong in ("", "x", token[:-1], token + "x", token.swapcase(), "é" * 43, "x" * 43, str(budget)):
        with pytest.raises(NotFound):
            budget_links.find(wrong)


def test_links_of_a_merchant_who_was_switched_off_find_nothing(alder, budget):
    token = share(alder, budget)
    with transaction():
        db.session.get(Merchant, alder).active = False
    with pytest.raises(NotFound):
        budget_links.find(token)


def test_a_link_from_before_the_secret_changed_works_and_moves_to_the_new_one(alder, budget, settings):
    token = share(alder, budget)
    secrets = settings.secret_keys
    try:
        vault.configure(("another secret that is long enough", *secrets), bcrypt_cost=4)
        assert state(token) is LinkState.OPEN
        vault.configure(("another secret that is long enough",), bcrypt_cost=4)
        assert state(token) is LinkState.OPEN
        assert share(alder, budget) == token
    finally:
        vault.configure(secrets, bcrypt_cost=4)


def test_the_answer_of_the_test_world_decides_the_test_budget_only(alder, budget):
    world = cast.actor_for(alder).in_world(test=True)
    other = cast.make_budget(alder, cast.make_customer(alder, "Tess", actor=world), actor=world)
    with transaction():
        token = budget_links.share(*budgets.LISTING.lock(world, other))
    assert say(token)
    assert db.session.get(Budget, other).status is BudgetStatus.APPROVED
    assert db.session.get(Budget, budget).status is BudgetStatus.PENDING
