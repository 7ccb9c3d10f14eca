"""Countries and currencies: the codes of the standards, each with a name."""

import json
from pathlib import Path

import pytest
from pydantic_core import PydanticCustomError

from blueprints.admin.choices import currencies
from domain.inputs import validators

# What the package pycountry 26.2.16 had, which the table took the place of.
KNOWN = json.loads((Path(__file__).parent / "fixtures" / "iso_codes.json").read_text())


def test_the_countries_are_those_of_iso_3166_and_each_has_a_name():
    assert sorted(validators.countries()) == KNOWN["countries"]
    assert validators.countries()["TR"] == "Türkiye"
    assert all(name.strip() for name in validators.countries().values())


def test_the_currencies_are_those_of_iso_4217_with_their_numbers_and_each_has_a_name():
    assert validators.currency_numbers() == KNOWN["currencies"]
    assert validators.currencies().keys() == KNOWN["currencies"].keys()
    assert validators.currencies()["EUR"] == "Euro"
    assert all(name.strip() for name in validators.currencies().values())


def test_what_is_not_money_is_no_currency_of_a_price():
    for code in ("XXX", "XTS", "XAU", "XDR"):
        with pytest.raises(PydanticCustomError, match="currency code"):
            validators.currency_code(code)
    assert [validators.currency_code(code) for code in ("EUR", "XAF", "XCG")] == ["EUR", "XAF", "XCG"]
    assert currencies(None)[0] == ("AED", "AED · United Arab Emirates Dirham")
    assert "XXX" not in dict(currencies(None))
