"""Money in integers: exact, and rounded half up once."""

from decimal import ROUND_HALF_UP, Decimal
from fractions import Fraction

import orjson
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from blueprints.api.public.contract import amount
from domain.inputs.iso_codes import CURRENCY_NUMBERS
from models.money import (
    EXPONENTS,
    Money,
    divided,
    exponent,
    from_micro,
    from_ten_thousandths,
    line_minor,
    percent_minor,
    spread,
    to_micro,
    to_minor,
    to_ten_thousandths,
)

STEADY = settings(
    derandomize=True, database=None, max_examples=300, deadline=None, suppress_health_check=[HealthCheck.too_slow],
)


@pytest.mark.parametrize(("code", "digits"), [
    ("EUR", 2), ("USD", 2), ("JPY", 0), ("KRW", 0), ("KWD", 3), ("BHD", 3), ("TND", 3), ("CLF", 4), ("HUF", 2),
    ("ISK", 0),
    ("UGX", 0), ("MGA", 2), ("MRU", 2),
])
def test_exponents_are_those_of_iso_4217(code, digits):
    assert exponent(code) == digits


def test_every_exception_is_a_currency():
    assert EXPONENTS.keys() - CURRENCY_NUMBERS.keys() <= {"UYI", "UYW", "CLF"}


@pytest.mark.parametrize(("numerator", "denominator", "expected"), [
    (1, 2, 1), (3, 2, 2), (5, 2, 3), (4999, 10_000, 0), (0, 7, 0), (10, 5, 2), (7, 3, 2), (8, 3, 3),
])
def test_halves_go_up(numerator, denominator, expected):
    assert divided(numerator, denominator) == expected


@pytest.mark.parametrize(("amount", "currency", "minor"), [
    ("19.99", "EUR", 1999), ("100", "JPY", 100), ("1.234", "KWD", 1234), ("0", "EUR", 0), ("-5.5", "EUR", -550),
    ("1.10", "EUR", 110), ("1E+2", "EUR", 10000), ("1.100000", "EUR", 110),
])
def test_amounts_in_minor_units(amount, currency, minor):
    assert to_minor(Decimal(amount), currency) == minor


@pytest.mark.parametrize(("amount", "currency"), [
    ("0.001", "EUR"), ("0.5", "JPY"), ("1.2345", "KWD"), ("1.999", "USD"),
])
def test_more_decimals_than_the_currency_has_are_refused(amount, currency):
    with pytest.raises(ValueError, match=f"more than {exponent(currency)} decimals"):
        to_minor(Decimal(amount), currency)


def test_prices_have_six_decimals():
    assert to_micro(Decimal("0.000001")) == 1
    assert from_micro(42_740_500) == Decimal("42.7405")
    with pytest.raises(ValueError, match="more than 6 decimals"):
        to_micro(Decimal("0.0000001"))


def test_money_is_printed_with_all_its_decimals():
    assert str(Money(4274, "EUR")) == "42.74 EUR"
    assert str(Money(5, "EUR")) == "0.05 EUR"
    assert str(Money(101, "JPY")) == "101 JPY"
    assert str(Money(1, "KWD")) == "0.001 KWD"
    assert Money(-1999, "EUR").decimal == Decimal("-19.99")


def test_the_documents_example_of_a_discount():
    assert percent_minor(4499, 50_000) == 225               # 5 % of 44.99 is 2.2495
    assert line_minor(10_000, to_micro(Decimal("42.7405")), "EUR") == 4274


CURRENCIES = st.sampled_from(["EUR", "JPY", "KWD", "CLF"])


@pytest.mark.parametrize(("value", "stored"), [("2", 20_000), ("2.25", 22_500), ("0.0001", 1), ("1000000", 10**10)])
def test_quantities_and_percentages_keep_four_decimals(value, stored):
    assert to_ten_thousandths(Decimal(value)) == stored
    assert str(from_ten_thousandths(stored)) == value


def test_a_fifth_decimal_is_refused_and_zeros_are_none():
    assert str(from_ten_thousandths(to_ten_thousandths(Decimal("2.500000")))) == "2.5"
    with pytest.raises(ValueError, match="more than 4 decimals"):
        to_ten_thousandths(Decimal("9.97501"))


@STEADY
@given(st.integers(1, 10**10), st.integers(0, 10**15), CURRENCIES)
def test_a_line_equals_decimal_arithmetic(quantity, micro, currency):
    unit = Decimal(1).scaleb(-exponent(currency))
    by_the_book = (Decimal(quantity).scaleb(-4) * Decimal(micro).scaleb(-6)).quantize(unit, ROUND_HALF_UP)
    assert Money(line_minor(quantity, micro, currency), currency).decimal == by_the_book


@STEADY
@given(st.integers(0, 2**53), st.integers(0, 10**7))
def test_a_percentage_equals_arithmetic_with_fractions(amount, percent):
    exact = Fraction(amount) * Fraction(percent, 10_000) / 100
    assert percent_minor(amount, percent) == (exact + Fraction(1, 2)).__floor__()


@STEADY
@given(st.lists(st.integers(0, 2**53), min_size=1, max_size=40), st.data())
def test_an_amount_is_distributed_to_the_last_unit_and_no_share_exceeds_its_weight(weights, data):
    amount = data.draw(st.integers(0, sum(weights)))
    parts = spread(amount, weights)
    assert sum(parts) == amount
    for part, weight in zip(parts, weights, strict=True):
        assert 0 <= part <= weight
        assert sum(weights) == 0 or abs(Fraction(amount * weight, sum(weights)) - part) < 1


def test_what_is_left_goes_to_the_largest_remainders_then_to_the_first():
    assert spread(100, [1, 1, 1]) == [34, 33, 33]
    assert spread(10, [3, 1, 2]) == [5, 2, 3]
    assert spread(5, [5, 0]) == [5, 0]
    assert spread(0, [0, 0]) == [0, 0]


@STEADY
@given(st.integers(-(2**53), 2**53), CURRENCIES)
def test_minor_units_are_unchanged_after_conversion_and_back(minor, currency):
    assert to_minor(Money(minor, currency).decimal, currency) == minor


@STEADY
@given(st.integers(-(2**53), 2**53), CURRENCIES)
def test_what_a_caller_reads_in_json_is_the_amount(minor, currency):
    assert Decimal(orjson.dumps(amount(minor, currency)).decode()) == Money(minor, currency).decimal
