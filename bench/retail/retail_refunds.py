"""Finds what the Online Retail data gives back: cancelled lines that match a line of an earlier sale."""

import csv
import gzip
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path

from bench.retail.retail import Invoice, Line


@dataclass(frozen=True, slots=True)
class Refund:
    """Money given back of a sale."""

    name: str                   # C536383/0: the cancellation, and the place of its line
    invoice: str                # the sale
    amount: Decimal


@dataclass(slots=True)
class _Sold:
    """A line of a sale, with how many pieces were not given back yet."""

    invoice: Invoice
    left: int


def matched(path: Path, invoices: Sequence[Invoice]) -> list[Refund]:
    """Each cancelled line of the same customer, article and price is given back of the newest sale that has enough.

    The lines of a sale are given back at most as a whole: the last cent of it goes no further than its total.
    """
    sold: dict[tuple[str, str, Decimal], list[_Sold]] = defaultdict(list)
    left = {one.name: one.total for one in invoices}
    chosen, found = {one.name: one for one in invoices}, list[Refund]()
    for name, customer, line in _lines(path):
        article = (customer, line.sku, line.price)
        if line.quantity > 0 and name in chosen:
            sold[article].append(_Sold(chosen[name], line.quantity))
        elif line.quantity < 0 and name.startswith("C"):
            given = next((one for one in reversed(sold[article]) if one.left >= -line.quantity), None)
            amount = min(-line.amount, left[given.invoice.name]) if given else Decimal(0)
            if given and amount > 0:
                given.left += line.quantity
                left[given.invoice.name] -= amount
                found.append(Refund(f"{name}/{len(found)}", given.invoice.name, amount))
    return found


def _lines(path: Path) -> Iterator[tuple[str, str, Line]]:
    """Invoice, customer and line of everything in the file, in the order of its days."""
    with gzip.open(path, "rt", encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file):
            line = Line(row["StockCode"], row["Description"].strip(), int(row["Quantity"]), Decimal(row["UnitPrice"]))
            yield row["InvoiceNo"], row["CustomerID"], line
