"""The rates that are offered when a tax is made."""

import pytest

from database import db, transaction
from domain.people import merchants
from models.merchant import Merchant
from tests import cast

PLACE = "/admin/products/rules"


@pytest.fixture
def place(alder):
    with transaction():
        merchants.update(cast.actor_for(alder), db.session.get(Merchant, alder), {"country": "FR"})
    return f"{PLACE}/new"


def test_the_rates_of_the_merchants_country_fill_in_the_form(admin, place):
    page = admin.get(place).text
    assert "VAT rates of France" in page
    assert "5.5 % reduced" in page
    filled = admin.get(f"{place}?name=VAT+5.5+%25&kind=tax&percentage=5.5&description=France,+reduced").text
    assert 'value="VAT 5.5 %"' in filled
    assert 'value="5.5"' in filled
    assert f'{place}?name=VAT+5.5+%25&amp;kind=tax&amp;percentage=5.5' in page


def test_those_of_other_countries_are_a_click_away(admin, place):
    assert f'href="{place}?vat_country=DE"' in admin.get(place).text
    page = admin.get(f"{place}?vat_country=DE").text
    assert "VAT rates of Germany" in page
    assert "7 % reduced" in page


@pytest.mark.parametrize("country", ["XX", "<b>", ""])
def test_an_unknown_country_offers_the_list(admin, alder, country):
    page = admin.get(f"{PLACE}/new", query_string={"vat_country": country}).text
    assert "VAT rates</h2>" in page
    assert "<b>" not in page.partition("VAT rates")[2][:400]
