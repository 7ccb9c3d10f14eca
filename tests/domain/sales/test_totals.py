"""How documents add up: exact sums, shares of a discount, taxes by rates and by amounts."""

from dataclasses import dataclass
from fractions import Fraction

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from domain.sales import totals

STEADY = settings(
    derandomize=True, database=None, max_examples=300, deadline=None, suppress_health_check=[HealthCheck.too_slow],
)


@dataclass
class Line:
    amount_minor: int
    discount_minor: int = 0
    tax_minor: int = 0
    tax_percent_ten_thousandths: int | None = None


def test_a_discount_on_the_whole_lowers_the_base_of_the_tax():
    line = Line(850_000, tax_percent_ten_thousandths=190_000)
    [line.tax_minor] = totals.taxes([line], 750_000)
    assert totals.add_up([line], 750_000, 0).total == 119_000


def test_a_document_discounted_to_zero_asks_for_no_tax():
    lines = [Line(333, tax_percent_ten_thousandths=99_750), Line(667, 67, tax_percent_ten_thousandths=210_000)]
    assert totals.taxes(lines, 933) == [0, 0]


def test_a_written_tax_is_not_derived():
    lines = [Line(1000, tax_minor=77), Line(1000, tax_minor=5, tax_percent_ten_thousandths=100_000)]
    assert totals.taxes(lines, 1000) == [77, 50]


@st.composite
def documents(draw):
    lines = []
    for _ in range(draw(st.integers(1, 30))):
        amount = draw(st.integers(0, 10**12))
        percent = draw(st.none() | st.integers(0, 10**7))
        lines.append(Line(amount, draw(st.integers(0, amount)), draw(st.integers(0, 10**9)), percent))
    left = sum(line.amount_minor - line.discount_minor for line in lines)
    return lines, draw(st.integers(0, left) | st.sampled_from([0, left])), draw(st.integers(0, 10**9))


@pytest.mark.slow
@STEADY
@given(documents())
def test_random_documents_add_up_to_the_last_unit(document):
    lines, discount, tax = document
    shares, taxes = totals.shares(lines, discount), totals.taxes(lines, discount)
    assert sum(shares) == discount
    for line, share, found in zip(lines, shares, taxes, strict=True):
        base = line.amount_minor - line.discount_minor - share
        assert base >= 0
        if line.tax_percent_ten_thousandths is None:
            assert found == line.tax_minor
        else:
            exact = Fraction(base * line.tax_percent_ten_thousandths, 10**6)
            assert found == (exact + Fraction(1, 2)).__floor__()
        line.tax_minor = found
    sums = totals.add_up(lines, discount, tax)
    assert sums.total == sum(
        line.amount_minor - line.discount_minor - share + line.tax_minor
        for line, share in zip(lines, shares, strict=True)
    ) + tax
    assert totals.taxes(lines, discount) == [line.tax_minor for line in lines]
