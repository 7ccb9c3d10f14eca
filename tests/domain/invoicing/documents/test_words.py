from datetime import date

import pytest

from domain.invoicing.documents import letterhead
from domain.invoicing.documents.document import Address, Totals
from domain.invoicing.documents.formats import Formats
from domain.invoicing.documents.languages import LANGUAGES, locale, words
from domain.invoicing.documents.layout import Layout
from domain.invoicing.tax_numbers import is_vat_number
from tests.domain.invoicing.documents.papers import SELLER, paper

SPACE = "\xa0"


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_language_has_every_word(language):
    assert words(language).keys() == words("en").keys()
    assert all(word.strip() for word in words(language).values())


@pytest.mark.parametrize("language", LANGUAGES[1:])
def test_words_are_translated(language):
    """Some are the same in both languages, such as page and date in French."""
    same = [name for name, word in words(language).items() if word == words("en")[name]]
    assert len(same) <= 8, same


@pytest.mark.parametrize("name", ["less_discount", "corrects", "of_which"])
def test_sentences_have_the_same_gaps_in_all_languages(name):
    gaps = {language: words(language)[name].count("{") for language in LANGUAGES}
    assert len(set(gaps.values())) == 1, gaps


@pytest.mark.parametrize(("language", "country", "currency", "written"), [
    ("en", "GB", "EUR", "€1,234.50"), ("en", "US", "USD", "$1,234.50"), ("en", "DE", "EUR", "€1,234.50"),
    ("de", "DE", "EUR", f"1.234,50{SPACE}€"), ("de", "CH", "CHF", f"CHF{SPACE}1’234.50"),
    ("fr", "FR", "EUR", f"1\u202f234,50{SPACE}€"), ("es", "ES", "EUR", f"1.234,50{SPACE}€"),
    ("it", "IT", "EUR", f"1.234,50{SPACE}€"), ("nl", "NL", "EUR", f"€{SPACE}1.234,50"),
    ("pt", "PT", "EUR", f"1{SPACE}234,50{SPACE}€"), ("pt", "BR", "BRL", f"R${SPACE}1.234,50"),
    ("pl", "PL", "PLN", f"1{SPACE}234,50{SPACE}zł"), ("en", "", "JPY", "JP¥123,450"),
    ("de", "", "KWD", f"123,450{SPACE}KWD"),
])
def test_amounts_are_written_as_in_the_language_and_country(language, country, currency, written):
    formats = Formats(locale(language, country), currency)
    assert formats.money(123450) == written


@pytest.mark.parametrize(("language", "written"), [
    ("en", ["28 November 2026", "19%", "9.975%", "2.25", "12,000", "€0.123456", "-€5.00"]),
    ("de", ["28. November 2026", f"19{SPACE}%", f"9,975{SPACE}%", "2,25", "12.000", f"0,123456{SPACE}€",
            f"-5,00{SPACE}€"]),
])
def test_days_rates_quantities_and_prices_too(language, written):
    formats = Formats(locale(language, ""), "EUR")
    assert written == [
        formats.day(date(2026, 11, 28)), formats.percent(190_000), formats.percent(99_750), formats.quantity(22_500),
        formats.quantity(120_000_000), formats.price(123_456), formats.money(-500),
    ]


def test_the_largest_amounts_are_written_exactly():
    formats = Formats(locale("en", ""), "EUR")
    assert formats.money(2**53 - 1) == "€90,071,992,547,409.91"
    assert formats.price(999_999_999_999_999) == "€999,999,999.999999"


@pytest.mark.parametrize(("country", "line"), [
    ("DE", "10115 Berlin"), ("GB", "Berlin 10115"), ("US", "Berlin, NY 10115"), ("", "10115 Berlin"),
])
def test_the_postal_code_stands_where_the_country_has_it(country, line):
    address = Address(street="1 Lane", city="Berlin", state="NY", postal_code="10115", country=country)
    assert letterhead.town(address) == line


def test_the_country_is_named_where_it_is_another_one():
    formats = Formats(locale("de", "DE"), "EUR")
    address = Address(street="1 Lane", city="Bath", postal_code="BA1 0ZZ", country="GB")
    assert letterhead.address_lines(address, formats, home="DE") == ["1 Lane", "Bath BA1 0ZZ", "Vereinigtes Königreich"]
    assert letterhead.address_lines(address, formats, home="GB") == ["1 Lane", "Bath BA1 0ZZ"]


@pytest.mark.parametrize(("number", "is_vat"), [
    ("DE111111125", True), ("FR 40 303265045", True), ("12/345/67890", False), ("", False), ("Applied for", False),
])
def test_a_number_with_a_country_is_one_for_vat(number, is_vat):
    assert is_vat_number(number) is is_vat


@pytest.mark.parametrize(("country", "word"), [("FR", "VAT"), ("US", "Tax"), ("", "Tax")])
def test_the_tax_is_called_as_in_the_sellers_country(country, word):
    seller = type(SELLER)(name="Ada", address=Address(country=country))
    assert letterhead.tax_word(paper(seller=seller)) == word


def test_an_invoice_of_which_nothing_is_left_to_pay_has_no_day_on_which_it_is_due():
    due = date(2026, 12, 12)
    assert [name for name, _ in Layout(paper(due_on=due)).strip()] == ["To pay", "Due"]
    settled = Totals(net_minor=10_800, tax_minor=2_052, total_minor=12_852, paid_minor=12_852, due_minor=0)
    assert [name for name, _ in Layout(paper(due_on=due, totals=settled)).strip()] == ["To pay"]
