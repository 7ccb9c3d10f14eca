"""Shares a budget with its customer: a link that shows it and takes one answer, without an account.

Whoever has the link may answer, so its token is a secret: 256 random bits, found by a keyed digest and stored
encrypted, to be shown again to the merchant.
"""

import secrets
from enum import StrEnum
from typing import Annotated

from sqlalchemy import Select, select, update

from database import db, transaction
from domain import audit, clock
from domain.actor import Actor
from domain.errors import Conflict, NotFound
from domain.inputs import Input, LongText, Maybe, NameText
from domain.listing import touch
from domain.people import merchant_mails
from domain.sales.budgets import budgets
from domain.sales.budgets.budget_listing import LISTING
from domain.vault import vault
from models.budget import Budget, BudgetStatus
from models.budget_link import Answer, BudgetLink
from models.credential import Mode
from models.merchant import Merchant

BYTES = 32
LENGTH = 43                     # of a token, in characters of base64


class LinkState(StrEnum):
    """What the customer's page shows."""

    OPEN = "open"
    ACCEPTED = "accepted"
    DECLINED = "declined"
    EXPIRED = "expired"
    WITHDRAWN = "withdrawn"


class AnswerInput(Input):
    """The customer's answer: the name as typed, and a comment."""

    name: Annotated[str, NameText(100, 1)]
    comment: Maybe[LongText] = None


class RequestInput(Input):
    """What the customer would like in a new budget."""

    comment: Maybe[LongText] = None


# The merchant's side ---------------------------------------------------------------------------------


def current(budget_id: int) -> BudgetLink | None:
    """The budget's link, unless it was withdrawn; the caller has found the budget through its listing."""
    return db.session.scalar(_links(budget_id).where(BudgetLink.withdrawn_at.is_(None)))


def latest(budget_id: int) -> BudgetLink | None:
    """The budget's newest link, also one that was withdrawn."""
    return db.session.scalar(_links(budget_id))


def _links(budget_id: int) -> Select[BudgetLink]:
    return select(BudgetLink).where(BudgetLink.budget_id == budget_id).order_by(BudgetLink.id.desc()).limit(1)


def share(actor: Actor, budget: Budget) -> str:
    """The token of the budget's link; the first call makes it, and so does one after an answer."""
    _must_be_open(budget)
    link = current(budget.id)
    token = _open_token(link)
    return token if token is not None else _replace(actor, budget, link)


def token_of(budget_id: int) -> str | None:
    """The token of the budget's link, where there is one that was not answered; makes none."""
    return _open_token(current(budget_id))


def _open_token(link: BudgetLink | None) -> str | None:
    return vault.decrypt(link.token) if link is not None and link.token and link.answer is None else None


def renew(actor: Actor, budget: Budget) -> str:
    """The token of a new link; the old one stops working."""
    _must_be_open(budget)
    return _replace(actor, budget, current(budget.id))


def withdraw(actor: Actor, budget: Budget) -> None:
    """End the budget's link, if there is one."""
    link = current(budget.id)
    if link is not None:
        _end(link)
        audit.record(actor, "budget.link_withdrawn", budget)


def _must_be_open(budget: Budget) -> None:
    budgets.settle(budget)
    if budget.status is not BudgetStatus.PENDING:
        raise Conflict(
            f"Budget is {budget.status}: only a pending one can be answered by a link",
            details={"status": str(budget.status)},
        )
    if budget.archived_at is not None:
        raise Conflict("Budget is archived: its link would show nothing", details={"status": "archived"})


def _replace(actor: Actor, budget: Budget, old: BudgetLink | None) -> str:
    if old is not None:
        _end(old)
        db.session.flush()       # before the new one: only one link of a budget is not withdrawn
    token, now = secrets.token_urlsafe(BYTES), clock.now()
    db.session.add(BudgetLink(
        merchant_id=budget.merchant_id, test=budget.test, budget_id=budget.id, digest=vault.digest(token),
        token=vault.encrypt(token), created_at=now, updated_at=now, version=1,
    ))
    audit.record(actor, "budget.link_renewed" if old is not None else "budget.shared", budget)
    return token


def _end(link: BudgetLink) -> None:
    link.withdrawn_at = clock.now()
    link.token = None            # it is never shown again
    touch(link)


# The customer's side ---------------------------------------------------------------------------------


def find(token: str) -> BudgetLink:
    """The link with this token; raises NotFound. One whose digest is of an older secret is stored under the newest."""
    digests = vault.digests(token) if len(token) == LENGTH and token.isascii() else []
    found = db.session.scalar(
        select(BudgetLink).join(Merchant, Merchant.id == BudgetLink.merchant_id)
        .where(BudgetLink.digest.in_(digests), Merchant.active, Merchant.deleted_at.is_(None))
    )
    if found is None:
        raise NotFound("link", 0)
    if found.digest != digests[0]:
        store_again(found.id, found.digest, token)
    return found


def store_again(link_id: int, old: str, token: str) -> None:
    """Store digest and ciphertext under the newest secret, in a transaction of its own."""
    with transaction() as session:
        session.execute(
            update(BudgetLink).where(BudgetLink.id == link_id, BudgetLink.digest == old)
            .values(digest=vault.digest(token))
        )
        session.execute(
            update(BudgetLink).where(BudgetLink.id == link_id, BudgetLink.withdrawn_at.is_(None))
            .values(token=vault.encrypt(token))
        )


def state(link: BudgetLink) -> LinkState:
    """What the link shows now. An answer stays, also when the merchant opens the budget again."""
    budget = link.budget
    if link.withdrawn_at is not None or budget.deleted_at is not None or budget.archived_at is not None:
        return LinkState.WITHDRAWN
    if link.answer is not None:
        return LinkState(link.answer.value)
    if budget.status is BudgetStatus.APPROVED:
        return LinkState.ACCEPTED
    if budget.status is BudgetStatus.REJECTED:
        return LinkState.DECLINED
    is_over = budget.valid_until is not None and budget.valid_until < clock.now()
    return LinkState.EXPIRED if is_over or budget.status is BudgetStatus.EXPIRED else LinkState.OPEN


def answer(link_id: int, wanted: Answer, given: AnswerInput, *, ip: str | None, request_id: str | None) -> bool:
    """Accept or decline the budget. Returns whether this answer counts: the first one does, while the link is open."""
    link, budget, actor = _locked(link_id, given.name, ip, request_id)
    if state(link) is not LinkState.OPEN:
        budgets.settle(budget)
        return False
    status = BudgetStatus.APPROVED if wanted is Answer.ACCEPTED else BudgetStatus.REJECTED
    link.answer, link.answered_at = wanted, clock.now()
    link.answered_by, link.comment = given.name, given.comment
    touch(link)
    budgets.update(actor, budget, {"status": status})
    _tell(link, f"{merchant_mails.QUOTE_ANSWERED}_{link.id}")
    return True


def ask_again(link_id: int, given: RequestInput, *, ip: str | None, request_id: str | None) -> bool:
    """Store that the customer wants a new budget, once, after the old one has expired. Returns whether it counts."""
    link, budget, actor = _locked(link_id, None, ip, request_id)
    budgets.settle(budget)
    if state(link) is not LinkState.EXPIRED or link.asked_at is not None:
        return False
    link.asked_at, link.asked_for = clock.now(), given.comment
    touch(link)
    audit.record(actor, "budget.requested_again", budget)
    _tell(link, f"{merchant_mails.QUOTE_ANSWERED}_{link.id}_again")
    return True


def _tell(link: BudgetLink, lane: str) -> None:
    """Mail the merchant what the customer answered."""
    merchant_mails.put(
        merchant_mails.QUOTE_ANSWERED, lane=lane, merchant_id=link.merchant_id, test=link.test, budget_link_id=link.id)


def _locked(link_id: int, name: str | None, ip: str | None, request_id: str | None) -> tuple[BudgetLink, Budget, Actor]:
    """The link and its budget as they are now, locked, the budget first, and the customer as an actor."""
    link = db.session.get_one(BudgetLink, link_id)
    actor = Actor(
        label=f"{name or 'customer'} (by link)", merchant_ids=frozenset({link.merchant_id}), source="link", kind="link",
        customer_id=link.budget.customer_id, mode=Mode.TEST if link.test else Mode.LIVE, ip=ip, request_id=request_id,
    )
    own, budget = LISTING.lock(actor, link.budget_id)
    db.session.refresh(link, with_for_update=True)
    return link, budget, own
