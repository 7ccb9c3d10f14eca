"""Creates the demonstration's exchange rates: invented ones, for each working day of its history."""

import random
from datetime import date, timedelta

from domain.catalog import currencies

SEED = 978
FIRST = {"USD": 1.0850, "GBP": 0.8540, "CHF": 0.9450}     # one euro, on the first day


def store(today: date, days: int) -> int:
    """Store the rates of a euro until today; returns how many."""
    rng = random.Random(SEED)  # noqa: S311  (history, not secrets)
    numbers = {code: number for number, code in currencies.codes().items()}
    rows = []
    rates = dict(FIRST)
    for age in range(days, -1, -1):
        day = today - timedelta(days=age)
        for code, rate in rates.items():
            rates[code] = rate * (1 + rng.gauss(0, 0.003))
            if day.weekday() < 5:
                rows.append((numbers["EUR"], numbers[code], day, f"{rates[code]:.4f}"))
    return currencies.store(rows, source_name="demo")
