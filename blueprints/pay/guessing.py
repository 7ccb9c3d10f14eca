"""Limits how many unknown links an address may try: 30 in 15 minutes. A link that exists is never refused.

Tokens have 256 bits, so nobody finds one by guessing; the limit keeps attempts from costing more than they do.
"""

from functools import partial
from typing import Any

from flask import request
from limits import RateLimitItemPerMinute

from blueprints.auth.attempts import account_key, divided, too_many
from blueprints.shared_counters import counters
from database.ip_addresses import limited_as

OF_ADDRESS = RateLimitItemPerMinute(30, 15, namespace="unknown-link")


def count() -> None:
    """Count an unknown link of the caller's address; raises LimitExceeded above the limit."""
    counters.run(partial(_count, account_key(limited_as(request.remote_addr or ""))))


def _count(address: str, strategy: Any, divisor: int) -> None:
    limit = divided(OF_ADDRESS, divisor)
    if not strategy.hit(limit, address):
        raise too_many(strategy.get_window_stats(limit, address).reset_time)
