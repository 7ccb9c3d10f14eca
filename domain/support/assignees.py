"""Finds the users who may be given a ticket: the active ones of its merchant."""

from typing import Any

from sqlalchemy import exists, or_

from domain.actor import Actor, All
from domain.list_parts import Filter
from domain.listing import Listing
from domain.pages import Query
from models.user import Membership, User

MOST = 200


class StaffListing(Listing):
    """Lists active users of the actor's merchants, those with all merchants among them."""

    def owned(self, actor: Actor, *, removed: bool = False) -> Any:
        clauses = [User.deleted_at.is_(None), User.active.is_(True)]
        if isinstance(actor.merchant_ids, All):
            return clauses, {}
        mine = sorted(actor.merchant_ids)
        of_mine = exists().where(Membership.user_id == User.id, Membership.merchant_id.in_(mine))
        return [*clauses, or_(User.all_merchants.is_(True), of_mine)], {}

    def _whose(self, actor: Actor) -> tuple[Any, ...]:
        merchants = actor.merchant_ids
        return ("all",) if isinstance(merchants, All) else tuple(sorted(merchants))


STAFF = StaffListing(
    model=User,
    noun="user",
    columns={"id": User.id, "name": User.name, "email": User.email, "role": User.role},
    sort={"email": User.email_sort, "id": User.id},
    filters={"id": Filter(list, lambda bound: User.id.in_(bound))},
    merchant=None,
)


def choices(actor: Actor) -> list[tuple[int, str]]:
    """Who may be given a ticket, by id and name."""
    query = Query(sort="email", descending=False, limit=MOST)
    return [(one.id, one.name or one.email) for one in STAFF.page(actor, query).records]
