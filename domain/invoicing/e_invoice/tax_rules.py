"""The rules of the categories of VAT (BR-S, BR-Z, BR-E, BR-AE, BR-G, BR-O): bases, rates, reasons, tax numbers."""

from collections.abc import Iterator
from decimal import Decimal
from typing import Any

from domain.invoicing.e_invoice.cii_reader import LINES, Reader, rounded

Broken = Iterator[tuple[str, str]]
STANDARD, ZERO, EXEMPT, REVERSE_CHARGE, EXPORT, OUTSIDE = "S", "Z", "E", "AE", "G", "O"
SELLER, BUYER = "//ram:SellerTradeParty", "//ram:BuyerTradeParty"
REPRESENTATIVE = "//ram:SellerTaxRepresentativeTradeParty"
HUNDRED, TOLERANCE, HALF = Decimal(100), Decimal(1), Decimal("0.5")


def broken(reader: Reader) -> Broken:
    """The rules that are broken, with what they say."""
    if not _has_seller_id(reader):
        yield "BR-CO-26", "The seller has no identifier, no registration number and no VAT number."
    for category in (STANDARD, ZERO, EXEMPT, REVERSE_CHARGE, EXPORT, OUTSIDE):
        lines = [
            one for one in reader.all(f"{LINES}/ram:ApplicableTradeTax")
            if reader.text("ram:CategoryCode", one) == category
        ]
        groups = [one for one in reader.groups() if reader.text("ram:CategoryCode", one) == category]
        yield from _groups(reader, category, lines, groups)
        if lines and not _has_numbers(reader, category):
            yield f"BR-{category}-02", "The tax numbers of seller or buyer are not those that the category needs."
        for line in lines:
            if not _has_right_rate(category, reader.number("ram:RateApplicablePercent", line)):
                yield f"BR-{category}-05", "The rate of a line is not one of its category."


def _groups(reader: Reader, category: str, lines: list[Any], groups: list[Any]) -> Broken:
    parts = [
        one for one in reader.all("//ram:CategoryTradeTax") if reader.text("ram:CategoryCode", one) == category
    ]
    if not _has_right_count(category, len(lines), len(parts), len(groups)):
        yield f"BR-{category}-01", "The taxes by category do not have the categories of the lines."
    for group in groups:
        base = reader.number("ram:BasisAmount", group)
        rate = reader.number("ram:RateApplicablePercent", group)
        if not _has_right_base(reader, category, base, rate):
            yield f"BR-{category}-08", "What is taxed is not what the lines of the category come to."
        if not _has_right_tax(reader, category, group, base or Decimal(), rate):
            yield f"BR-{category}-09", "The tax is not the one of its category."
        has_reason = bool(reader.all("ram:ExemptionReason | ram:ExemptionReasonCode", group))
        if has_reason is (category in (STANDARD, ZERO)):
            yield f"BR-{category}-10", "A category without tax needs a reason, the others have none."
    others = reader.all("//ram:ApplicableTradeTax[ram:CategoryCode != 'O']")
    if category == OUTSIDE and groups and others:
        yield "BR-O-11", "What is outside the scope of VAT cannot stand beside what is not."


def _has_right_count(category: str, lines: int, parts: int, groups: int) -> bool:
    """Whether the taxes have the category as often as the style sheet wants, which counts differently for each."""
    if category == STANDARD:
        return (not lines or lines + groups > 1) and (not parts or parts + groups > 1)
    if category == OUTSIDE and not groups:
        return True
    return groups == bool(lines or parts)


def _has_right_base(reader: Reader, category: str, base: Decimal | None, rate: Decimal | None) -> bool:
    if category == STANDARD and rate is None:
        return True                                          # the rate is another rule's
    expected = reader.base_of(category, rate if category == STANDARD else None)
    tolerance = 0 if category in (STANDARD, OUTSIDE) else TOLERANCE
    return base is not None and abs(base - rounded(expected)) <= tolerance


def _has_right_tax(reader: Reader, category: str, group: Any, base: Decimal, rate: Decimal | None) -> bool:
    tax = reader.number("ram:CalculatedAmount", group)
    if category != STANDARD:
        return tax == 0
    if tax is None or rate is None:
        return False
    return abs(abs(tax) - (abs(base) * rate + HALF) // 1 / HUNDRED) < TOLERANCE


def _has_right_rate(category: str, rate: Decimal | None) -> bool:
    if category == OUTSIDE:
        return rate is None
    return rate is not None and (rate > 0 if category == STANDARD else rate == 0)


def _has_seller_id(reader: Reader) -> bool:
    parts = ("ram:ID", "ram:GlobalID", "ram:SpecifiedLegalOrganization/ram:ID")
    return any(reader.all(f"{SELLER}/{part}") for part in parts) or _has(reader, SELLER, "VA")


def _has(reader: Reader, party: str, *schemes: str) -> bool:
    """Whether a party has a tax number of one of the schemes."""
    return any(reader.all(f"{party}/ram:SpecifiedTaxRegistration/ram:ID[@schemeID='{one}']") for one in schemes)


def _has_numbers(reader: Reader, category: str) -> bool:
    by_representative = _has(reader, REPRESENTATIVE, "VA")
    if category == OUTSIDE:
        return not (by_representative or _has(reader, SELLER, "VA") or _has(reader, BUYER, "VA"))
    if category == EXPORT:
        return by_representative or _has(reader, SELLER, "VA")
    has_seller = by_representative or _has(reader, SELLER, "VA", "FC")
    if category != REVERSE_CHARGE:
        return has_seller
    is_known = _has(reader, BUYER, "VA") or bool(reader.all(f"{BUYER}/ram:SpecifiedLegalOrganization/ram:ID"))
    return has_seller and is_known
