"""The listing of users: columns, filters, order, and who sees whom. Imports nothing that only writing needs."""

from typing import Any

from sqlalchemy import exists, or_

from domain import texts
from domain.actor import Actor, All
from domain.list_parts import Children, Filter, common_filters
from domain.listing import Listing
from models.user import Membership, Role, User


class UserListing(Listing):
    """Lists users, who may have several merchants: an actor sees those whose merchants it all has."""

    def owned(self, actor: Actor, *, removed: bool = False) -> Any:
        gone = User.deleted_at.is_not(None) if removed else User.deleted_at.is_(None)
        if isinstance(actor.merchant_ids, All):
            return [gone], {}
        mine = sorted(actor.merchant_ids)
        of_mine = exists().where(Membership.user_id == User.id, Membership.merchant_id.in_(mine))
        of_others = exists().where(Membership.user_id == User.id, Membership.merchant_id.not_in(mine))
        return [gone, User.all_merchants.is_(False), of_mine, ~of_others], {}

    def _whose(self, actor: Actor) -> tuple[Any, ...]:
        merchants = actor.merchant_ids
        return ("all",) if isinstance(merchants, All) else tuple(sorted(merchants))


LISTING = UserListing(
    model=User,
    noun="user",
    columns={
        name: getattr(User, name)
        for name in (
            "id", "email", "name", "role", "active", "all_merchants", "api_access", "allowed_ips", "timezone",
            "two_factor_at", "created_at", "updated_at", "version",
        )
    },
    children={
        "memberships": Children(
            Membership.user_id, {"merchant_id": Membership.merchant_id}, Membership.merchant_id
        )
    },
    sort={
        "created_at": User.created_at, "email": User.email_sort, "name": User.name_sort, "role": User.role,
        "id": User.id,
    },
    filters={
        **common_filters(User),
        "role": Filter(Role, lambda bound: User.role == bound),
        "active": Filter(bool, lambda bound: User.active == bound),
        "email": Filter(str, lambda bound: User.email_key == bound, texts.email_key),
        "member_of": Filter(
            int,
            lambda bound: or_(
                User.all_merchants.is_(True),
                exists().where(Membership.user_id == User.id, Membership.merchant_id == bound),
            ),
        ),
    },
    search=(User.search_text,),
    merchant=None,
)
