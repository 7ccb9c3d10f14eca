"""`check`, /healthz, /readyz and /metrics: findings, and who may read them."""

import os
import time
from pathlib import Path
from typing import Any

import pytest

import config
from analytics.log import drain
from analytics.log.spool import Spool
from blueprints import health
from database import db
from operations import check as checks
from operations import files
from tests.databases import ON_POSTGRESQL

pytestmark = pytest.mark.files

def statuses(installation: Any, status: int = 0) -> dict[str, str]:
    return {each["name"]: each["status"] for each in installation.run("check", status=status)["checks"]}


def test_a_fresh_installation_has_nothing_wrong(installation: Any) -> None:
    found = statuses(installation)
    assert set(found.values()) <= {"ok", "warning"}
    assert found["migrations"] == "ok"
    assert found["worker"] == "warning"


def test_missing_migrations_are_wrong_and_name_the_command(empty: Any) -> None:
    found = empty().run("check", status=1)
    assert found["error"] == f"1 of {len(found['checks'])} checks failed: migrations"
    assert found["details"]["checks"][0]["mend"] == "run " + config.command_line("db upgrade")


def test_a_secret_that_others_can_read_is_wrong(installation: Any) -> None:
    (installation.folder / "secret_key").chmod(0o644)
    assert statuses(installation, status=1)["secret"] == "wrong"


@pytest.mark.skipif(ON_POSTGRESQL, reason="the databases are not files")
def test_database_files_are_private_and_others_are_reported(empty: Any) -> None:
    installation = empty()
    installation.upgrade()                          # makes the files; those of `installation` are copies
    installation.folder.chmod(0o755)
    modes = {path.name: path.stat().st_mode & 0o777 for path in installation.folder.glob("*.db*")}
    assert {"countinghouse.db", "countinghouse.db-wal", "requests.db"} <= set(modes)
    assert set(modes.values()) == {0o600}
    assert "files" not in statuses(installation)
    (installation.folder / "countinghouse.db").chmod(0o644)
    assert statuses(installation)["files"] == "warning"
    installation.folder.chmod(0o700)
    assert "files" not in statuses(installation)


def test_a_living_worker_is_seen(installation: Any) -> None:
    heartbeat = installation.folder / checks.HEARTBEAT
    heartbeat.touch()
    os.utime(heartbeat, (time.time(), time.time()))            # the file system knows nothing of --at
    assert statuses(installation)["worker"] == "ok"
    os.utime(heartbeat, (0, 0))
    assert statuses(installation)["worker"] == "warning"


def test_a_clock_that_went_back_is_wrong(installation: Any) -> None:
    installation.run("merchant", "create", "--name", "A")
    with installation.app.app_context(), db.engine.begin() as connection:
        connection.exec_driver_sql("UPDATE audit_entries SET at = '2099-01-01 00:00:00'")
    assert statuses(installation, status=1)["clock"] == "wrong"


def test_a_redis_that_does_not_answer_is_wrong(empty: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COUNTINGHOUSE_REDIS_URL", "redis://127.0.0.1:1/0")
    installation = empty()
    installation.upgrade()
    assert statuses(installation, status=1)["redis"] == "wrong"


def test_a_database_that_is_away_is_wrong_and_not_ready(empty: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COUNTINGHOUSE_LOG_DATABASE_URL", "postgresql+psycopg://nobody@127.0.0.1:1/none")
    installation = empty()
    assert statuses(installation, status=1)["log database"] == "wrong"
    answer = installation.app.test_client().get("/readyz")
    assert answer.status_code == 503
    assert answer.json["checks"]["log_database"] == "cannot be reached"
    assert answer.headers["Retry-After"] == "5"
    assert installation.app.test_client().get("/healthz").json == {"status": "ok"}


def test_a_spool_that_cannot_be_used_is_not_ready(installation: Any) -> None:
    installation.settings.spool.write_text("a file where the folder should be")
    answer = installation.app.test_client().get("/readyz")
    assert answer.status_code == 503
    assert answer.json["checks"]["spool"] == "the folder cannot be used"


def test_ready_means_every_check_is_ok(installation: Any) -> None:
    answer = installation.app.test_client().get("/readyz")
    assert answer.status_code == 200
    assert answer.headers["Cache-Control"] == "no-store"
    assert answer.json == {
        "status": "ok", "checks": {"database": "ok", "log_database": "ok", "migrations": "ok", "spool": "ok"},
        "outbox": {"pending": 0, "held": 0, "failed_last_day": 0, "oldest_due_seconds": 0},
    }


def test_the_metrics_count_what_is_logged_and_what_waits(installation: Any, record: Any) -> None:
    spool = Spool(installation.settings.spool)
    spool.append(record)
    client = installation.app.test_client()
    assert "countinghouse_log_backlog_bytes 0.0" not in client.get("/metrics").text
    spool.close()
    with installation.app.app_context():
        drain.drain(installation.settings.spool)
    words = client.get("/metrics").text
    assert 'countinghouse_requests_total{contract="public",outcome="2xx"} 1.0' in words
    assert "countinghouse_log_backlog_bytes 0.0" in words
    assert 'countinghouse_ready{check="database"} 1.0' in words


@pytest.mark.parametrize(("address", "headers", "allowed"), [
    ("127.0.0.1", {}, True),
    ("::1", {}, True),
    ("127.0.0.1", {"X-Forwarded-For": "127.0.0.1"}, False),
    ("127.0.0.1", {"Forwarded": "for=127.0.0.1"}, False),
    ("203.0.113.5", {}, False),
    ("203.0.113.5", {"Authorization": "Bearer right token"}, True),
    ("203.0.113.5", {"Authorization": "Bearer wrong"}, False),
    ("203.0.113.5", {"Authorization": "right token"}, False),
])
def test_the_metrics_are_for_the_machine_itself_or_the_token(
    installation: Any, monkeypatch: pytest.MonkeyPatch, address: str, headers: dict[str, str], allowed: bool
) -> None:
    monkeypatch.setenv("COUNTINGHOUSE_METRICS_TOKEN", "right token")
    settings = config.from_environment()
    with installation.app.test_request_context("/metrics", headers=headers, environ_base={"REMOTE_ADDR": address}):
        assert health.may_read(settings) is allowed


def test_the_file_system_of_a_folder_is_found() -> None:
    assert files.file_system_of(Path("/proc")) == "proc"
