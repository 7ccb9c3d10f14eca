"""Computes independently what becomes of an order over time; shares no code or database with the product.

The rules are those of the contract, written down once more: tax is contained in prices; days count from the day of
the approval, or of the start; a soft decline is tried again 1, 3, 5 and 7 days after the first one, a hard one never;
an outcome that is not known is asked for after 5 minutes, an hour, then daily.
"""

from calendar import monthrange
from dataclasses import dataclass, field
from datetime import UTC, datetime, time, timedelta
from decimal import ROUND_FLOOR, ROUND_HALF_UP, Decimal

from bench.billing.agreements import START, Agreement, Product

LIVE, HELD = ("active", "failed", "suspended", "paused"), ("suspended", "paused")
ENDED = ("complete", "cancelled")
WAITING, DECLINED = ("scheduled", "soft-declined"), ("soft-declined", "hard-declined")
RETRIES, ASKED_AGAIN = (1, 3, 5, 7), (timedelta(minutes=5), timedelta(hours=1))
Booked = tuple[datetime, int, int, str, int]            # when, period, cents, approved or declined, given back


def cents(amount: Decimal) -> int:
    return int((amount * 100).quantize(Decimal(1), ROUND_HALF_UP))


def day_after(anchor: datetime, unit: str, every: int, times: int) -> datetime:
    """The anchor moved on: the last day of a month stays the last day."""
    if unit in ("DAY", "WEEK"):
        return anchor + timedelta(days=times * every * (7 if unit == "WEEK" else 1))
    months = anchor.month - 1 + times * every * (12 if unit == "YEAR" else 1)
    year, month = anchor.year + months // 12, months % 12 + 1
    last = monthrange(year, month)[1]
    ends_month = (anchor + timedelta(days=1)).day == 1
    return anchor.replace(year=year, month=month, day=last if ends_month else min(anchor.day, last))


@dataclass
class Row:
    """What is to be paid for a period."""

    period: int
    due: datetime
    amount: int
    tax: int
    ask: datetime | None = None
    status: str = "scheduled"
    refused_at: datetime | None = None
    paid: int = 0
    attempt: "Attempt | None" = None
    tried: bool = False
    awaits: bool = False                                # its calls are not counted yet


@dataclass
class Attempt:
    """One question to the bank."""

    row: Row
    at: datetime
    method: str
    amount: int
    by_worker: bool
    look_at: datetime | None = None
    looks: int = 0
    status: str = "unknown"
    given_back: int = 0
    booked: list[Booked] = field(default_factory=list)


class Order:
    """An order, from its making to the end of the year."""

    def __init__(self, agreement: Agreement, product: Product):
        self.terms, self.product = agreement, product
        self.now = agreement.made_at
        self.status, self.method, self.rows, self.attempts = "pending", agreement.first, list[Row](), list[Attempt]()
        self.anchor, self.anchor_period, self.next_period = self.now, 0, 1
        self.paused_at, self.ends = self.now, agreement.instalments is not None
        self.done: list[tuple[int, bool]] = []
        self._price()
        self._begin()

    # Amounts --------------------------------------------------------------------------------------

    def _price(self) -> None:
        sold = self.product
        gross = cents(self.terms.quantity * sold.price)
        discount, fee = (cents(Decimal(gross * percent) / 10_000) for percent in (sold.discount, sold.fee))
        later_base = gross - (0 if sold.discount_first_only else discount)
        self.total, self.tax = gross - discount + fee, self._tax(gross - discount)
        self.later, self.later_tax = later_base + (0 if sold.fee_first_only else fee), self._tax(later_base)

    def _tax(self, gross: int) -> int:
        return cents(Decimal(gross * self.product.tax) / (100 + self.product.tax) / 100)

    @staticmethod
    def _part(tax: int, amount: int, whole: int) -> int:
        return cents(Decimal(tax * amount) / whole / 100) if whole else 0

    def _begin(self) -> None:
        terms = self.terms
        if terms.instalments is None:
            first = 0 if terms.trial_days else self.total
            self.rows = [Row(0, self.now, first, self.tax if first else 0)]
            return
        initial = cents(terms.initial or Decimal(0))
        each = int((Decimal(self.total - initial) / terms.instalments).to_integral_value(ROUND_FLOOR))
        amounts = [initial, *[each] * (terms.instalments - 1), self.total - initial - each * (terms.instalments - 1)]
        parts = [divmod(self.tax * one, self.total) for one in amounts]
        rest = self.tax - sum(whole for whole, _ in parts)
        larger = sorted(range(len(parts)), key=lambda place: (-parts[place][1], place))[:rest]
        self._set_anchor(self.now)
        self.rows = [
            Row(place, self._day(place) if place else self.now, amount, parts[place][0] + (place in larger))
            for place, amount in enumerate(amounts)
        ]

    def _set_anchor(self, approved: datetime) -> None:
        self.anchor, self.anchor_period = approved, 0
        if self.terms.start_after is not None:
            day = START + timedelta(days=self.terms.day + self.terms.start_after)
            self.anchor, self.anchor_period = datetime.combine(day, time(), UTC), 1
        elif self.terms.trial_days:
            self.anchor, self.anchor_period = approved + timedelta(days=self.terms.trial_days), 1

    def _day(self, period: int) -> datetime:
        return day_after(self.anchor, self.terms.unit, self.terms.every, period - self.anchor_period)

    # Time -----------------------------------------------------------------------------------------

    def until(self, moment: datetime) -> None:
        """Everything that happens by itself, in its order: what became of earlier attempts comes first."""
        while True:
            looks = [(one.look_at, one) for one in self.attempts if one.look_at is not None]
            asks = [(row.ask, row.period, row) for row in self.rows if row.ask is not None]
            counts = [row for row in self.rows if row.awaits and row.status == "scheduled"]
            moments = [one[0] for one in looks] + [one[0] for one in asks] + [row.due for row in counts]
            if not moments or min(moments) > moment:
                self.now = moment
                return
            self.now = max(self.now, min(moments))
            unclear = [one for at, one in looks if at <= self.now]
            if counts and counts[0].due <= self.now:
                self._count(counts[0])
            elif unclear:
                self._look_up(unclear[0])
            else:
                self._collect(min(asks, key=lambda one: one[:2])[2])

    def _count(self, row: Row) -> None:
        """A metered order counts its calls (reference_metered.py)."""

    def _collect(self, row: Row) -> None:
        if row.amount > row.paid:
            self._ask(row, self.method, by_worker=True)
        else:
            self._paid(row, 0)

    def _ask(self, row: Row, method: str, *, by_worker: bool) -> None:
        attempt = Attempt(row, self.now, method, row.amount - row.paid, by_worker)
        row.attempt, row.status, row.ask = attempt, "processing", None
        self.attempts.append(attempt)
        if by_worker:
            self._follow()
        self._at_the_bank(attempt)

    def _at_the_bank(self, attempt: Attempt) -> None:
        """The first question, or one that is asked again because the first one got lost."""
        method, is_first = attempt.method, attempt.looks == 0
        attempt.look_at = attempt.at + ASKED_AGAIN[0] if is_first else attempt.look_at
        if method in ("test_request_lost", "test_down_hour") and is_first:
            return
        tried, attempt.row.tried = attempt.row.tried, True
        if method == "test_requires_action":
            attempt.status = "waiting"
        elif method == "test_answer_lost":
            self._book(attempt, "approved", at=self.now)
        elif method == "test_soft_decline" or (method == "test_soft_then_ok" and not tried):
            self._decline(attempt, hard=False)
        elif method == "test_hard_decline":
            self._decline(attempt, hard=True)
        else:
            self._book(attempt, "approved", at=self.now)
            self._approve(attempt)

    def _look_up(self, attempt: Attempt) -> None:
        attempt.looks += 1
        attempt.look_at = self.now + (ASKED_AGAIN[1] if attempt.looks == 1 else timedelta(days=1))
        if attempt.booked:
            self._approve(attempt)
        elif attempt.method == "test_down_hour" and self.now < attempt.at + timedelta(hours=1):
            return
        elif attempt.status == "waiting":
            if self.now >= attempt.at + timedelta(days=1):
                self._decline(attempt, hard=False, at=attempt.at)
        elif self.status in (HELD if attempt.by_worker else ("paused",)) or self.status in ENDED:
            self._give_up(attempt)
        else:
            self._at_the_bank(attempt)

    @staticmethod
    def _book(attempt: Attempt, verdict: str, at: datetime) -> None:
        attempt.booked = [(at, attempt.row.period, attempt.amount, verdict, 0)]

    # Outcomes -------------------------------------------------------------------------------------

    def _approve(self, attempt: Attempt) -> None:
        attempt.status, attempt.look_at = "approved", None
        if self.status == "pending":
            self.method = attempt.method
        self._paid(attempt.row, attempt.amount)

    def _paid(self, row: Row, amount: int) -> None:
        row.paid, row.ask = row.paid + amount, None
        row.status = "recovered" if row.refused_at else "complete"
        if self.status == "pending":
            self._activate()
        self._settle()

    def _activate(self) -> None:
        assumed = {row.period: self._day(row.period) for row in self.rows}
        self._set_anchor(self.now)
        for row in self.rows:
            if row.period and row.due == assumed[row.period]:
                row.due = self._day(row.period)
        self.status = "active"
        self._release()

    def _decline(self, attempt: Attempt, *, hard: bool, at: datetime | None = None) -> None:
        row, attempt.status, attempt.look_at = attempt.row, "declined", None
        self._book(attempt, "declined", at=at or self.now)
        row.refused_at = row.refused_at or self.now
        row.status = "hard-declined" if hard else "soft-declined"
        if self.status in (*ENDED, "paused"):
            row.status = "paused" if self.status == "paused" else "cancelled"
            return
        if self.status in ("active", "failed"):
            self.status = "suspended" if hard else "failed"
        if self.status == "suspended":
            for one in self.rows:
                one.ask = None
        self._follow()
        if self.status == "failed" and row.period and not hard:
            moments = [row.refused_at + timedelta(days=days) for days in RETRIES]
            row.ask = next((one for one in moments if one > self.now), None)

    def _give_up(self, attempt: Attempt) -> None:
        attempt.status, attempt.look_at, row = "declined", None, attempt.row
        ended = {"complete": "cancelled", "cancelled": "cancelled", "paused": "paused"}
        row.status = ended.get(self.status, "soft-declined" if row.refused_at else "scheduled")

    # What follows ---------------------------------------------------------------------------------

    def _follow(self) -> None:
        """The next period of a subscription has a row as soon as the last one was asked for, or ended."""
        last = self.rows[-1]
        if self.terms.instalments is not None or self.status not in LIVE or self.status == "paused":
            return
        if last.period and last.status in ("scheduled", "paused"):
            return
        is_first = self.next_period == 1 and bool(self.terms.trial_days)
        amount, tax = (self.total, self.tax) if is_first else (self.later, self.later_tax)
        day = self._day(self.next_period)
        self.rows.append(Row(self.next_period, day, amount, tax, None if self.status in HELD else day))
        self.next_period += 1

    def _settle(self) -> None:
        if self.status not in LIVE:
            return
        self._follow()
        closed = ("complete", "recovered", "skipped", "cancelled")
        if self.ends and all(row.status in closed for row in self.rows):
            self.status = "complete"
        elif self.status in ("failed", "suspended") and not any(row.status in DECLINED for row in self.rows):
            self.status = "active"
            self._release()

    def _release(self) -> None:
        for row in self.rows:
            if row.period and row.ask is None and row.status in WAITING:
                row.ask = row.due
