"""Decides whose rows an actor reaches: the clauses of merchant, world, customer and user that every list has."""

from dataclasses import dataclass
from functools import cached_property
from typing import Any

from sqlalchemy import ColumnElement, bindparam

from domain.actor import Actor, All
from domain.list_parts import Bound, of_customer


@dataclass(frozen=True, kw_only=True)
class Owners:
    """Declares to whom the rows of a table belong."""

    model: Any
    customer: str | Bound | None = None               # the column that names the customer, or a clause over its id;
                                                      # None refuses customers
    own: Any = False                                  # restricted users see what they created; or whose column says so
    merchant: str | None = "merchant_id"              # None: global rows, the same for everybody
    where: tuple[ColumnElement[bool], ...] = ()       # the rows of the table that are this noun

    def owned(self, actor: Actor, *, removed: bool = False) -> tuple[list[ColumnElement[bool]], dict[str, Any]]:
        """The clauses, and their values, that limit an actor to its own rows and world. No other code decides this."""
        clauses: list[ColumnElement[bool]] = list(self.where)
        values = self._own_values(actor)
        if "own_merchant" in values:
            clauses.append(getattr(self.model, str(self.merchant)) == bindparam("own_merchant"))
        if "own_merchants" in values:
            clauses.append(getattr(self.model, str(self.merchant)).in_(bindparam("own_merchants", expanding=True)))
        if "own_test" in values:
            clauses.append(self._world())
        if "own_customer" in values:
            clauses.append(of_customer(self.model, self.customer))
        if "own_user" in values:
            clauses.append((self.model.created_by_user_id if self.own is True else self.own) == bindparam("own_user"))
        if hasattr(self.model, "deleted_at"):
            gone = self.model.deleted_at
            clauses.append(gone.is_not(None) if removed else gone.is_(None))
        return clauses, values

    def _world(self) -> ColumnElement[bool]:
        """The clause for rows of the actor's world."""
        mine: ColumnElement[bool] = self.model.test == bindparam("own_test")
        return mine

    @cached_property
    def _has_worlds(self) -> bool:
        return hasattr(self.model, "test")

    def _own_values(self, actor: Actor) -> dict[str, Any]:
        """The actor's values to bind; which of them exist decides the clauses."""
        values: dict[str, Any] = {}
        if self.merchant is not None and not isinstance(actor.merchant_ids, All):
            if len(actor.merchant_ids) == 1:
                values["own_merchant"] = next(iter(actor.merchant_ids))
            else:
                values["own_merchants"] = sorted(actor.merchant_ids)
        if self._has_worlds:
            values["own_test"] = actor.test
        if actor.customer_id is not None:
            values["own_customer"] = actor.customer_id
        if self.own is not False and actor.own_only:
            values["own_user"] = actor.user_id
        return values

    def _whose(self, actor: Actor) -> tuple[Any, ...]:
        """The part of a statement's shape that depends on the actor."""
        merchants = 0 if isinstance(actor.merchant_ids, All) else 1 if len(actor.merchant_ids) == 1 else 2
        return merchants, actor.customer_id is not None, actor.own_only
