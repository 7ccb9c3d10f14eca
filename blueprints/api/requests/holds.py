"""Slows down and stops callers on behalf of a customer, where a rule of the domain says so (`set_rule`)."""

from collections.abc import Callable
from typing import Protocol

from blueprints.api.contract import Operation
from blueprints.api.credentials import Caller, KeyCaller
from blueprints.api.rate_limits import rate_limits
from blueprints.services import own_url
from domain.errors import Held, LimitExceeded
from models.credential import Mode

PAY_URL = "payUrl"                                  # in the details of a refusal: where to pay


class Hold(Protocol):
    """Why a customer's calls are held."""

    @property
    def reason(self) -> str: ...
    @property
    def calls_per_hour(self) -> int: ...
    @property
    def is_stopped(self) -> bool: ...
    @property
    def open_nouns(self) -> tuple[str, ...]: ...
    @property
    def code(self) -> str: ...
    def path(self) -> str: ...


Rule = Callable[[int, bool], Hold | None]           # of a customer's id and whether it is the test world
_rules: list[Rule] = []


def set_rule(rule: Rule) -> None:
    """Ask this rule at each call of a key or token of a customer."""
    _rules[:] = [rule]


def check(caller: Caller, operation: Operation | None, host_url: str) -> None:
    """Raises LimitExceeded beyond what a slowed caller may do, and Held for one that is stopped."""
    if caller.customer_id is None:
        return
    for rule in _rules:
        found = rule(caller.customer_id, caller.mode is Mode.TEST)
        if found is not None and not _is_open(found, caller, operation):
            _refuse(found, caller, host_url)


def _refuse(found: Hold, caller: Caller, host_url: str) -> None:
    def where() -> str:
        return own_url(host_url) + found.path()

    if found.is_stopped:
        raise Held(f"{found.reason} Calls work again once that is paid.", details={PAY_URL: where()}, code=found.code)
    try:
        rate_limits.spend(found.calls_per_hour, "hour", "hold", str(caller.id))
    except LimitExceeded as error:
        raise LimitExceeded(
            f"{found.reason} Until that is paid, {found.calls_per_hour} calls an hour are allowed.",
            details=error.details | {PAY_URL: where()}) from None


def _is_open(found: Hold, caller: Caller, operation: Operation | None) -> bool:
    """Whether a customer's own token may do this all the same."""
    exposure = operation.exposure if operation is not None else None
    return not isinstance(caller, KeyCaller) and exposure is not None and exposure.noun in found.open_nouns
