"""Manages canned answers: what staff writes once and puts into answers to tickets."""

import re
from collections.abc import Mapping, Sequence
from typing import Annotated, Any

from sqlalchemy import select

from database import db
from domain.actor import Actor
from domain.inputs import Input, NameText, Text, Truth
from domain.lifecycle import Lifecycle, put_back
from domain.list_parts import Filter, common_filters
from domain.listing import Listing
from domain.resource import Resource, Sample, switch
from models.canned_answer import CannedAnswer
from models.ticket import Ticket

LONGEST = 20_000                        # characters, as of a message
MOST_OFFERED = 100
PLACE = re.compile(r"\{(customer|number|subject|agent)\}")      # what is filled in


class CannedAnswerInput(Input):
    """A canned answer as callers may write it."""

    title: Annotated[str, NameText(100, 1)]
    text: Annotated[str, Text(LONGEST, 1)]
    active: Truth = True


LISTING = Listing(
    model=CannedAnswer,
    noun="canned answer",
    columns={
        name: getattr(CannedAnswer, name)
        for name in ("id", "merchant_id", "title", "text", "active", "created_at", "updated_at", "version")
    },
    sort={"title": CannedAnswer.title_sort, "created_at": CannedAnswer.created_at, "id": CannedAnswer.id},
    filters={**common_filters(CannedAnswer), "active": Filter(bool, lambda bound: CannedAnswer.active == bound)},
    search=(CannedAnswer.search_text,),
    customer=None,
)

LIFE = Lifecycle(noun="canned_answer")


def create(actor: Actor, new: CannedAnswerInput) -> CannedAnswer:
    """A new answer of the actor's merchant."""
    answer = CannedAnswer(merchant_id=actor.merchant_id, **new.model_dump())
    LIFE.add(actor, answer)
    return answer


def update(actor: Actor, answer: CannedAnswer, changes: dict[str, Any]) -> CannedAnswer:
    """Change what was sent."""
    with LIFE.changing(actor, answer):
        for name, value in changes.items():
            setattr(answer, name, value)
    return answer


def archive(actor: Actor, answer: CannedAnswer) -> CannedAnswer:
    """Offer an answer no more."""
    return update(actor, answer, {"active": False})


def activate(actor: Actor, answer: CannedAnswer) -> CannedAnswer:
    return update(actor, answer, {"active": True})


def offered(merchant_id: int) -> Sequence[CannedAnswer]:
    """The answers that a merchant's staff is offered, by their titles."""
    return db.session.scalars(select(CannedAnswer).where(
        CannedAnswer.merchant_id == merchant_id, CannedAnswer.active.is_(True),
    ).order_by(CannedAnswer.title_sort, CannedAnswer.id).limit(MOST_OFFERED)).all()


def filled(answer: CannedAnswer, ticket: Ticket, agent: str) -> str:
    """The text for a ticket, with {customer}, {number}, {subject} and {agent} filled in."""
    customer = ticket.customer.name if ticket.customer is not None else ticket.author_name
    words: Mapping[str, str] = {
        "customer": customer, "number": ticket.number, "subject": ticket.subject, "agent": agent}
    return PLACE.sub(lambda found: words[found[1]], answer.text)


RESOURCE = Resource(
    name="canned_answers",
    noun="canned answer",
    listing=LISTING,
    read_scope="READ_TICKETS",
    write_scope="WRITE_SUPPORT",
    input=CannedAnswerInput,
    sample=Sample(
        sent={"merchant_id": 1, "title": "Retry after 429", "active": True,
              "text": "Hello {customer}, please wait the seconds in Retry-After, then send the request again."},
        read_only={}, changed=("title",),
    ),
    create=create,
    update=update,
    actions=switch(
        archive, activate, is_on=lambda row: bool(row.active), undo=put_back(update, CannedAnswerInput), keeps="active",
        titles=("Switch off", "Switch on"), past=("{} was switched off.", "{} was switched on."),
    ),
)
