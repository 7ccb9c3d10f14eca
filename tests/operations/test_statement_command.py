"""The command `statement import`: counts what became of the movements, once for each statement."""

import json
from decimal import Decimal

import pytest

from config import from_environment
from domain.payments.bank.creditor_references import Reference
from tests import cast
from tests.cast import actor_for
from tests.domain.payments.bank.formats.camt_files import document, entry, transaction
from tests.domain.payments.orders.test_ordering import order, product

SAMPLES = from_environment({}).shared_data / "bank_camt053"


@pytest.fixture
def alder():
    return cast.make_merchant("Alder")


def run(app, path, alder, *more):
    done = app.test_cli_runner().invoke(
        args=["statement", "import", str(path), "--merchant", str(alder), *more, "--json"])
    return done.exit_code, json.loads(done.stdout)


def test_a_statement_is_counted_and_the_second_time_known(app, alder, tmp_path):
    lamp = order(actor_for(alder), cast.make_customer(alder), product(alder, "single_payment", Decimal("12.5")))
    path = tmp_path / "november.xml"
    path.write_bytes(document(
        entry("12.50", transaction(Reference(lamp).printed)), entry("7.00"), entry(direction="DBIT"),
        entry(status="PDNG"),
    ))
    told = {"read": 3, "booked": 1, "unsure": 1, "known": 0, "ignored": 1, "pending": 1}
    assert run(app, path, alder) == (0, told)
    assert run(app, path, alder) == (0, told | {"booked": 0, "unsure": 0, "known": 3, "ignored": 0})
    assert run(app, path, alder, "--test")[1]["unsure"] == 2                 # the order is a live one


def test_options_say_what_a_csv_file_does_not(app, alder, tmp_path):
    path = tmp_path / "november.csv"
    path.write_text("When;How much\n02/11/2026;1.234\n")
    options = ("--column", "booked_on=When", "--column", "amount=How much", "--dates", "day-first")
    code, told = run(app, path, alder, *options)
    assert (code, "decimals" in told["error"]) == (1, True)
    assert run(app, path, alder, *options, "--decimal-mark", ",")[1]["read"] == 1


@pytest.mark.parametrize("raw", [b"", b"nothing", b"<!DOCTYPE x><x/>", b"<x/>"])
def test_a_bad_file_and_an_unknown_merchant_are_refused(app, alder, tmp_path, raw):
    path = tmp_path / "bad.xml"
    path.write_bytes(raw)
    code, told = run(app, path, alder)
    assert (code, told["error"].endswith(".")) == (1, True)
    assert run(app, path, alder + 7)[0] == 1


def test_all_samples_are_imported_and_nothing_of_them_twice(app, alder):
    if not SAMPLES.is_dir():
        pytest.skip(f"the bank statements of {SAMPLES} are not on this machine")
    told = [run(app, path, alder)[1] for path in sorted(SAMPLES.glob("*.xml"))]
    # Ten movements; two samples tell one movement without a bank's id alike, two the same id.
    sums = {name: sum(one[name] for one in told) for name in told[0]}
    assert sums == {"read": 10, "booked": 0, "unsure": 7, "known": 2, "ignored": 1, "pending": 0}
    again = [run(app, path, alder)[1] for path in sorted(SAMPLES.glob("*.xml"))]
    assert sum(one["known"] for one in again) == 10
