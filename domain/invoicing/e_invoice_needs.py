"""Says what a document lacks to become an e-invoice of EN 16931. It is issued all the same, as a PDF without XML.

Only what the merchant or the customer would have to enter, and what the standard has no place for.
"""

from collections.abc import Iterator

from domain.invoicing.invoice_facts import InvoiceFacts, Line
from models.invoice import TaxCategory
from models.money import exponent

T = TaxCategory
MOST_DECIMALS = 2                    # of an amount in EN 16931
TAXED_BY_NUMBER = frozenset({T.STANDARD, T.ZERO, T.EXEMPT, T.REVERSE_CHARGE, T.EXPORT})


def missing(facts: InvoiceFacts) -> list[str]:
    """The names of what is missing, in the order of the document; empty where nothing is."""
    return [*_parties(facts), *_amounts(facts)]


def _parties(facts: InvoiceFacts) -> Iterator[str]:
    seller, buyer = facts.seller, facts.buyer
    categories = {one.category for one in facts.lines}
    if seller.country is None:
        yield "seller.country"                           # BR-9
    if seller.tax_number is None and (categories & TAXED_BY_NUMBER or seller.registration_number is None):
        yield "seller.tax_number"                        # BR-S-2 and its like; BR-CO-26
    if buyer.country is None:
        yield "buyer.country"                            # BR-11
    is_reversed = T.REVERSE_CHARGE in categories
    if is_reversed and buyer.tax_number is None and buyer.registration_number is None:
        yield "buyer.tax_number"                         # BR-AE-2


def _amounts(facts: InvoiceFacts) -> Iterator[str]:
    if exponent(facts.currency) > MOST_DECIMALS:
        yield "currency"
    if facts.totals.header_tax_minor:
        yield "tax"                                      # an amount on the whole, without a rate
    yield from (f"items.{line.position}.tax_rate" for line in facts.lines if _has_no_rate(line))


def _has_no_rate(line: Line) -> bool:
    return line.rate is None or line.category is None
