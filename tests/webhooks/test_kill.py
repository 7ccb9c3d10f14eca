"""Workers that die and workers that share: every event arrives, in order, twice only under the same id."""

import secrets

import psycopg
import pytest
import sqlalchemy as sa

from bench.webhooks import Plan, trial
from domain.vault import vault
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


@pytest.mark.timeout(180)
@pytest.mark.parametrize("workers", [1, 2])
def test_a_worker_killed_at_any_moment_loses_nothing_and_keeps_the_order(database, monkeypatch, workers):
    for name in ("WEBHOOK_ALLOWED_HOSTS", "INSTANCE"):
        monkeypatch.delenv(f"COUNTINGHOUSE_{name}", raising=False)
    arrived = trial(Plan(endpoints=6, events=75, kills=3, patient=False, workers=workers), database)
    assert (arrived.lost, arrived.strangers, arrived.disordered) == (0, 0, 0)
