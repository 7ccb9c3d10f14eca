"""Reads the Online Retail data set as products, customers and invoices (UCI, Daqing Chen, CC BY 4.0).

41 MB of lines become the bodies of API calls. A sale invoice counts when it has a customer and only
positive quantities. An invoice with more lines than a budget takes is cut into parts; each part is
a budget of its own, and says which part it is.
"""

import csv
import gzip
from collections.abc import Iterator
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal
from pathlib import Path
from typing import Any

MOST_ITEMS = 200                # lines of one budget: the API's limit
CURRENCY = "GBP"
CENT = Decimal("0.01")
THOUSANDTH = Decimal("0.001")   # the price that must survive
MARK = "retail"                 # in the metadata of everything that is made here


@dataclass(frozen=True, slots=True)
class Line:
    """One line of an invoice."""

    sku: str
    description: str
    quantity: int
    price: Decimal

    @property
    def amount(self) -> Decimal:
        """Rounded half up to cents, once, as an invoice does."""
        return (self.quantity * self.price).quantize(CENT, ROUND_HALF_UP)


@dataclass(frozen=True, slots=True)
class Invoice:
    """A sale, or a part of one that is too long."""

    name: str                   # 536365, or 550193/2
    customer: str
    lines: tuple[Line, ...]

    @property
    def total(self) -> Decimal:
        return sum((line.amount for line in self.lines), Decimal(0))


@dataclass(frozen=True, slots=True)
class Retail:
    """What is replayed."""

    products: dict[str, dict[str, Any]]         # stock code to body, in the order of the file
    customers: dict[str, dict[str, Any]]        # customer number to body
    invoices: list[Invoice]
    cut: int                                    # invoices that had to be cut into parts


def read(path: Path, wanted: int = 2000) -> Retail:
    """The catalogue, all customers, the first `wanted` sales, and one more with a price of 0.001."""
    rows: dict[str, list[dict[str, str]]] = {}
    names: dict[str, str] = {}
    prices: dict[str, Decimal] = {}
    countries: dict[str, str] = {}
    for row in _rows(path):
        rows.setdefault(row["InvoiceNo"], []).append(row)
        code, price = row["StockCode"], Decimal(row["UnitPrice"])
        names[code] = names.get(code) or row["Description"].strip()
        if price > 0:
            prices.setdefault(code, price)
        if row["CustomerID"]:
            countries.setdefault(row["CustomerID"], row["Country"])
    sales = [name for name, lines in rows.items() if _is_sale(name, lines)]
    chosen = sales[:wanted]
    chosen += [name for name in sales[wanted:] if _is_cheap(rows[name])][:1]
    invoices = [part for name in chosen for part in _parts(name, rows[name])]
    return Retail(
        _products(names, prices),
        {number: _customer(number, country) for number, country in countries.items()},
        invoices,
        sum(len(rows[name]) > MOST_ITEMS for name in chosen),
    )


def _rows(path: Path) -> Iterator[dict[str, str]]:
    with gzip.open(path, "rt", encoding="utf-8", newline="") as file:
        yield from csv.DictReader(file)


def _is_sale(name: str, lines: list[dict[str, str]]) -> bool:
    return name.isdigit() and bool(lines[0]["CustomerID"]) and all(int(line["Quantity"]) > 0 for line in lines)


def _is_cheap(lines: list[dict[str, str]]) -> bool:
    return any(Decimal(line["UnitPrice"]) == THOUSANDTH for line in lines)


def _parts(name: str, rows: list[dict[str, str]]) -> Iterator[Invoice]:
    lines = [
        Line(row["StockCode"], row["Description"].strip(), int(row["Quantity"]), Decimal(row["UnitPrice"]))
        for row in rows
    ]
    for start in range(0, len(lines), MOST_ITEMS):
        part = f"{name}/{start // MOST_ITEMS + 1}" if len(lines) > MOST_ITEMS else name
        yield Invoice(part, rows[0]["CustomerID"], tuple(lines[start:start + MOST_ITEMS]))


def _products(names: dict[str, str], prices: dict[str, Decimal]) -> dict[str, dict[str, Any]]:
    """The catalogue; of codes that differ in case only the first is a sku, and all are in the metadata."""
    skus: dict[str, str] = {}
    for code in names:
        skus.setdefault(code.casefold(), code)
    return {
        code: _product(code, skus[code.casefold()] == code, name or code, prices.get(code, Decimal(0)))
        for code, name in names.items()
    }


def _product(code: str, is_sku: bool, name: str, price: Decimal) -> dict[str, Any]:
    return {
        "name": name, "sku": code if is_sku else None, "price": number(price), "currency": CURRENCY,
        "metadata": {MARK: code},
    }


def _customer(name: str, country: str) -> dict[str, Any]:
    return {"name": f"Customer {name}", "metadata": {MARK: name, "country": country}}


def budget(invoice: Invoice, customer_id: str, product_ids: dict[str, str]) -> dict[str, Any]:
    """The body of a budget, with the ids that the server gave."""
    items = [
        {
            "productId": product_ids[line.sku], "description": line.description or line.sku,
            "quantity": line.quantity, "unitPrice": number(line.price),
        }
        for line in invoice.lines
    ]
    return {"customerId": customer_id, "currency": CURRENCY, "items": items, "metadata": {MARK: invoice.name}}


def number(price: Decimal) -> float:
    """As JSON writes it: the shortest text that reads back as the same number, so nothing is lost."""
    return float(price)
