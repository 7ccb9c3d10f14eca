"""The document of a budget: what is offered, and where the customer answers."""

from collections.abc import Sequence

from database import db
from domain import zones
from domain.invoicing.documents import codes, languages, parties
from domain.invoicing.documents.document import Document, Kind, Line, TaxGroup, Totals, Way
from domain.sales import totals
from models.budget import Budget, BudgetItem, BudgetStatus
from models.merchant import Merchant
from models.money import line_minor


def number(budget: Budget) -> str:
    """The number of a budget: its id, in the test world after TEST-."""
    return f"TEST-{budget.id}" if budget.test else str(budget.id)


def document(budget: Budget, url: str | None = None) -> Document:
    """What the document of a budget says; `url` is where a pending one is answered."""
    merchant, zone = db.session.get_one(Merchant, budget.merchant_id), zones.of_merchant(budget.merchant_id)
    is_open = budget.status is BudgetStatus.PENDING
    until = budget.valid_until
    return Document(
        kind=Kind.BUDGET, number=number(budget), test=budget.test, language=languages.of(merchant, budget.customer),
        currency=budget.currency, made_on=budget.created_at.astimezone(zone).date(), seller=parties.seller(merchant),
        buyer=parties.buyer(budget.customer, name=budget.customer_name, email=budget.customer_email,
                            address=budget.billing_address),
        brand=parties.brand(merchant), lines=[_line(item, budget.currency) for item in budget.items],
        tax_groups=_tax_groups(budget), totals=_totals(budget),
        way=Way(url=url, code_svg=codes.of_url(url)) if url and is_open else None,
        valid_until=until.astimezone(zone).date() if until is not None else None,
        notes=[note for note in (budget.notes, merchant.document_footer) if note],
    )


def _line(item: BudgetItem, currency: str) -> Line:
    return Line(
        name=item.description, quantity_ten_thousandths=item.quantity_ten_thousandths,
        unit_price_micro=item.unit_price_micro, amount_minor=_amount(item, currency) - item.discount_minor,
        discount_minor=item.discount_minor, tax_minor=item.tax_minor,
        tax_percent_ten_thousandths=item.tax_percent_ten_thousandths,
    )


def _amount(item: BudgetItem, currency: str) -> int:
    return line_minor(item.quantity_ten_thousandths, item.unit_price_micro, currency)


def _totals(budget: Budget) -> Totals:
    own_discounts = budget.discount_minor - budget.header_discount_minor
    return Totals(
        net_minor=budget.subtotal_minor - own_discounts, discount_minor=budget.header_discount_minor,
        tax_minor=budget.tax_minor, total_minor=budget.total_minor,
    )


def _tax_groups(budget: Budget) -> Sequence[TaxGroup]:
    """The taxes by rate, the highest first; what has none, or an amount that somebody wrote, is last."""
    lines = [_Amounts(item, budget.currency) for item in budget.items]
    shares = totals.shares(lines, budget.header_discount_minor)
    sums: dict[int | None, list[int]] = {}
    for line, share in zip(lines, shares, strict=True):
        base_tax = sums.setdefault(line.tax_percent_ten_thousandths, [0, 0])
        base_tax[0] += line.amount_minor - line.discount_minor - share
        base_tax[1] += line.tax_minor
    if budget.header_tax_minor:
        sums.setdefault(None, [0, 0])[1] += budget.header_tax_minor
    if not budget.tax_minor and not any(sums):
        return ()
    ordered = sorted(sums.items(), key=lambda one: -1 if one[0] is None else one[0], reverse=True)
    return [TaxGroup(percent_ten_thousandths=rate, base_minor=base, tax_minor=tax) for rate, (base, tax) in ordered]


class _Amounts:
    """A stored line as `totals` reads lines."""

    def __init__(self, item: BudgetItem, currency: str):
        self.amount_minor = _amount(item, currency)
        self.discount_minor, self.tax_minor = item.discount_minor, item.tax_minor
        self.tax_percent_ten_thousandths = item.tax_percent_ten_thousandths
