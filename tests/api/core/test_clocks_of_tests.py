"""Test clocks in the Core API and on the command line: of the test world, and of the caller's merchants."""

import json

import pytest

from outbound.payments import advancing
from tests import cast
from tests.api.core.conftest import Program, token_of
from tests.api.test_every_operation import token_for_tests

NOON = "2026-01-31 12:00:00+0000"


@pytest.fixture
def alder():
    return cast.make_merchant()


@pytest.fixture
def program(app, alder):
    return Program(app, token_for_tests(cast.make_user(merchant_ids=[alder])))


def create(program, merchant):
    return program.result("test_clocks.create", {"companies_id": merchant, "now_dt": NOON, "name": "Ahead"})


def test_a_clock_is_advanced_by_the_worker(program, alder):
    made = create(program, alder)
    assert {name: made[name] for name in ("companies_id", "now_dt", "name", "status")} == {
        "companies_id": alder, "now_dt": NOON, "name": "Ahead", "status": "ready"}
    told = program.result("test_clocks.advance", {"id": made["id"], "now_dt": "2026-03-01T12:00:00Z"})
    assert (told["status"], told["now_dt"]) == ("advancing", NOON)
    while advancing.advance_due():
        pass
    told = program.result("test_clocks.get", {"id": made["id"]})
    assert (told["status"], told["now_dt"]) == ("ready", "2026-03-01 12:00:00+0000")
    assert program.rpc("test_clocks.advance", {"id": made["id"], "now_dt": NOON})["error"]["code"] == -32602
    assert program.rpc("test_clocks.advance", {"id": made["id"]})["error"]["data"] == {"now_dt": "Is required"}


def test_a_clock_is_of_the_test_world_and_of_its_merchant(app, program, alder):
    made = create(program, alder)
    birch = cast.make_merchant("Birch")
    stranger = Program(app, token_for_tests(cast.make_user("bo@birch.example", merchant_ids=[birch])))
    live = Program(app, token_of(cast.make_user("al@alder.example", merchant_ids=[alder])))
    assert "error" in live.rpc("test_clocks.create", {"companies_id": alder, "now_dt": NOON})
    for other in (stranger, live):
        assert other.result("test_clocks.search") == []
        for method, more in (("get", {}), ("advance", {"now_dt": "2027-01-01T00:00:00Z"}), ("delete", {})):
            answer = other.rpc(f"test_clocks.{method}", {"id": made["id"]} | more)
            assert answer["error"]["data"]["code"] == "not_found"
    assert "error" in stranger.rpc("test_clocks.create", {"companies_id": alder, "now_dt": NOON})
    assert program.result("test_clocks.delete", {"id": made["id"]}) == 1


def run(app, *words):
    done = app.test_cli_runner().invoke(args=["test-clock", *words, "--json"])
    return done.exit_code, json.loads(done.stdout)


def test_the_command_creates_advances_and_shows(app, alder):
    code, made = run(app, "create", "--merchant", str(alder), "--now", "2026-01-31T12:00:00Z")
    assert (code, made["now_dt"], made["status"]) == (0, "2026-01-31T12:00:00Z", "ready")
    key = str(made["id"])
    assert run(app, "advance", key, "--by", "30d")[1]["target_dt"] == "2026-03-02T12:00:00Z"
    assert run(app, "advance", key, "--to", "2026-03-03T12:00:00Z")[1]["status"] == "advancing"
    assert run(app, "show", key)[1]["target_dt"] == "2026-03-03T12:00:00Z"
    for wrong in (("--to", "2026-01-01T00:00:00Z"), ("--by", "soon"), ("--to", "yesterday")):
        assert run(app, "advance", key, *wrong)[0] == 1
    assert run(app, "show", "99")[0] == 1
