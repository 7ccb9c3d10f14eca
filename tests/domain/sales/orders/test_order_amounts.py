"""The amounts of orders are exact: lines, tax, instalments and their sums, for 10,000 random orders."""

from decimal import ROUND_FLOOR, ROUND_HALF_UP, Decimal
from random import Random

import pytest

from domain.sales.orders import order_amounts
from domain.sales.orders.order_amounts import Line, instalments, monthly_minor, share, tax_in, taxes
from models.money import exponent
from models.product import IntervalUnit


def rounded(amount, currency, how=ROUND_HALF_UP):
    return amount.quantize(Decimal(1).scaleb(-exponent(currency)), rounding=how)


def minor(amount, currency):
    scaled = amount.scaleb(exponent(currency))
    assert scaled == scaled.to_integral_value()
    return int(scaled)


def random_line(dice, currency):
    line = Line(
        product_id=1, name="Lamp", currency=currency, quantity_ten_thousandths=dice.randint(1, 10**dice.randint(1, 7)),
        unit_price_micro=dice.randint(0, 10**dice.randint(1, 10)),
        tax_percent_ten_thousandths=dice.choice([None, 0, 210_000, 99_750, dice.randint(0, 1_000_000)]),
        discount_first_only=dice.random() < 0.5, fee_first_only=dice.random() < 0.5,
    )
    line.discount_minor = share(line.amount_minor, dice.choice([0, 1_000_000, dice.randint(0, 1_000_000)]))
    line.fee_minor = share(line.amount_minor, dice.choice([0, dice.randint(0, 1_000_000)]))
    return line


def random_order(dice):
    """The currency, the lines, the number of instalments, and how many percent of the total are paid first."""
    currency = dice.choice(["EUR", "JPY", "KWD"])
    lines = [random_line(dice, currency) for _ in range(dice.randint(1, 5))]
    return currency, lines, dice.randint(1, 60), dice.randint(0, 100)


@pytest.mark.slow
def test_the_sums_of_any_order_equal_decimal_arithmetic_to_the_last_unit():
    for seed in range(10_000):
        compare_sums(seed)


def compare_sums(seed):
    currency, found, number, percent_first = random_order(Random(seed))
    total = tax = Decimal(0)
    for line in found:
        amount = rounded(
            Decimal(line.quantity_ten_thousandths).scaleb(-4) * Decimal(line.unit_price_micro).scaleb(-6), currency)
        discount, fee = (Decimal(one).scaleb(-exponent(currency)) for one in (line.discount_minor, line.fee_minor))
        rate = Decimal(line.tax_percent_ten_thousandths or 0).scaleb(-4)
        base = amount - discount
        contained = rounded(base - base / (1 + rate / 100), currency)
        assert line.total_minor == minor(amount - discount + fee, currency)
        assert line.tax_minor == minor(contained, currency)
        assert line.later_total_minor == minor(
            amount - (0 if line.discount_first_only else discount) + (0 if line.fee_first_only else fee), currency)
        assert 0 <= line.tax_minor <= line.total_minor
        total, tax = total + amount - discount + fee, tax + contained
    whole, whole_tax = sum(one.total_minor for one in found), sum(one.tax_minor for one in found)
    assert (whole, whole_tax) == (minor(total, currency), minor(tax, currency))
    in_parts(whole, whole_tax, number, whole * percent_first // 100)


def in_parts(total, tax, number, initial):
    """Initial payment and instalments add up to the total, their taxes to its tax; none is 0."""
    if (total - initial) // number == 0:
        with pytest.raises(ValueError, match="leaves nothing to pay"):
            instalments(total, initial, number)
        return
    later = instalments(total, initial, number)
    each = int((Decimal(total - initial) / number).to_integral_value(ROUND_FLOOR))
    assert later == [each] * (number - 1) + [total - initial - each * (number - 1)]
    amounts = [initial, *later]
    assert sum(amounts) == total
    assert min(later) > 0
    parts = taxes(tax, amounts)
    assert sum(parts) == tax
    assert all(0 <= part <= amount for part, amount in zip(parts, amounts, strict=True))


def test_the_documented_product_costs_42_74_with_7_42_of_tax():
    line = Line(
        product_id=1, name="Membership", currency="GBP", quantity_ten_thousandths=10_000, unit_price_micro=44_990_000,
        tax_percent_ten_thousandths=210_000,
    )
    line.discount_minor = share(line.amount_minor, 50_000)
    assert (line.discount_minor, line.total_minor, line.tax_minor) == (225, 4274, 742)


def test_a_percentage_fee_is_on_the_amount_before_discount_and_carries_no_tax():
    line = Line(
        product_id=1, name="Lamp", currency="EUR", quantity_ten_thousandths=20_000, unit_price_micro=50_000_000,
        tax_percent_ten_thousandths=250_000,
    )
    line.discount_minor, line.fee_minor = share(line.amount_minor, 500_000), share(line.amount_minor, 100_000)
    assert (line.amount_minor, line.discount_minor, line.fee_minor) == (10_000, 5_000, 1_000)
    assert (line.total_minor, line.tax_minor) == (6_000, 1_000)


def test_the_last_instalment_takes_the_remainder():
    assert instalments(10_000, 0, 3) == [3333, 3333, 3334]
    assert instalments(10_000, 1_000, 7) == [1285] * 6 + [1290]


@pytest.mark.parametrize(("total", "initial", "number"), [(2, 0, 3), (100, 100, 1), (100, 101, 1), (0, 0, 1)])
def test_no_instalment_is_nothing(total, initial, number):
    with pytest.raises(ValueError, match="leaves nothing to pay"):
        instalments(total, initial, number)


@pytest.mark.parametrize(("unit", "count", "monthly"), [
    ("MONTH", 1, 1200), ("MONTH", 3, 400), ("YEAR", 1, 100), ("WEEK", 1, 5214), ("DAY", 30, 1217), (None, None, None),
])
def test_a_repeated_payment_is_brought_to_a_month(unit, count, monthly):
    assert monthly_minor(1200, IntervalUnit(unit) if unit else None, count) == monthly


def test_tax_is_contained_in_the_price_half_up():
    assert tax_in(12_100, 210_000) == 2_100
    assert tax_in(1, 1_000_000) == 1                    # 0.5 of a cent
    assert tax_in(100, None) == tax_in(0, 210_000) == 0
    assert order_amounts.part_of(742, 2137, 4274) == 371
