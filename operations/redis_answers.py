"""Asks whether Redis answers. A module of its own, which loads Redis's client only where Redis is configured."""

from contextlib import closing

import redis


def problem(url: str) -> str | None:
    """What keeps the Redis at this URL from answering; None when it answers."""
    try:
        with closing(redis.Redis.from_url(url, socket_timeout=2, socket_connect_timeout=2)) as client:
            client.ping()
    except (redis.RedisError, ValueError) as found:
        return str(found) or type(found).__name__
    return None
