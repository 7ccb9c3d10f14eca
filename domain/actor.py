"""Defines Actor, the caller of a service: its first argument, never a global."""

from dataclasses import dataclass, field, replace
from typing import Any, Final

from domain.errors import Forbidden, Invalid
from domain.permissions import EVERYTHING, ROLE_SCOPES
from models.credential import Mode
from models.user import Role, User


class All:
    """Stands for every merchant, as the installation's operator has; no set, so it cannot be empty by accident."""

    def __repr__(self) -> str:
        return "ALL"


ALL: Final = All()


@dataclass(frozen=True, slots=True, kw_only=True)
class Actor:
    """A caller: its merchants, its scopes, its credential and its name."""

    label: str                                      # as the audit log says it
    merchant_ids: frozenset[int] | All = frozenset()
    scopes: frozenset[str] = frozenset()
    source: str = "system"
    kind: str = "API key"                           # for messages: what lacks the permission
    customer_id: int | None = None
    customer_user_id: int | None = None             # who of the customer, where a person has signed in
    user_id: int | None = None
    credential_id: int | None = None
    own_only: bool = False                          # sees only rows made by this user, where a noun says so
    mode: Mode = Mode.LIVE
    prefix: str = ""                                # of the key, as may be shown
    ip: str | None = field(default=None, compare=False)
    request_id: str | None = field(default=None, compare=False)

    @classmethod
    def operator(cls) -> "Actor":
        """The actor of commands on the server."""
        return cls(label="operator", merchant_ids=ALL, scopes=EVERYTHING, source="cli", kind="operator")

    @classmethod
    def system(cls) -> "Actor":
        """The actor of the program's own jobs, such as expiries."""
        return cls(label="system", merchant_ids=ALL, scopes=EVERYTHING, kind="system")

    @classmethod
    def of_user(cls, user: User, *, source: str, ip: str | None = None, request_id: str | None = None) -> "Actor":
        """A signed-in user with the scopes of the role."""
        return cls(
            label=user.email,
            merchant_ids=ALL if user.all_merchants else frozenset(user.merchant_ids),
            scopes=ROLE_SCOPES[user.role],
            source=source,
            kind="role",
            user_id=user.id,
            own_only=user.role is Role.RESTRICTED,
            ip=ip,
            request_id=request_id,
        )

    def can(self, scope: str) -> bool:
        return scope in self.scopes

    def require(self, scope: str) -> None:
        """Raises Forbidden (`insufficient_scope`) unless the actor has the scope."""
        if scope not in self.scopes:
            who = "API key" if self.kind == "API key" else f"Your {self.kind}"
            raise Forbidden(
                f"{who} does not have required scope: {scope}", code="insufficient_scope", details={"scope": scope}
            )

    def reaches(self, merchant_id: int | None) -> bool:
        """Whether rows of this merchant may be seen; rows without a merchant only by the operator."""
        if isinstance(self.merchant_ids, All):
            return True
        return merchant_id in self.merchant_ids

    @property
    def reaches_any(self) -> bool:
        """Whether there is a merchant at all that the actor may act for."""
        return isinstance(self.merchant_ids, All) or bool(self.merchant_ids)

    def narrowed(self, merchant_id: int | None) -> "Actor":
        """The same actor for one merchant (None: unchanged); for a merchant that it lacks, an actor without any."""
        if merchant_id is None:
            return self
        return replace(self, merchant_ids=frozenset({merchant_id}) if self.reaches(merchant_id) else frozenset())

    @property
    def test(self) -> bool:
        """Whether this is the test world, whose rows are separate from the live ones."""
        return self.mode is Mode.TEST

    def in_world(self, *, test: bool) -> "Actor":
        """The same actor in the live or in the test world."""
        return replace(self, mode=Mode.TEST if test else Mode.LIVE)

    def ownership(self) -> dict[str, Any]:
        """The merchant and world of a new row; raises Invalid when the merchant must be named first."""
        return {"merchant_id": self.merchant_id, "test": self.test}

    def for_row(self, row: Any) -> "Actor":
        """The same actor for the merchant of one row; unchanged where the row has none."""
        return self.narrowed(getattr(row, "merchant_id", None))

    @property
    def merchant_id(self) -> int:
        """The merchant of a new row; raises Invalid when it must be named first."""
        if isinstance(self.merchant_ids, All) or not self.has_one_merchant:
            raise Invalid.field("merchant_id", "is required", "missing")
        return next(iter(self.merchant_ids))

    @property
    def has_one_merchant(self) -> bool:
        """Whether it is clear of which merchant a new row is."""
        return not isinstance(self.merchant_ids, All) and len(self.merchant_ids) == 1
