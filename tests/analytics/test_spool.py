"""The spool: nothing acknowledged is lost, nothing half written is read."""

import errno
import os
import threading
from pathlib import Path

import pytest
from log_samples import record

from analytics import spool as module
from analytics.spool import HEADER, Spool, encode, records


def content(folder: Path) -> list[dict]:
    found = []
    for path in sorted(folder.glob("*.spool")):
        found += [item for item, _ in records(path.read_bytes(), closed=True) if item]
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
    data = path.read_bytes()
    for cut in (1, 20, len(data) // 3):
        assert [item["request_id"] for item, _ in records(data[:-cut], closed=True) if item] == ["whole"]


def test_damage_in_the_middle_costs_one_record(spool, folder):
    for name in ("one", "two", "three"):
        spool.append(record(request_id=name))
    data = bytearray(next(folder.glob("*.spool")).read_bytes())
    length = HEADER.unpack_from(data, 0)[1]
    data[HEADER.size + length + HEADER.size + 5] ^= 0xFF
    found = list(records(bytes(data), closed=True))
    assert [item and item["request_id"] for item, _ in found] == ["one", None, "three"]
    assert [item["request_id"] for item, _ in records(bytes(data), closed=False) if item] == ["one"]


def test_a_full_disk_stops_noting_without_an_error_and_shows(spool, folder, monkeypatch):
    spool.append(record(request_id="before"))

    def full(descriptor: int, data: bytes) -> int:
        raise OSError(errno.ENOSPC, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr(module, "write", full)
        assert not spool.append(record(request_id="lost"))
    assert spool.failures == 1
    assert "No space left" in spool.last_error
    assert spool.append(record(request_id="after"))
    assert [item["request_id"] for item in content(folder)] == ["before", "after"]


def test_half_a_write_is_taken_back(spool, folder, monkeypatch):
    spool.append(record(request_id="before"))
    write = module.write
    with monkeypatch.context() as patch:
        patch.setattr(module, "write", lambda descriptor, data: write(descriptor, data[:30]))
        assert not spool.append(record(request_id="lost"))
    spool.append(record(request_id="after"))
    assert [item["request_id"] for item in content(folder)] == ["before", "after"]


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
