"""Exchange rates: imported from the European Central Bank's file, set by hand, read for any day."""

import gzip
import json
import os
from datetime import date
from decimal import Context, Decimal

import pytest

from blueprints.cli.rates import rates_import
from config import from_environment
from database import db, transaction
from domain import settings
from domain.actor import Actor
from domain.catalog import currencies, ecb
from models.audit import AuditEntry
from models.rate import ExchangeRate

ECB = from_environment({}).shared_data / "fx_ecb"
SMALL = "Date,USD,JPY,GBP,\n2026-01-09,1.25,160,0.8,\n2026-01-08,1.2,N/A,0.75,\n"
BAD = "date,currency,rate\n2026-01-08,USD,1.2\n2026-13-08,USD,1\n2026-01-08,ZZZ,1\n2026-01-08,USD,-1\n2026-01-08,USD\n"


def stored(path):
    """Import a file as the command does; how many were stored, and what was rejected."""
    count, rejected = 0, []
    with path.open("rb") as raw:
        for portion in ecb.portions(raw):
            with transaction():
                part = ecb.import_some(portion, Actor.operator())
            count += part.stored
            rejected += part.rejected
    return count, rejected


@pytest.fixture
def small(tmp_path):
    path = tmp_path / "eurofxref.csv"
    path.write_text(SMALL)
    stored(path)


@pytest.fixture
def published():
    """The bank's own file of all rates that it has published."""
    path = ECB / "eurofxref-hist.csv.gz"
    if not path.exists():
        pytest.skip(f"{path} is not there")
    assert stored(path) == (217_555, [])


def command(app, path):
    result = app.test_cli_runner().invoke(rates_import, [str(path), "--json"])
    return result.exit_code, json.loads(result.stdout)


def rate(core, **params):
    """The rate with all its digits."""
    reply = core.get("/accounting/currencies/exchange-rate", query_string=params)
    assert reply.status_code == 200, reply.data
    return json.loads(reply.data, parse_float=Decimal)["rate"]


@pytest.mark.slow
def test_published_rates_are_found_on_their_day_and_after_it(core, published):
    expected = json.loads((ECB / "expected.json").read_text())["figures"]
    assert db.session.query(ExchangeRate).count() == expected["totals"]["rows"][0][0]
    for day, code, value in expected["samples"]["rows"]:
        assert rate(core, to=code, dt=day) == Decimal(value)
    for code, _, _, last, _, _, value in expected["by_currency"]["rows"]:
        assert rate(core, to=code, dt="2026-04-30") == Decimal(value), code
        assert currencies.get_rate("EUR", code, date(2026, 4, 30)).day == date.fromisoformat(last)
    # a weekend, a holiday, an ended currency, the day before there were any
    assert rate(core, to="USD", dt="2026-04-10") == rate(core, to="USD", dt="2026-04-12") == Decimal("1.1711")
    assert rate(core, to="GBP", dt="2000-04-24") == rate(core, to="GBP", dt="2000-04-20")
    assert core.get("/accounting/currencies/exchange-rate?to=HRK&dt=2025-01-01").json["dt"] == "2022-12-30"
    before = core.get("/accounting/currencies/exchange-rate?to=USD&dt=1999-01-03")
    assert (before.status_code, before.json["error"]["data"]["code"]) == (422, "rate-not-found")
    # crosses and reverses, to twelve digits
    usd, gbp = Decimal("1.1684"), Decimal("0.87058")
    assert rate(core, **{"from": "USD", "to": "GBP", "dt": "2026-04-13"}) == twelve_digits(gbp / usd)
    assert rate(core, **{"from": "USD", "to": "EUR", "dt": "2026-04-13"}) == twelve_digits(1 / usd)


def twelve_digits(value):
    return Context(prec=12).create_decimal(value)


@pytest.mark.slow
def test_both_forms_of_the_published_file_say_the_same():
    found = []
    for name in ("rates_long.csv.gz", "eurofxref-hist.csv.gz"):
        path = ECB / name
        if not path.exists():
            pytest.skip(f"{path} is not there")
        with path.open("rb") as raw:
            found.append({one[1:] for one in ecb.values(raw)})
    assert found[0] == found[1]
    assert len(found[0]) == 217_555


def test_a_base_currency_other_than_the_euro_still_finds_published_crosses(core, small):
    with transaction():
        settings.update(Actor.operator(), {"base_currency": "USD"})
    assert rate(core, **{"from": "GBP", "to": "JPY", "dt": "2026-01-09"}) == 200
    assert rate(core, **{"to": "GBP", "dt": "2026-01-09"}) == Decimal("0.64")


def test_the_command_reports_what_it_imported(app, tmp_path):
    path = tmp_path / "small.csv.gz"
    path.write_bytes(gzip.compress(SMALL.encode()))
    assert command(app, path) == (0, {
        "imported": 5, "rejected": 0, "first": "2026-01-08", "last": "2026-01-09", "rejected_file": None,
    })


def test_importing_again_replaces_and_doubles_nothing(app, tmp_path):
    path = tmp_path / "small.csv"
    for number in ("1.2", "1.3"):
        path.write_text(f"Date,USD,\n2026-01-08,{number},\n")
        command(app, path)
    assert [row.rate for row in db.session.query(ExchangeRate)] == ["1.3"]


def test_of_a_day_that_is_twice_in_a_file_the_last_line_counts(app, tmp_path):
    path = tmp_path / "twice.csv"
    path.write_text("date,currency,rate\n2026-01-08,USD,1.2\n2026-01-08,USD,1.3\n")
    assert command(app, path)[0] == 0
    assert [row.rate for row in db.session.query(ExchangeRate)] == ["1.3"]


def test_rejected_values_are_in_a_file_that_is_named(app, tmp_path):
    path = tmp_path / "bad.csv"
    path.write_text(BAD)
    status, data = command(app, path)
    assert (status, data["imported"], data["rejected"]) == (0, 1, 4)
    with open(data["rejected_file"], encoding="utf-8") as file:
        assert os.fstat(file.fileno()).st_mode & 0o777 == 0o600
        assert file.read().splitlines() == [
            "line 3: USD: '2026-13-08' is not a day", "line 4: 'ZZZ' is not a currency",
            "line 5: USD: '-1' is not a rate", "line 6: does not have three columns",
        ]


@pytest.mark.once("is refused for its form, before it reaches SQL")
@pytest.mark.parametrize("content", [b"", b"name,price\n", b"\x1f\x8bbroken", b"\xff\xfe\x00", b"Date,USD\n\x00,1\n"])
def test_a_file_of_something_else_is_refused_with_a_sentence(app, tmp_path, content):
    path = tmp_path / "other.csv"
    path.write_bytes(content)
    status, data = command(app, path)
    if content.startswith(b"Date"):
        assert data.get("rejected") == 1 or "ECB" in data["error"]
        return
    assert status == 1
    assert data["error"].startswith("This is not an ECB rates file")


def test_a_rate_set_by_hand_has_its_reverse(core):
    made = core.result("accounting.currencies.rates.create", {"from": "EUR", "to": "USD", "rate": 1.25,
                                                              "dt": "2026-01-05"})
    assert made == {"from": "EUR", "to": "USD", "rate": 1.25, "dt": "2026-01-05"}
    back = core.result("accounting.currencies.get_rate", {"from": 840, "to": 978, "dt": "2026-01-07"})
    assert back == {"from": "USD", "to": "EUR", "rate": 0.8, "dt": "2026-01-05"}
    assert db.session.query(AuditEntry).filter_by(action="exchange_rate.created").count() == 1


def test_the_last_word_on_a_day_counts_in_both_directions(core):
    core("POST", "/accounting/currencies/rates", json={"from": "EUR", "to": "USD", "rate": 1.25, "dt": "2026-01-05"})
    core("POST", "/accounting/currencies/rates", json={"from": "USD", "to": "EUR", "rate": 0.5, "dt": "2026-01-05"})
    assert rate(core, **{"from": "EUR", "to": "USD", "dt": "2026-01-05"}) == 2
    assert rate(core, **{"from": "USD", "to": "EUR", "dt": "2026-01-05"}) == Decimal("0.5")


def test_the_bare_documented_address_answers_one(core):
    assert core.get("/accounting/currencies/exchange-rate").json["rate"] == 1


def test_the_base_currency_is_known_by_the_list(core):
    rows = core.get("/accounting/currencies?limit=1000").json
    assert [row["code"] for row in rows if row["is_base"]] == ["EUR"]
    euro = next(row for row in rows if row["code"] == "EUR")
    assert euro == {"id": 978, "code": "EUR", "name": "Euro", "rates_precision": 6, "details_precision": 6,
                    "totals_precision": 2, "is_base": True}
    assert core.get("/accounting/currencies?order=-code&limit=1&offset=1").json == core.result(
        "accounting.currencies.search", [1, 1, ["-code"]])


@pytest.mark.parametrize(("params", "field"), [
    ({"from": "EUR", "to": "USD", "rate": 0}, "rate"), ({"from": "EUR", "to": "USD", "rate": -1}, "rate"),
    ({"from": "EUR", "to": "USD", "rate": "1.2"}, "rate"), ({"from": "EUR", "to": "USD", "rate": 10**16}, "rate"),
    ({"from": "EUR", "to": "USD", "rate": 1e-40}, "rate"), ({"from": "EUR", "to": "USD"}, "rate"),
    ({"from": "EUR", "to": "EUR", "rate": 1}, "to"), ({"from": "EUR", "rate": 1}, "to"),
    ({"from": "", "to": "USD", "rate": 1}, "from"), ({"from": "XX1", "to": "USD", "rate": 1}, "from"),
    ({"from": True, "to": "USD", "rate": 1}, "from"),
    ({"from": "EUR", "to": "USD", "rate": 1, "dt": "2026-02-30"}, "dt"),
    ({"from": "EUR", "to": "USD", "rate": 1, "dt": "2026-W03-1"}, "dt"),
    ({"from": "EUR", "to": "USD", "rate": 1, "dt": 5}, "dt"),
])
def test_a_rate_that_cannot_be_is_refused_by_field(core, params, field):
    rest = core("POST", "/accounting/currencies/rates", json=params)
    assert rest.status_code == 400
    assert list(rest.json["error"]["data"]) == [field]
    assert core.error("accounting.currencies.rates.create", params)["data"] == rest.json["error"]["data"]


@pytest.mark.parametrize("code", ["usd", "US", "ZZZ", "0", "99999999999", "\u0661", "E\ud800R"])
def test_an_unknown_currency_is_refused(core, code):
    error = core.error("accounting.currencies.get_rate", {"from": code})
    assert (error["code"], error["data"]) == (-32602, {"from": "Must be a known currency"})


def test_rates_are_not_limited_by_reseller_and_roles_do_not_count(program, alder):
    clerk = program("clerk@alder.example", role="restricted_user", merchant_ids=[alder])
    made = clerk.rpc("accounting.currencies.rates.create", ["EUR", "USD", 1.1, "2026-01-05"])
    assert made["result"]["rate"] == 1.1
    assert len(clerk.result("accounting.currencies.search", {"limit": 1000})) > 150


def test_the_day_of_a_time_is_that_of_the_zone(core):
    for day, value in (("2026-01-05", 1.1), ("2026-01-06", 1.2)):
        core.result("accounting.currencies.rates.create", {"from": "EUR", "to": "USD", "rate": value, "dt": day})
    params = {"from": "EUR", "to": "USD", "dt": "2026-01-06 03:00:00+0000"}
    assert core.result("accounting.currencies.get_rate", params)["rate"] == 1.2
    assert core.result("accounting.currencies.get_rate", params | {"__tz": "America/New_York"})["rate"] == 1.1
