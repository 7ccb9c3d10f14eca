"""Input types: strict on JSON, lenient on forms, with our own messages."""

from datetime import UTC, datetime
from decimal import Decimal
from zoneinfo import ZoneInfo

import pytest
from pydantic_core import PydanticCustomError

from domain import inputs
from domain.catalog import products
from domain.errors import Invalid
from domain.inputs.times import moment
from domain.people import customers
from domain.people.merchants import MerchantInput
from domain.sales.budgets import budgets

WINTER = datetime(2026, 1, 31, 12, tzinfo=UTC)


@pytest.mark.parametrize(("text", "expected"), [
    ("2026-01-31T12:00:00Z", WINTER), ("2026-01-31T12:00:00+00:00", WINTER), ("2026-01-31T13:00:00+01:00", WINTER),
    ("2026-01-31T13:00:00+0100", WINTER), ("2026-01-31T12:00", WINTER), ("2026-01-31 12:00:00", WINTER),
    ("2026-01-31 12:00:00 Z", WINTER), ("2026-01-31T12:00:00.000Z", WINTER), ("2026-01-31T12:00:00.0000009Z", WINTER),
    ("2026-01-31", datetime(2026, 1, 31, tzinfo=UTC)), ("2024-02-29", datetime(2024, 2, 29, tzinfo=UTC)),
])
def test_iso_8601_in_its_usual_forms(text, expected):
    assert moment(text) == expected


@pytest.mark.parametrize("text", [
    "", "20260131", "2026-W05-6", "2026-031", "2026-02-29", "2026-1-31", "2026-01-31T", "2026-01-31T12", "12:00",
    "2026-01-31T12:00:00+25:00", "2026-01-31T24:00:00", "2026-01-31T12:60", "2026-01-31Z", "2026-01-31T12:00:00 UTC",
    "0000-01-01", "10000-01-01", "٢٠٢٦-01-31", "2026-01-31T12:00:00Z ", " 2026-01-31", "2026-01-31T12:00:00z",
    "1769860800", "2026-01-31\n",
])
def test_anything_else_is_refused(text):
    with pytest.raises(PydanticCustomError):
        moment(text)


def test_without_an_offset_a_time_is_in_the_zone_that_is_named():
    madrid = ZoneInfo("Europe/Madrid")
    assert moment("2026-01-31T13:00", madrid) == WINTER
    assert moment("2026-01-31T12:00Z", madrid) == WINTER
    assert moment("2026-01-31", madrid, end_of_day=True) == datetime(2026, 1, 31, 22, 59, 59, 999_999, tzinfo=UTC)


def test_times_that_a_clock_change_skips_or_repeats():
    york = ZoneInfo("America/New_York")
    assert moment("2026-11-01T01:30", york) == datetime(2026, 11, 1, 5, 30, tzinfo=UTC)       # the first of the two
    assert moment("2026-03-08T02:30", york) == datetime(2026, 3, 8, 7, 30, tzinfo=UTC)        # an hour later


@pytest.mark.parametrize("value", ["12.5", True, None, [], {}, "NaN", float, "١٢"])
def test_a_number_is_a_number(value):
    with pytest.raises(Invalid):
        inputs.parse(products.ProductInput, {"name": "x", "price": value})


@pytest.mark.parametrize(("text", "expected"), [("12.50", "12.5"), (" 7 ", "7"), ("+1", "1"), ("0.000001", "0.000001")])
def test_a_form_sends_numbers_as_text(text, expected):
    assert inputs.parse(products.ProductInput, {"name": "x", "price": text}, text=True).price == Decimal(expected)


@pytest.mark.parametrize("text", ["1_000", "1e3", "NaN", "inf", "١٢", "1,5", "0x1", "--1", "1.", ".5", "9" * 40, ""])
def test_what_python_takes_for_a_number_and_people_do_not_is_refused(text):
    with pytest.raises(Invalid):
        inputs.parse(products.ProductInput, {"name": "x", "price": text}, text=True)


@pytest.mark.parametrize(("text", "expected"), [("on", True), ("true", True), ("1", True), ("", None), ("off", False)])
def test_a_form_sends_truths_as_words(text, expected):
    form = {"name": "x", "price": "1", "active": text}
    assert inputs.parse(products.ProductInput, form, text=True).active is expected


def test_changes_are_what_was_sent_and_nothing_else():
    assert inputs.changes(customers.CustomerInput, {"phone": "1", "nonsense": 2}) == {"phone": "1"}
    assert inputs.changes(customers.CustomerInput, {}) == {}
    assert inputs.changes(customers.CustomerInput, {"email": None}) == {"email": None}


def test_every_mistake_is_named_at_once_by_its_path():
    with pytest.raises(Invalid) as caught:
        inputs.parse(budgets.BudgetInput, {"customer_id": 0, "items": [{"quantity": "x"}, 5], "currency": "?"})
    assert caught.value.fields.keys() == {"customer_id", "items.0.quantity", "items.1", "currency"}


def test_a_message_never_repeats_the_value_nor_the_librarys_text():
    canary = "canary-7"
    for model in (customers.CustomerInput, products.ProductInput, budgets.BudgetInput):
        for name in model.model_fields:
            for value in (canary, 7.5, [canary], {canary: [canary]}, object()):
                try:
                    inputs.parse(model, {name: value})
                except Invalid as problem:
                    words = " ".join(map(str, problem.fields.values()))
                    assert canary not in words
                    assert not any(one in words for one in ("Input should", "pydantic", "Value error"))


def test_space_around_short_texts_is_stripped_and_kept_in_long_texts():
    new = inputs.parse(customers.CustomerInput, {"name": " Ada ", "note": " two\n lines "})
    assert (new.name, new.note) == ("Ada", " two\n lines ")


def test_codes_of_countries_and_currencies():
    parsed = inputs.parse(customers.CustomerInput, {"billing_address": {"country": "es"}, "currency": "EUR"})
    assert (parsed.billing_address.country, parsed.currency) == ("ES", "EUR")
    for wrong in ("e", "EURO", "XX1", "eur", ""):
        with pytest.raises(Invalid):
            inputs.parse(customers.CustomerInput, {"currency": wrong})


@pytest.mark.parametrize("name", [
    "../../etc/passwd", "US", "localtime", "x" * 5000, "Europe/madrid", "posixrules", "UTC\x00",
])
def test_a_time_zone_is_one_by_name(name):
    with pytest.raises(Invalid):
        inputs.parse(customers.CustomerInput, {"timezone": name})
    assert inputs.parse(customers.CustomerInput, {"timezone": "Europe/Madrid"}).timezone == "Europe/Madrid"


@pytest.mark.parametrize(("given", "text"), [
    ({"support_email": f"{'a' * 60}@example.org"}, "must have at most 37 plain letters before the @"),
    ({"invoice_reminders": "3: a\n3: b"}, "must have at most 10 steps, each on another day"),
    ({"name": "x" * 300}, "must have at most 200 characters"),
])
def test_an_error_of_ours_with_the_librarys_name_keeps_its_own_sentence(given, text):
    with pytest.raises(Invalid) as refused:
        inputs.changes(MerchantInput, given)
    ((_, problem),) = refused.value.fields.items()
    assert (problem.code, problem.text) == ("too_long", text)


def input_models():
    """Every input model that the program declares."""
    found, seen = [inputs.Input], []
    while found:
        model = found.pop()
        found += model.__subclasses__()
        if model is not inputs.Input and model.__module__.startswith(("domain.", "blueprints.")) and (
            not model.__name__.endswith("Changes")
        ):
            seen.append(model)
    return seen


# A password is judged where it is hashed; scopes, events and mails where they are compared with those that there are.
JUDGED = {"UserInput.password", "KeyInput.scopes", "EndpointInput.events", "MerchantInput.mails_off"}


@pytest.mark.parametrize("broken", ["a\x00b", "a\ud800b"])
@pytest.mark.parametrize("model", input_models(), ids=lambda model: model.__name__)
def test_no_text_of_any_input_takes_what_cannot_be_stored(model, broken):
    taken = []
    for name in model.model_fields:
        for value in (broken, [broken], *([{broken: "x"}, {"x": broken}] if name == "details" else [])):
            try:
                inputs.changes(model, {name: value})
            except Invalid:
                continue
            taken.append(f"{model.__name__}.{name}")
    assert set(taken) <= JUDGED
