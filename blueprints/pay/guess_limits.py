"""Limits how many unknown links and codes an address may try: 30 in 15 minutes. A link that exists is never refused.

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
CODES = RateLimitItemPerMinute(30, 15, namespace="unknown-code")


def count(limit: RateLimitItemPerMinute = OF_ADDRESS) -> None:
    """Count an unknown link, or discount code, of the caller's address; raises LimitExceeded above the limit."""
    counters.run(partial(_count, limit, account_key(limited_as(request.remote_addr or ""))))


def _count(whole: RateLimitItemPerMinute, address: str, strategy: Any, divisor: int) -> None:
    limit = divided(whole, divisor)
    if not strategy.hit(limit, address):
        raise too_many(strategy.get_window_stats(limit, address).reset_time)
