"""The places where calls are counted: a fixture for tests that must hold in each."""

import os

import pytest
from limits.strategies import MovingWindowRateLimiter

from blueprints.api.wire.shared_window import SharedWindows, new_memory
from blueprints.shared_counters import limiter


@pytest.fixture(params=["memory", "processes", "redis"])
def counting(request, monkeypatch, tmp_path):
    """The counters of one process, of several, and in Redis."""
    memory = new_memory()
    if request.param == "redis":
        request.getfixturevalue("redis_limits")
    elif request.param == "processes":
        monkeypatch.setattr(limiter, "_limiter", MovingWindowRateLimiter(SharedWindows(memory, tmp_path / "lock")))
    yield
    os.close(memory)
