"""The rules BR-CO-10 to BR-CO-17: whether the sums of an e-invoice add up."""

from collections.abc import Iterator
from decimal import ROUND_FLOOR, Decimal

from domain.invoicing.e_invoice.cii_reader import LINES, NO, SETTLEMENT, SUMS, YES, Reader, rounded

Broken = Iterator[tuple[str, str]]
NOTHING, TOLERANCE, HUNDRED = Decimal(), Decimal(1), Decimal(100)


def broken(reader: Reader) -> Broken:
    """The rules that are broken, with what they say."""
    yield from _lines_and_discounts(reader)
    yield from _totals(reader)
    yield from _taxes(reader)


def _lines_and_discounts(reader: Reader) -> Broken:
    lines = reader.sum(f"{LINES}/ram:SpecifiedTradeSettlementLineMonetarySummation/ram:LineTotalAmount")
    if reader.total("LineTotalAmount") != rounded(lines):
        yield "BR-CO-10", "The sum of the lines is not what they add up to."
    for rule, name, is_charge in (("BR-CO-11", "AllowanceTotalAmount", NO), ("BR-CO-12", "ChargeTotalAmount", YES)):
        parts, total = list(reader.changes(is_charge)), reader.total(name)
        amounts = sum((reader.sum("ram:ActualAmount", one) for one in parts), NOTHING)
        if is_charge == YES:
            services = reader.sum(f"{SETTLEMENT}/ram:SpecifiedLogisticsServiceCharge/ram:AppliedAmount")
            amounts = rounded(amounts) + rounded(services)
        if (parts or total is not None) and (total is None or rounded(total) != rounded(amounts)):
            yield rule, "The sum of the discounts or charges is not what they add up to."


def _totals(reader: Reader) -> Broken:
    net, allowances = reader.total("LineTotalAmount"), reader.total("AllowanceTotalAmount")
    taxed, charges, whole = (
        reader.total(name) for name in ("TaxBasisTotalAmount", "ChargeTotalAmount", "GrandTotalAmount"))
    if net is None or taxed != rounded(net - (allowances or NOTHING) + (charges or NOTHING)):
        yield "BR-CO-13", "The total without tax is not the lines less discounts plus charges."
    currency = reader.text(f"{SETTLEMENT}/ram:InvoiceCurrencyCode")
    tax = reader.all(f"{SUMS}/ram:TaxTotalAmount[@currencyID='{currency}']")
    amounts = reader.sum(f"{SETTLEMENT}/ram:ApplicableTradeTax/ram:CalculatedAmount")
    for one in tax:
        if reader.number(".", one) != rounded(amounts):
            yield "BR-CO-14", "The tax is not what the taxes by rate add up to."
    if not _adds_tax(taxed, [reader.number(".", one) for one in tax], whole):
        yield "BR-CO-15", "The total is not the total without tax plus the tax."
    due, paid, rounding = (
        reader.total(name) for name in ("DuePayableAmount", "TotalPrepaidAmount", "RoundingAmount"))
    if whole is None or due != whole - (paid or NOTHING) + (rounding or NOTHING):
        yield "BR-CO-16", "What is due is not the total less what was paid."


def _adds_tax(taxed: Decimal | None, taxes: list[Decimal | None], whole: Decimal | None) -> bool:
    if not taxes:                            # without tax there is none to add
        return whole == taxed
    (tax, *more) = taxes
    return not more and taxed is not None and tax is not None and whole == rounded(taxed + tax)


def _taxes(reader: Reader) -> Broken:
    groups = reader.groups()
    if not groups:
        yield "BR-CO-18", "There are no taxes by category."
    for group in groups:
        tax, base, rate = (
            reader.number(f"ram:{name}", group)
            for name in ("CalculatedAmount", "BasisAmount", "RateApplicablePercent"))
        if tax is None or not _fits(tax, base or NOTHING, rate):
            yield "BR-CO-17", "The tax is not the rate of what is taxed."


def _fits(tax: Decimal, base: Decimal, rate: Decimal | None) -> bool:
    """Whether a tax is the rate of its base, with one unit more or less for what was rounded line by line."""
    if rate is None or _whole(rate) == 0:
        return _whole(tax) == 0
    return abs(abs(tax) - rounded(abs(base) * rate / HUNDRED)) <= TOLERANCE


def _whole(number: Decimal) -> Decimal:
    return (number + Decimal("0.5")).quantize(Decimal(1), ROUND_FLOOR)
