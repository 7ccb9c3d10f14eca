"""How changes of users stand in the audit trail."""

from typing import Any

from domain import audit
from domain.lifecycle import Lifecycle
from models.user import User


def _home(user: User) -> int | None:
    """The merchant whose audit trail shows a change of this user; none for operators."""
    return None if user.all_merchants else next(iter(user.merchant_ids), None)


def _snapshot(user: User) -> dict[str, Any]:
    return audit.snapshot(user) | {"merchant_ids": user.merchant_ids}


LIFE = Lifecycle(noun="user", snapshot=_snapshot, merchant_of=_home)
