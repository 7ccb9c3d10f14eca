from decimal import Decimal

import pytest

from config import from_environment
from domain import inputs
from domain.catalog import vat_rates
from domain.catalog.pricing import PriceRuleInput

SOURCE = from_environment({}).shared_data / "tax_vat_rates" / "ibericode.vat-rates.json"


def test_every_rate_can_be_made_a_tax():
    found = vat_rates.by_country()
    assert len(found) == 28
    for rates in found.values():
        assert rates[0].kind == "standard"
        for rate in rates:
            new = inputs.parse(PriceRuleInput, {"name": rate.name, "kind": "tax", "percentage": rate.percent})
            assert new.percentage == rate.percent > 0


@pytest.mark.parametrize(("country", "percents"), [
    ("DE", ["19", "7"]), ("FR", ["20", "10", "5.5", "2.1"]), ("FI", ["25.5", "14", "10"]), ("DK", ["25"]),
])
def test_the_rates_are_exact(country, percents):
    assert [rate.percent for rate in vat_rates.by_country()[country]] == [Decimal(one) for one in percents]


def test_the_cut_has_the_newest_rates_of_its_source():
    if not SOURCE.is_file():
        pytest.skip(f"the rates of {SOURCE} are not on this machine")
    source = vat_rates.json.loads(SOURCE.read_text(), parse_float=Decimal)["items"]
    for country, rates in vat_rates.by_country().items():
        newest = max(source[country], key=lambda one: one["effective_from"])["rates"]
        assert {rate.percent for rate in rates} == {Decimal(one) for one in newest.values()}
