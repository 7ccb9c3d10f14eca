"""Says what a document lacks to become an e-invoice of EN 16931. It is issued all the same, as a PDF without XML.

Only what the merchant or the customer would have to enter, and what the standard has no place for.
"""

from collections.abc import Iterator, Sequence
from decimal import ROUND_HALF_UP, Decimal

from domain.invoicing.invoice_facts import InvoiceFacts, Line, TaxGroup
from domain.invoicing.tax_numbers import is_vat_number
from models.invoice import TaxCategory
from models.money import exponent

T = TaxCategory
MOST_DECIMALS = 2                    # of an amount in EN 16931
ONE_UNIT = 100                       # minor units
WORDS = {
    "seller.country": "the country of the merchant profile",
    "seller.tax_number": "the VAT number of the merchant profile",
    "buyer.country": "the customer's country",
    "buyer.tax_number": "the customer's VAT number",
    "currency": "a currency of at most two decimals",
    "tax": "a rate for the whole tax",
    "tax_rate": "the tax rate of line {}",
    "tax_category": "a tax category in line {} that goes with those of the others",
}
TAXED_BY_NUMBER = frozenset({T.STANDARD, T.ZERO, T.EXEMPT, T.REVERSE_CHARGE, T.EXPORT})


def missing(facts: InvoiceFacts) -> list[str]:
    """The names of what is missing, in the order of the document; empty where nothing is."""
    return [*_parties(facts), *_amounts(facts)]


def in_words(names: Sequence[str]) -> str:
    """What is missing, for people: "the customer's country and the tax rate of line 2 are missing"."""
    said = [_said(one) for one in names]
    listed = " and ".join(filter(None, [", ".join(said[:-1]), said[-1]]))
    return f"{listed} {'is' if len(said) == 1 else 'are'} missing"


def _said(name: str) -> str:
    noun, _, rest = name.partition(".")
    if noun != "items":
        return WORDS[name]
    line, _, field = rest.partition(".")
    return WORDS[field].format(line)


def _parties(facts: InvoiceFacts) -> Iterator[str]:
    seller, buyer = facts.seller, facts.buyer
    categories = {one.category for one in facts.lines}
    if seller.country is None:
        yield "seller.country"                           # BR-9
    if not _has_seller_number(facts, categories):
        yield "seller.tax_number"                        # BR-S-2 and its like; BR-G-2; BR-CO-26
    if buyer.country is None:
        yield "buyer.country"                            # BR-11
    is_reversed = T.REVERSE_CHARGE in categories
    if is_reversed and buyer.registration_number is None and not is_vat_number(buyer.tax_number or ""):
        yield "buyer.tax_number"                         # BR-AE-2


def _has_seller_number(facts: InvoiceFacts, categories: set[TaxCategory | None]) -> bool:
    """Whether the seller has the number that the categories need: for exports one for VAT, else any."""
    seller = facts.seller
    if T.EXPORT in categories and not is_vat_number(seller.tax_number or ""):
        return False
    return bool(seller.tax_number or (seller.registration_number and not categories & TAXED_BY_NUMBER))


def _amounts(facts: InvoiceFacts) -> Iterator[str]:
    if exponent(facts.currency) > MOST_DECIMALS:
        yield "currency"
    if facts.totals.header_tax_minor or not all(map(_is_near, facts.taxes)):
        yield "tax"                                      # an amount on the whole, without a rate; BR-CO-17
    yield from (f"items.{line.position}.tax_rate" for line in facts.lines if _has_no_rate(line))
    if len({line.category for line in facts.lines}) > 1:                 # BR-O-11
        yield from (f"items.{line.position}.tax_category" for line in facts.lines if line.category is T.OUTSIDE)


def _is_near(group: TaxGroup) -> bool:
    """Whether a tax that was rounded line by line differs by less than one from the one on the whole."""
    if group.rate is None:
        return True                                      # that is said of its lines
    if round(group.rate) == 0 and group.rate:
        return group.tax_minor == 0                      # the official check takes such a rate for none
    expected = (Decimal(group.net_minor) * group.rate / 100).quantize(Decimal(1), ROUND_HALF_UP)
    return abs(group.tax_minor - expected) < ONE_UNIT


def _has_no_rate(line: Line) -> bool:
    return line.rate is None or line.category is None
