"""Finds the caller of each kind of credential. A contract names the kinds that it accepts."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any, Protocol

from blueprints.api.rate_limits import Spent, rate_limits
from domain import settings
from domain.access import customer_access, key_access, user_access
from domain.actor import Actor
from models.credential import Mode

HOUR = 3600                             # seconds


def spend_of_key(row: Any, cost: int) -> Spent:
    """Count calls of an API key; with a cost of 0 only what is left of its limits. The state is that of its hour."""
    if row.rate_limit_per_minute is None and row.rate_limit_per_day is None:
        return rate_limits.spend(int(row.rate_limit_per_hour), "hour", "key", str(row.id), cost=cost)
    limits = ((row.rate_limit_per_minute, "minute"), (row.rate_limit_per_hour, "hour"), (row.rate_limit_per_day, "day"))
    found = rate_limits.spend_several([one for one in limits if one[0] is not None], "key", str(row.id), cost=cost)
    hour = next(one for one in found if one.window == HOUR)
    return replace(hour, windows=found)


class Caller(Protocol):
    """A caller with a correct credential, which `check` or the rate limit may still refuse."""

    @property
    def id(self) -> int | None: ...
    @property
    def merchant_id(self) -> int | None: ...
    @property
    def user_id(self) -> int | None: ...
    @property
    def customer_id(self) -> int | None: ...
    @property
    def mode(self) -> Mode: ...
    def check(self, ip: str | None) -> None: ...
    def spend(self, cost: int) -> Spent | None: ...
    def actor(self, *, ip: str | None, request_id: str | None, source: str) -> Actor: ...


@dataclass(frozen=True, slots=True)
class KeyCaller:
    """A program with an API key."""

    key: key_access.Key
    user_id: None = None

    @property
    def id(self) -> int:
        return self.key.id

    @property
    def merchant_id(self) -> int:
        return self.key.merchant_id

    @property
    def customer_id(self) -> int | None:
        return self.key.customer_id

    @property
    def mode(self) -> Mode:
        return self.key.mode

    def check(self, ip: str | None) -> None:
        key_access.admit(self.key, ip)

    def spend(self, cost: int) -> Spent:
        return spend_of_key(self.key.row, cost)

    def actor(self, *, ip: str | None, request_id: str | None, source: str) -> Actor:
        return key_access.actor_of(self.key, ip=ip, request_id=request_id, source=source)


@dataclass(frozen=True, slots=True)
class TokenCaller:
    """A user with a token of either kind."""

    caller: user_access.UserCaller
    deprecated: bool = False
    customer_id: None = None

    @property
    def mode(self) -> Mode:
        return self.caller.mode

    @property
    def id(self) -> int | None:
        return self.caller.credential_id

    @property
    def merchant_id(self) -> int | None:
        ids = self.caller.merchant_ids
        return next(iter(ids)) if len(ids) == 1 and not self.caller.user.all_merchants else None

    @property
    def user_id(self) -> int:
        return int(self.caller.user.id)

    def check(self, ip: str | None) -> None:
        self.caller.check(ip)

    def spend(self, cost: int) -> Spent | None:
        limit = settings.get("core_rate_limit_per_minute")
        return rate_limits.spend(limit, "minute", "user", str(self.user_id), cost=cost) if limit else None

    def actor(self, *, ip: str | None, request_id: str | None, source: str) -> Actor:
        return self.caller.actor(ip=ip, request_id=request_id, source=source)


@dataclass(frozen=True, slots=True)
class RoleCaller(TokenCaller):
    """A user with API access and a token, who may do what the role allows."""

    def check(self, ip: str | None) -> None:
        self.caller.check_access(ip)

    def spend(self, cost: int) -> Spent | None:
        limit = settings.get("merchant_rate_limit_per_minute")
        return rate_limits.spend(limit, "minute", "role-user", str(self.user_id), cost=cost) if limit else None

    def actor(self, *, ip: str | None, request_id: str | None, source: str) -> Actor:
        return self.caller.role_actor(ip=ip, request_id=request_id, source=source)


@dataclass(frozen=True, slots=True)
class CustomerCaller:
    """A customer with a token; the calls are counted by address, before the token is read."""

    caller: customer_access.CustomerCaller
    user_id: None = None

    @property
    def id(self) -> int:
        return int(self.caller.row.id)

    @property
    def merchant_id(self) -> int:
        return int(self.caller.row.merchant_id)

    @property
    def customer_id(self) -> int:
        return int(self.caller.row.customer_id)

    @property
    def mode(self) -> Mode:
        return Mode(self.caller.row.mode)

    def check(self, ip: str | None) -> None:
        self.caller.check()

    def spend(self, cost: int) -> None:
        return None

    def actor(self, *, ip: str | None, request_id: str | None, source: str) -> Actor:
        return self.caller.actor(ip=ip, request_id=request_id, source=source)


def integration(secret: str) -> Caller | None:
    key = key_access.find(secret)
    return KeyCaller(key) if key is not None else None


def user(secret: str) -> Caller | None:
    found = user_access.by_token(secret)
    return TokenCaller(found) if found is not None else None


def role_user(secret: str) -> Caller | None:
    found = user_access.by_token(secret)
    return RoleCaller(found) if found is not None else None


def jwt(secret: str) -> Caller | None:
    found = user_access.by_jwt(secret)
    return TokenCaller(found, deprecated=True) if found is not None else None


def customer(secret: str) -> Caller | None:
    found = customer_access.by_token(secret)
    return CustomerCaller(found) if found is not None else None


FIND: dict[str, Callable[[str], Any]] = {
    "integration": integration, "user": user, "role user": role_user, "jwt": jwt, "customer": customer,
}
