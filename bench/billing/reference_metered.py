"""The rest of the independent reckoning: orders that count calls, and a whole year of any order."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal

from bench.billing.agreements import DONE_AT, START, Agreement, Product
from bench.billing.reference import ENDED, HELD, LIVE, Row, cents
from bench.billing.reference_verbs import Served

QUARTER = timedelta(minutes=15)


def full_quarter(moment: datetime) -> datetime:
    """The next full quarter of an hour, or the moment itself."""
    past = (moment - datetime(2020, 1, 1, tzinfo=UTC)) % QUARTER
    return moment + (QUARTER - past if past else timedelta(0))


class Metered(Served):
    """An order whose rows cost what was called: from the end of the period before to their own day."""

    def _price(self) -> None:
        self.total = self.tax = self.later = self.later_tax = 0

    def _follow(self) -> None:
        last = self.rows[-1]
        if self.ends or self.status not in LIVE or (last.period and last.awaits and last.status == "scheduled"):
            return
        self.rows.append(Row(self.next_period, full_quarter(self._day(self.next_period)), 0, 0, awaits=True))
        self.next_period += 1

    def _count(self, row: Row) -> None:
        before = next(one for one in self.rows if one.period == row.period - 1)
        begin = before.due if before.period else full_quarter(self.anchor)
        price, sold = self._cost(sum(
            one.number for one in self.terms.calls or () if 200 <= one.status < 400
            and begin <= START + timedelta(minutes=one.minute) < row.due
        )), self.product
        discount, fee = (cents(Decimal(price * percent) / 10_000) for percent in (sold.discount, sold.fee))
        row.amount, row.tax, row.awaits = price - discount + fee, self._tax(price - discount), False
        row.ask = None if self.status in HELD else row.due
        self._follow()

    def do_cancel(self, _: None) -> bool:
        """The running period ends with this quarter of an hour; the order ends when nothing is open any more."""
        if self.ends or self.status in ENDED:
            return False
        running = next(row for row in self.rows if row.awaits and row.status == "scheduled")
        running.due, self.ends = min(running.due, full_quarter(self.now)), True
        return True

    def _cost(self, count: int) -> int:
        """In cents: every scheme written as what each tier of the product asks for."""
        sold, below, amount = self.product, 0, Decimal(0)
        if count and sold.scheme is None:
            amount = count * sold.price
        for tier in sold.tiers if count else ():
            within = min(count, tier.up_to or count) - below
            is_last = tier.up_to is None or count <= tier.up_to
            if sold.scheme == "graduated":
                amount += within * tier.unit_price + tier.flat
            elif is_last:
                amount += tier.flat + (count * tier.unit_price if sold.scheme == "volume" else 0)
            if is_last:
                break
            below = tier.up_to or 0
        return min(cents(amount), cents(sold.ceiling) if sold.ceiling is not None else cents(amount))


def reckoned(agreement: Agreement, product: Product, end: datetime) -> Served:
    """The order as it must be at the end of its year."""
    order = Served(agreement, product) if agreement.calls is None else Metered(agreement, product)
    order.do_pay(agreement.first)
    order.do_card(agreement.then)
    for action in agreement.actions:
        order.until(START + timedelta(days=action.day) + DONE_AT)
        order.act(action)
    order.until(end)
    return order
