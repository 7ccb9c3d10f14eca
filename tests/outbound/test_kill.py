"""Killed and concurrent workers: every event arrives, in order, repeated only under the same id."""

import subprocess
import sys

import pytest
import sqlalchemy as sa

from bench.installation import ROOT, eventually
from bench.webhooks import Plan, clean, stage, trial
from database import db
from models.audit import AuditEntry
from models.webhook import Delivery

pytestmark = pytest.mark.files


@pytest.mark.timeout(180)
@pytest.mark.parametrize("workers", [1, 2])
def test_a_worker_killed_at_any_moment_loses_nothing_and_keeps_the_order(own_database, workers):
    arrived = trial(Plan(endpoints=6, events=75, kills=3, patient=False, workers=workers), own_database)
    assert (arrived.lost, arrived.strangers, arrived.disordered) == (0, 0, 0)


WRITER = """
import sys
from app import create_app
from bench.webhooks import Plan, populate
populate(create_app(sink=lambda record: None), Plan(endpoints=3, events=5000, kills=0), 8009)
"""


@pytest.mark.timeout(500)
def test_a_program_killed_between_changes_and_events_leaves_neither_alone(own_database, tmp_path):
    extra = {"COUNTINGHOUSE_INSTANCE": str(tmp_path), "COUNTINGHOUSE_WEBHOOK_ALLOWED_HOSTS": "127.0.0.1",
             "COUNTINGHOUSE_BCRYPT_COST": "4"} | own_database
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
