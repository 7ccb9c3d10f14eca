"""The rest of the independent computation: what customers and merchants do to an order."""

from datetime import timedelta

from bench.billing.agreements import Action
from bench.billing.reference import DECLINED, ENDED, WAITING, Order, Row


class Served(Order):
    """An order that people do things to; `done` says what was allowed on which day."""

    def act(self, action: Action) -> None:
        """Do it; whether it was allowed is kept."""
        self.done.append((action.day, bool(getattr(self, f"do_{action.verb}")(action.value))))

    def do_pay(self, method: str) -> bool:
        first = self.rows[0]
        if self.status != "pending" or first.status == "processing":
            return False
        if first.amount:
            self._ask(first, method, by_worker=False)
        else:
            self.method = method
            self._paid(first, 0)
        return True

    def do_card(self, method: str) -> bool:
        if self.status in ENDED:
            return False
        self.method = method
        if self.status == "suspended":
            self.status = "active"
            self._release()
            self._follow()
        return True

    def do_pause(self, _: None) -> bool:
        if self.terms.instalments is not None or self.status not in ("active", "failed"):
            return False
        for row in self.rows:
            if row.status in WAITING:
                row.status, row.ask = "paused", None
        self.status, self.paused_at = "paused", self.now
        return True

    def do_resume(self, _: None) -> bool:
        if self.status != "paused":
            return False
        for row in self.rows:
            if row.status == "paused":
                over = not row.refused_at and self.paused_at <= row.due <= self.now
                row.status = "skipped" if over else "soft-declined" if row.refused_at else "scheduled"
        self.status = "failed" if any(row.status in DECLINED for row in self.rows) else "active"
        self._release()
        while self._day(self.next_period) <= self.now:
            self.next_period += 1
        self._follow()
        return True

    def do_cancel(self, _: None) -> bool:
        if self.status in ENDED:
            return False
        self.status = "cancelled" if self.status == "pending" else "complete"
        for row in self.rows:
            if row.status in (*WAITING, "hard-declined", "paused"):
                row.status, row.ask = "cancelled", None
        return True

    def do_refund(self, percent: int) -> bool:
        """A part of the last approved payment, or all that is left of it."""
        paid = [one for one in self.attempts if one.status == "approved"]
        left = paid[-1].amount - paid[-1].given_back if paid else 0
        amount = left * percent // 100
        if amount:
            paid[-1].given_back += amount
        return amount > 0

    def _first(self, *statuses: str) -> Row | None:
        return next((row for row in self.rows if row.period and row.status in statuses), None)

    def do_execute(self, _: None) -> bool:
        return self._by_hand(self._first("scheduled"))

    def do_retry(self, _: None) -> bool:
        return self._by_hand(self._first(*DECLINED))

    def _by_hand(self, row: Row | None) -> bool:
        may = row is not None and self.status in ("active", "failed", "suspended")
        if row is not None and may:
            self._ask(row, self.method, by_worker=False)
        return may

    def do_skip(self, _: None) -> bool:
        row = self._first("scheduled")
        if row is None:
            return False
        if self.terms.instalments is not None:
            self.total, self.tax = self.total - row.amount, self.tax - row.tax
        row.status, row.ask = "skipped", None
        self._settle()
        return True

    def do_reschedule(self, days: int) -> bool:
        row = self._first("scheduled")
        if row is None or row.due + timedelta(days=days) <= self.now:
            return False
        row.due += timedelta(days=days)
        row.ask = row.due if self.status in ("active", "failed") else None
        return True

    def do_amount(self, percent: int) -> bool:
        row = self._first("scheduled")
        if row is None:
            return False
        amount = row.amount * percent // 100
        tax = self._part(row.tax, amount, row.amount)
        if self.terms.instalments is not None:
            self.total, self.tax = self.total + amount - row.amount, self.tax + tax - row.tax
        else:
            self.later_tax, self.later = self._part(self.later_tax, amount, self.later), amount
        row.amount, row.tax = amount, tax
        return True
