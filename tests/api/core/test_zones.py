"""Time zones: the call's, else the user's, else the system's; times in gaps and overlaps of clock changes."""

import re

import pytest
import time_machine

from database import db, transaction
from domain import settings
from domain.actor import Actor
from models.budget import Budget
from tests import cast


@pytest.fixture
def budget(alder):
    """A budget of Alder; the id."""
    return cast.make_budget(alder, cast.make_customer(alder))


@pytest.fixture
def until(core, budget):
    """A function that sets when a budget ends and says what was stored, in UTC."""
    def run(value, **more):
        assert core.result("budgets.update", {"id": budget, "valid_until": value, **more}) == 1
        db.session.rollback()
        return db.session.get(Budget, budget).valid_until.strftime("%Y-%m-%d %H:%M")

    return run


def system_zone(name):
    with transaction():
        settings.update(Actor.operator(), {"system_timezone": name})


def test_times_go_out_with_their_offset(core, budget):
    shown = core.result("budgets.get", {"id": budget})
    assert re.fullmatch(r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d\+0000", shown["c_dt"])


def test_the_zone_of_the_call_counts_everywhere(core, budget, until):
    assert until("2099-01-31 12:00:00", __tz="Europe/Madrid") == "2099-01-31 11:00"
    for shown in (
        core.result("budgets.get", {"id": budget, "__tz": "Asia/Kolkata"}),
        core.get(f"/budgets/{budget}?__tz=Asia/Kolkata").json,
        core("GET", f"/budgets/{budget}", data='{"__tz": "Asia/Kolkata"}').json,
        core.get("/budgets?__tz=Asia/Kolkata").json[0],
        core.result("budgets.search", {"__tz": "Asia/Kolkata"})[0],
    ):
        assert shown["valid_until"] == "2099-01-31 16:30:00+0530"


def test_rest_bodies_carry_the_zone_too(core, budget):
    body = {"valid_until": "2099-07-01 12:00:00", "__tz": "America/New_York"}
    assert core("PATCH", f"/budgets/{budget}", json=body).json == 1
    assert core.get(f"/budgets/{budget}").json["valid_until"] == "2099-07-01 16:00:00+0000"


def test_without_a_zone_the_users_counts_and_then_the_systems(program, core, budget, alder):
    mine = program("tokyo@alder.example", role="admin_user", merchant_ids=[alder], timezone="Asia/Tokyo")
    assert mine.result("budgets.get", {"id": budget})["c_dt"].endswith("+0900")
    assert mine.result("budgets.get", {"id": budget, "__tz": "UTC"})["c_dt"].endswith("+0000")
    system_zone("Asia/Kolkata")
    assert core.result("budgets.get", {"id": budget})["c_dt"].endswith("+0530")
    assert core.get(f"/budgets/{budget}").json["c_dt"].endswith("+0530")


@pytest.mark.parametrize(("value", "utc"), [
    ("2099-01-31 12:00:00+0200", "2099-01-31 10:00"), ("2099-01-31T12:00:00-05:30", "2099-01-31 17:30"),
    ("2099-01-31T12:00:00Z", "2099-01-31 12:00"), ("2099-01-31 12:00:00 +0200", "2099-01-31 10:00"),
])
def test_a_time_with_an_offset_of_its_own_ignores_the_zone(until, value, utc):
    assert until(value, __tz="Asia/Tokyo") == utc


@pytest.mark.parametrize(("value", "zone", "utc"), [
    ("2027-03-14 02:30:00", "America/New_York", "2027-03-14 07:30"),      # does not exist: forward to 03:30 EDT
    ("2027-11-07 01:30:00", "America/New_York", "2027-11-07 05:30"),      # exists twice: the first, EDT
    ("2027-03-28 02:30:00", "Europe/Madrid", "2027-03-28 01:30"),
    ("2027-10-31 02:30:00", "Europe/Madrid", "2027-10-31 00:30"),
    ("2027-10-03 02:15:00", "Australia/Lord_Howe", "2027-10-02 15:45"),   # a gap of half an hour
])
def test_gaps_shift_forward_and_overlaps_take_the_first(until, core, budget, value, zone, utc):
    until("2099-01-01 00:00:00")                                # not over before those days
    with time_machine.travel("2027-01-01T00:00Z"):              # the days are still to come
        assert until(value, __tz=zone) == utc


def test_what_was_shown_can_be_sent_back_in_any_zone(core, until, budget):
    for zone in ("America/New_York", "Asia/Kolkata", "UTC", "Pacific/Chatham"):
        stored = until("2099-11-01 05:30:00", __tz="UTC")
        shown = core.result("budgets.get", {"id": budget, "__tz": zone})["valid_until"]
        assert until(shown) == stored


@pytest.mark.once("is refused for its form, before it reaches SQL")
@pytest.mark.parametrize("zone", [
    "", "Mars/Base", "../../etc/passwd", "US", "America", "x" * 5000, "\x00", "\ud800", 5, True, [], {}, ["UTC"], "utc",
    "posixrules", "localtime", "Europe/Madrid ",
], ids=range(17))
def test_an_unknown_zone_is_refused(core, zone):
    error = core.error("clients.search", {"__tz": zone})
    assert (error["code"], error["message"], error["data"]) == (-32602, "Invalid params", {"__tz": "Unknown timezone"})
    body = core("PATCH", "/clients/1", json={"__tz": zone})
    assert (body.status_code, body.json["error"]["data"]) == (400, {"__tz": "Unknown timezone"})


def test_null_means_no_zone(core):
    assert core.result("clients.search", {"__tz": None}) == []


@pytest.mark.once("is refused for its form, before it reaches SQL")
@pytest.mark.parametrize("value", [
    "2026-02-30 00:00:00", "2026-W01-1", "20260101", "0000-01-01 00:00:00", "2099-01-01 25:00:00",
    "2099-01-01 00:00:00+9900", "now", 5, [], "2099-01-01 00:00:00+02", "\ud800",
])
def test_a_time_that_cannot_be_is_refused(core, budget, value):
    error = core.error("budgets.update", {"id": budget, "valid_until": value})
    assert (error["code"], list(error["data"])) == (-32602, ["valid_until"])


def test_days_are_not_converted(core):
    core.result("accounting.currencies.rates.create", {"from": "EUR", "to": "USD", "rate": 1.1, "dt": "2026-01-05"})
    shown = core.result("accounting.currencies.get_rate", {"to": "USD", "dt": "2026-01-05", "__tz": "Asia/Tokyo"})
    assert shown["dt"] == "2026-01-05"
