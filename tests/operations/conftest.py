"""An installation of its own for each test."""

import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from installations import Installation, installations

from config import Settings
from domain.access.key_access import verified_hashes
from domain.vault import vault


@pytest.fixture
def empty(tmp_path: Path, settings: Settings) -> Iterator[Callable[[], Installation]]:
    """Makes installations without tables; each call one more."""
    verified_hashes.forget()               # keys of the installation before have the same numbers
    with installations(tmp_path) as make:
        yield make
    vault.configure(settings.secret_keys, bcrypt_cost=settings.bcrypt_cost)     # as the other tests expect it


@pytest.fixture
def installation(empty: Callable[[], Installation]) -> Installation:
    """One with its tables and nothing in them."""
    ready = empty()
    ready.upgrade()
    return ready


@pytest.fixture
def record() -> dict[str, Any]:
    """A request as the spool takes it."""
    return {
        "at_us": time.time_ns() // 1000, "duration_us": 1500, "contract": "public", "operation": "budgets.list",
        "method": "GET", "endpoint": "/v1/api/public/budgets", "path": "/v1/api/public/budgets", "query": "",
        "status": 200, "error_code": None, "source": "api", "mode": "live", "ip": "127.0.0.1", "user_agent": "t",
        "request_id": "req_1", "request_bytes": 0, "response_bytes": 10,
    }
