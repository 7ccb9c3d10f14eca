"""The languages of documents: their words, and the locale whose formats go with them."""

import json
from collections.abc import Mapping
from functools import cache
from pathlib import Path

from babel import Locale, UnknownLocaleError

from models.customer import Customer
from models.language import Language
from models.merchant import Merchant

TEMPLATES = Path(__file__).parents[3] / "templates" / "documents"
LANGUAGES = tuple(one.value for one in Language)
USUAL_REGIONS = {"en": "GB", "pt": "PT"}     # of formats, where the seller's country has none of its own
# CLDR also has English as it is written in Germany, with German numbers: readers of English would misread them.
ENGLISH = frozenset({"AU", "CA", "GB", "IE", "IN", "NZ", "SG", "US", "ZA"})


@cache
def words(language: str) -> Mapping[str, str]:
    """The words of documents in a language."""
    found: dict[str, str] = json.loads((TEMPLATES / "words" / f"{language}.json").read_text("utf-8"))
    return found


@cache
def locale(language: str, country: str) -> Locale:
    """The language as it is written in the seller's country, if it is; `country` may be empty."""
    region = country if language != "en" or country in ENGLISH else ""
    for known in (region, USUAL_REGIONS.get(language, "")):
        if known:
            try:
                return Locale(language, known)
            except UnknownLocaleError:
                continue
    return Locale(language)


def of(merchant: Merchant, customer: Customer) -> str:
    """The language of a customer's documents: its own, else the merchant's."""
    return (customer.language or merchant.language or Language.ENGLISH).value
