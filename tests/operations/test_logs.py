"""Importing, pruning and recounting the request log from the command line."""

import gzip
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import func, select

from analytics.store import requests
from database import db

pytestmark = pytest.mark.files
LINES = (
    '192.0.2.7 - - [17/May/2026:08:05:32 +0000] "GET /downloads/1 HTTP/1.1" 200 512 "-" "curl/8.5.0"\n'
    '192.0.2.8 - - [18/May/2026:23:59:59 +0200] "POST /orders HTTP/1.1" 503 0 "-" "curl/8.5.0"\n'
    "this is no line of a log\n"
)


def stored(installation: Any) -> int:
    with installation.app.app_context(), db.engines["log"].connect() as connection:
        return int(connection.scalar(select(func.count()).select_from(requests)) or 0)


@pytest.mark.parametrize("packed", [False, True])
def test_a_log_is_imported_once_and_what_makes_no_sense_is_kept_aside(
    installation: Any, tmp_path: Path, packed: bool
) -> None:
    file = tmp_path / ("access.log.gz" if packed else "access.log")
    file.write_bytes(gzip.compress(LINES.encode()) if packed else LINES.encode())
    first = installation.run("logs", "import", str(file), "--format", "combined", "--source", "old")
    assert {name: first[name] for name in ("read", "imported", "rejected", "duplicate")} == {
        "read": 3, "imported": 2, "rejected": 1, "duplicate": 0,
    }
    assert (first["first"], first["last"]) == ("2026-05-17T08:05:32Z", "2026-05-18T21:59:59Z")
    assert "this is no line" in Path(first["rejected_file"]).read_text()
    assert Path(first["rejected_file"]).stat().st_mode & 0o777 == 0o600
    assert installation.run("logs", "import", str(file), "--source", "old")["duplicate"] == 2
    assert stored(installation) == 2


def test_an_import_for_an_unknown_merchant_or_of_no_file_is_refused(installation: Any, tmp_path: Path) -> None:
    file = tmp_path / "access.log"
    file.write_text(LINES)
    assert "merchant 5" in installation.run("logs", "import", str(file), "--merchant", "5", status=1)["error"]
    assert "does not exist" in installation.run("logs", "import", str(tmp_path / "no"), status=2)["error"]
    assert stored(installation) == 0


def test_a_cut_off_archive_is_a_refusal_not_a_crash(installation: Any, tmp_path: Path) -> None:
    file = tmp_path / "access.log.gz"
    file.write_bytes(gzip.compress(LINES.encode() * 100)[:-20])
    assert "cannot be imported" in installation.run("logs", "import", str(file), status=1)["error"]


def test_pruning_takes_imported_requests_of_earlier_days_too(installation: Any, tmp_path: Path) -> None:
    file = tmp_path / "access.log"
    file.write_text(LINES)
    installation.run("logs", "import", str(file))
    assert installation.run("logs", "prune", "--before", "2026-05-18")["deleted"] == 1
    assert stored(installation) == 1
    assert "before" in installation.run("logs", "prune", "--before", "x", status=1)["details"]["fields"]


def test_rebuilding_counts_what_is_there(installation: Any, tmp_path: Path) -> None:
    file = tmp_path / "access.log"
    file.write_text(LINES)
    installation.run("logs", "import", str(file))
    assert installation.run("logs", "rebuild") == {"counted": 2}
