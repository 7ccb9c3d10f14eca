"""The listing of API keys: columns, filters, order. Imports nothing that only writing needs."""

from collections.abc import Collection
from functools import cached_property

from sqlalchemy import Boolean, ColumnElement, bindparam, case, func, literal, or_, select

from domain.list_parts import Filter, common_filters
from domain.listing import Listing
from models.credential import Credential, CredentialKind, FormerSecret, Mode
from models.customer import Customer
from models.merchant import Merchant
from models.user import Membership

STATUS = case(
    (Credential.revoked_at.is_not(None), literal("REVOKED")),
    (Credential.expires_at <= bindparam("now", type_=Credential.expires_at.type), literal("EXPIRED")),
    (Credential.paused.is_(True), literal("PAUSED")),
    else_=literal("ACTIVE"),
)


FORMER_UNTIL = (
    select(func.max(FormerSecret.expires_at))
    .where(
        FormerSecret.credential_id == Credential.id,
        FormerSecret.expires_at > bindparam("now", type_=FormerSecret.expires_at.type))
    .scalar_subquery()
)


def of_merchants(merchant_ids: Collection[int]) -> ColumnElement[bool]:
    """Condition: keys of these merchants, and tokens of their customers and users."""
    customers = select(Customer.id).where(Customer.merchant_id.in_(merchant_ids))
    users = select(Membership.user_id).where(Membership.merchant_id.in_(merchant_ids))
    return or_(
        Credential.merchant_id.in_(merchant_ids), Credential.customer_id.in_(customers), Credential.user_id.in_(users))


class KeyListing(Listing):
    """Lists keys of both worlds to an actor in the live one; in the test world test keys only."""

    def _world(self) -> ColumnElement[bool]:
        return or_(bindparam("own_test", type_=Boolean).is_(False), Credential.mode == Mode.TEST)

    @cached_property
    def _has_worlds(self) -> bool:
        return True


LISTING = KeyListing(
    model=Credential,
    noun="API key",
    columns={
        **{
            name: getattr(Credential, name)
            for name in (
                "id", "merchant_id", "customer_id", "mode", "name", "description", "prefix", "last_four", "scopes",
                "rate_limit_per_hour", "rate_limit_per_minute", "rate_limit_per_day", "allowed_ips", "expires_at",
                "revoked_at", "paused", "leaked_at", "leak_url", "leak_paused", "webhook_url", "created_by_user_id",
                "created_at", "updated_at", "version",
            )
        },
        "status": STATUS,
        "former_until": FORMER_UNTIL,
        "merchant_name": Merchant.name,
        "customer_name": Customer.name,
    },
    joins=(
        (Merchant, Merchant.id == Credential.merchant_id),
        (Customer, Customer.id == Credential.customer_id),
    ),
    sort={
        "created_at": Credential.created_at, "name": Credential.name_sort, "expires_at": Credential.expires_at,
        "id": Credential.id, "updated_at": Credential.updated_at,
    },
    filters={
        **common_filters(Credential),
        "status": Filter(str, lambda bound: bound == STATUS),
        "mode": Filter(Mode, lambda bound: Credential.mode == bound),
        "customer_id": Filter(int, lambda bound: Credential.customer_id == bound),
        "expires_before": Filter("moment", lambda bound: Credential.expires_at <= bound),
    },
    search=(Credential.search_text,),
    where=(Credential.kind == CredentialKind.INTEGRATION,),
)
