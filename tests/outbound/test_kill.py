"""Killed and concurrent workers: every event arrives, in order, repeated only under the same id."""

import secrets
import subprocess
import sys

import psycopg
import pytest
import sqlalchemy as sa

from bench.installation import ROOT, eventually
from bench.webhooks import Plan, clean, stage, trial
from database import db
from domain.vault import vault
from models.audit import AuditEntry
from models.webhook import Delivery
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


WRITER = """
import sys
from app import create_app
from bench.webhooks import Plan, populate
populate(create_app(sink=lambda record: None), Plan(endpoints=3, events=5000, kills=0), 8009)
"""


@pytest.mark.timeout(500)
def test_a_program_killed_between_changes_and_events_leaves_neither_alone(database, tmp_path, monkeypatch):
    extra = {"COUNTINGHOUSE_INSTANCE": str(tmp_path), "COUNTINGHOUSE_WEBHOOK_ALLOWED_HOSTS": "127.0.0.1",
             "COUNTINGHOUSE_BCRYPT_COST": "4"} | database
    with stage(extra) as app:
        for _ in range(3):
            before = changes_and_events(app)[0]
            writer = subprocess.Popen([sys.executable, "-c", WRITER], cwd=ROOT, env=clean() | extra)
            try:
                eventually(lambda before=before: changes_and_events(app)[0] > before + 20, 150, "some changes")
            finally:
                writer.kill()
                writer.wait()
            changes, events = changes_and_events(app)
            assert events == changes * 3


def changes_and_events(app):
    """How many changes of customers are in the audit trail, and how many deliveries there are per endpoint."""
    with app.app_context():
        changes = sa.select(sa.func.count()).where(AuditEntry.object_type == "customer").scalar_subquery()
        events = sa.select(sa.func.count()).select_from(Delivery).scalar_subquery()
        both = db.session.execute(sa.select(changes, events)).one()       # of one moment, and without a lock
        db.session.remove()
    return tuple(both)
