"""Limits how many links are asked for: 5 for an address and 30 from an IP address, in 15 minutes.

Addresses count as typed, whether or not a customer has them, so that the limit does not tell which are known.
"""

from functools import partial
from typing import Any

from flask import request
from limits import RateLimitItemPerMinute

from blueprints.auth.attempts import account_key, divided, too_many
from blueprints.shared_counters import counters
from database.ip_addresses import limited_as

OF_ADDRESS = RateLimitItemPerMinute(5, 15, namespace="client-link-address")
OF_CALLER = RateLimitItemPerMinute(30, 15, namespace="client-link-caller")
WRONG = RateLimitItemPerMinute(30, 15, namespace="client-link-wrong")


def count(merchant_id: int, email: str, *, test: bool) -> None:
    """Count a wish for a link; raises LimitExceeded above either limit."""
    address = account_key(f"{merchant_id} {test} {email}")
    counters.run(partial(_count, [(OF_CALLER, _caller()), (OF_ADDRESS, address)]))


def count_wrong() -> None:
    """Count a link or code that is wrong; raises LimitExceeded above the limit."""
    counters.run(partial(_count, [(WRONG, _caller())]))


def _caller() -> str:
    return account_key(limited_as(request.remote_addr or ""))


def _count(limits: list[tuple[RateLimitItemPerMinute, str]], strategy: Any, divisor: int) -> None:
    for whole, key in limits:
        limit = divided(whole, divisor)
        if not strategy.hit(limit, key):
            raise too_many(strategy.get_window_stats(limit, key).reset_time)
