"""Killed workers that collect: each period is charged exactly once, and nothing stays unknown."""

import secrets

import psycopg
import pytest
import sqlalchemy as sa

from bench.kill_collecting import Plan, trial
from domain.vault import vault
from outbound.gateways.test_bank import FILE, test_bank
from tests.conftest import SERVER

pytestmark = pytest.mark.files


@pytest.fixture
def database(on_postgresql, settings):
    """Settings of an empty database of its own."""
    if not on_postgresql:
        yield {}
    else:
        name, admin = f"countinghouse_kill_{secrets.token_hex(4)}", SERVER.replace("+psycopg", "", 1)
        with psycopg.connect(admin, autocommit=True) as connection:
            connection.execute(f'CREATE DATABASE "{name}"')
        yield {"COUNTINGHOUSE_DATABASE_URL": sa.make_url(SERVER).set(database=name).render_as_string(False)}
        with psycopg.connect(admin, autocommit=True) as connection:
            connection.execute(f'DROP DATABASE "{name}" WITH (FORCE)')
    vault.configure(settings.secret_keys, bcrypt_cost=settings.bcrypt_cost)
    test_bank.book.configure(settings.instance / FILE)


@pytest.mark.timeout(280)
def test_two_workers_killed_at_random_charge_each_period_exactly_once(database, monkeypatch):
    for name in ("WEBHOOK_ALLOWED_HOSTS", "INSTANCE"):
        monkeypatch.delenv(f"COUNTINGHOUSE_{name}", raising=False)
    found = trial(Plan(payments=66, kills=5), database)
    assert found.is_right, found
    assert (found.charged_once, found.kills) == (54, 5)
