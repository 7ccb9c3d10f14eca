"""The spool loses no acknowledged record, and no incomplete one is read."""

import errno
import os
import subprocess
import sys
import threading
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from analytics.log import appenders, masking
from analytics.log.spool import HEADER, TEXTS, Spool, encode, is_clean, read, records
from config import ROOT
from tests.analytics.log_samples import record


def content(folder: Path) -> list[dict]:
    found = []
    for path in sorted(folder.glob("*.spool")):
        found += [item for item, _ in records(read(path), closed=True) if item]
    return found


def test_what_was_appended_can_be_read_in_order(spool, folder):
    for number in range(5):
        assert spool.append(record(request_id=f"r{number}"))
    assert [item["request_id"] for item in content(folder)] == ["r0", "r1", "r2", "r3", "r4"]


def test_threads_share_one_file(spool, folder):
    def work(name: int) -> None:
        for number in range(100):
            spool.append(record(request_id=f"{name}-{number}"))

    threads = [threading.Thread(target=work, args=(name,)) for name in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len({item["request_id"] for item in content(folder)}) == 400
    assert len(list(folder.glob("*.spool"))) == 1


@pytest.mark.files
def test_a_forked_child_writes_to_a_file_of_its_own(spool, folder):
    spool.append(record(request_id="parent"))
    child = os.fork()
    if child == 0:
        spool.append(record(request_id="child"))
        os._exit(0)
    os.waitpid(child, 0)
    spool.append(record(request_id="parent again"))
    assert {item["request_id"] for item in content(folder)} == {"parent", "child", "parent again"}
    assert len(list(folder.glob("*.spool"))) == 2


def test_a_full_file_is_followed_by_a_new_one(folder):
    spool = Spool(folder, rotate_at=2000)
    for number in range(20):
        spool.append(record(request_id=str(number)))
    assert len(list(folder.glob("*.spool"))) > 2
    assert [item["request_id"] for item in content(folder)] == [str(number) for number in range(20)]


def test_a_torn_last_record_is_not_read(spool, folder):
    spool.append(record(request_id="whole"))
    spool.append(record(request_id="torn"))
    path = next(folder.glob("*.spool"))
    data = read(path)
    for cut in (1, 20, len(data) // 3):
        assert [item["request_id"] for item, _ in records(data[:-cut], closed=True) if item] == ["whole"]


def test_damage_in_the_middle_costs_one_record(spool, folder):
    for name in ("one", "two", "three"):
        spool.append(record(request_id=name))
    data = bytearray(read(next(folder.glob("*.spool"))))
    length = HEADER.unpack_from(data, 0)[1]
    data[HEADER.size + length + HEADER.size + 5] ^= 0xFF
    found = list(records(bytes(data), closed=True))
    assert [item and item["request_id"] for item, _ in found] == ["one", None, "three"]
    assert [item["request_id"] for item, _ in records(bytes(data), closed=False) if item] == ["one"]


def without_reserving(patch):
    """As on a file system that reserves nothing."""
    def refuse(descriptor: int, size: int) -> None:
        raise OSError(errno.EOPNOTSUPP, os.strerror(errno.EOPNOTSUPP))

    patch.setattr(appenders, "reserve", refuse)


def full(*_: object) -> int:
    raise OSError(errno.ENOSPC, "No space left on device")


@pytest.mark.parametrize("reserves", [True, False])
def test_a_full_disk_stops_noting_without_an_error_and_shows(folder, monkeypatch, reserves):
    if not reserves:
        without_reserving(monkeypatch)
    spool = Spool(folder, rotate_at=600)
    spool.append(record(request_id="before"))
    with monkeypatch.context() as patch:
        patch.setattr(appenders, "reserve", full)
        patch.setattr(appenders, "write", full)
        refused = [spool.append(record(request_id="lost")) for _ in range(3)]
    assert refused == [False] * 3
    assert spool.failures == 3
    assert "No space left" in spool.last_error
    assert spool.append(record(request_id="after"))
    assert [item["request_id"] for item in content(folder)] == ["before", "after"]
    assert not list(folder.glob("*.new"))


def test_a_partial_write_is_removed(spool, folder, monkeypatch):
    without_reserving(monkeypatch)
    spool.append(record(request_id="before"))
    write = appenders.write
    with monkeypatch.context() as patch:
        patch.setattr(appenders, "write", lambda descriptor, data: write(descriptor, data[:30]))
        assert not spool.append(record(request_id="lost"))
    spool.append(record(request_id="after"))
    assert [item["request_id"] for item in content(folder)] == ["before", "after"]


def test_a_file_system_that_reserves_nothing_is_written_as_usual(folder, monkeypatch):
    without_reserving(monkeypatch)
    spool = Spool(folder, rotate_at=2000)
    for number in range(20):
        assert spool.append(record(request_id=str(number)))
    assert [item["request_id"] for item in content(folder)] == [str(number) for number in range(20)]
    assert 2 < len(list(folder.glob("*.spool"))) < 20
    assert max(path.stat().st_size for path in folder.glob("*.spool")) < 3000


OUT_OF_ROOM = """
import resource, sys
from pathlib import Path
sys.path.insert(0, sys.argv[2])
from tests.analytics.log_samples import record
from analytics.log.spool import Spool
resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, 100_000))
spool = Spool(Path(sys.argv[1]), rotate_at=200_000)
done = [spool.append(record(request_id=str(number))) for number in range(500)]
print(done.count(True), spool.last_error)
"""


@pytest.mark.files
def test_a_limit_of_file_sizes_ends_no_process(tmp_path):
    """Writing to a mapped page without disk space is a bus error: space is reserved first."""
    command = [sys.executable, "-c", OUT_OF_ROOM, str(tmp_path / "spool"), str(Path(__file__).resolve().parents[3])]
    output = subprocess.run(command, capture_output=True, text=True, check=True, timeout=60).stdout
    noted, problem = output.split(" ", 1)
    assert "is the disk full?" in problem or problem.startswith("File too large")
    assert 100 < int(noted) < 500
    assert [item["request_id"] for item in content(tmp_path / "spool")] == [str(number) for number in range(int(noted))]


def test_a_disk_with_little_room_is_used_to_its_end(folder, monkeypatch):
    """There is no space for a whole file, but for records."""
    monkeypatch.setattr(appenders, "reserve", full)
    spool = Spool(folder)
    assert all(spool.append(record(request_id=str(number))) for number in range(9))
    assert len(content(folder)) == 9


def test_a_file_system_that_moves_pages_is_not_mapped(folder, monkeypatch):
    folder.mkdir(parents=True, exist_ok=True)
    descriptor = os.open(folder / "file", os.O_RDWR | os.O_CREAT)
    kind = appenders._kind(descriptor)
    assert kind
    assert isinstance(appenders.appender(descriptor, 4096), appenders.MappedAppender)
    monkeypatch.setattr(appenders, "MOVES_PAGES", (kind,))
    os.ftruncate(descriptor, 0)
    assert isinstance(appenders.appender(descriptor, 4096), appenders.WriteAppender)


FORKS = """
import os, sys, threading
from pathlib import Path
from analytics.log.spool import Spool
from tests.analytics.log_samples import record

spool, stop = Spool(Path(sys.argv[1]), rotate_at=2000), threading.Event()

def work():
    while not stop.is_set():
        spool.append(record(request_id="parent"))

threads = [threading.Thread(target=work) for _ in range(3)]
for one in threads:
    one.start()
failed = 0
for _ in range(60):
    child = os.fork()
    if not child:
        os._exit(0 if spool.append(record(request_id="child")) else 1)
    failed += bool(os.waitpid(child, 0)[1])
stop.set()
for one in threads:
    one.join()
sys.exit(failed)
"""


@pytest.mark.files
def test_children_of_a_server_that_is_noting_all_the_time_can_note(tmp_path):
    """Forked while other threads append and begin new files; by a small program, as forking this one takes long."""
    ran = subprocess.run([sys.executable, "-c", FORKS, str(tmp_path / "spool")], cwd=ROOT, check=False)
    assert ran.returncode == 0
    assert sum(item["request_id"] == "child" for item in content(tmp_path / "spool")) == 60


def test_what_is_used_of_a_file_is_known_while_it_is_written(spool, folder):
    assert spool.append(record(request_id="one"))
    path = next(folder.glob("*.spool"))
    before = len(read(path))
    assert path.stat().st_size > before
    assert spool.append(record(request_id="two"))
    assert len(read(path)) > before
    assert read(path).endswith(b"}")


def test_a_record_larger_than_a_file_gets_one_of_its_own(folder):
    spool = Spool(folder, rotate_at=500)
    children = [{"endpoint": f"rpc:{number}"} for number in range(200)]
    assert spool.append(record(request_id="large", children=children))
    assert spool.append(record(request_id="small"))
    assert [item["request_id"] for item in content(folder)] == ["large", "small"]


def test_a_folder_that_cannot_be_written_is_no_error(tmp_path):
    (tmp_path / "file").write_text("in the way")
    spool = Spool(tmp_path / "file" / "spool")
    assert not spool.append(record())
    assert spool.failures == 1


def test_a_record_that_is_no_json_is_no_error(spool):
    assert not spool.append(record(error_code=object()))
    assert spool.failures == 1


SECRETS = (
    "bk_live_abcdefghijklmnop0123456789abcdefghijABCDEF", "whsec_" + "A1b2" * 8,
    "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.c2lnbmF0dXJl", "Bearer 0123456789abcdef",
)


@pytest.mark.parametrize("secret", SECRETS)
@pytest.mark.parametrize("field", ["path", "query", "user_agent", "request_id", "endpoint"])
def test_no_secret_reaches_the_file(field, secret):
    written = encode(record(**{field: f"before {secret} after"})).decode()
    assert secret.split()[-1] not in written
    assert "***" in written


def test_control_bytes_are_escaped_and_long_texts_cut():
    written = encode(record(user_agent="a\r\nINJECTED \x1b[31m \ud800" + "x" * 1000))
    assert b"\\\\x0d\\\\x0aINJECTED \\\\x1b[31m \\\\xd800" in written
    assert len(written) < 1500


ANY_TEXT = st.one_of(st.text(max_size=60), st.sampled_from([*SECRETS, "x" * 301, "", "\x7f", "/plain"]))


@given(st.lists(ANY_TEXT, min_size=len(TEXTS), max_size=len(TEXTS)))
def test_what_is_called_clean_is_not_changed_by_cleaning(texts):
    asked = record(**{name: text for (name, _), text in zip(TEXTS, texts, strict=True)})
    if is_clean(asked):
        for name, limit in TEXTS:
            assert masking.clean(asked[name], limit) == asked[name]


def test_an_ordinary_record_is_called_clean():
    assert is_clean(record())
    assert not is_clean(record(path=SECRETS[0]))
