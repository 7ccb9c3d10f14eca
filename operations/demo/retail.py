"""Loads the sample of real sales for the demonstration: articles, buyers, orders."""

import csv
from collections import defaultdict
from dataclasses import dataclass
from decimal import Decimal
from functools import cache
from pathlib import Path
from statistics import median_low

CUT = Path(__file__).with_name("retail_cut.csv")
CREDIT = "Articles and prices: Online Retail, Daqing Chen, UCI Machine Learning Repository, CC BY 4.0."
HOME = "United Kingdom"
COUNTRIES = {
    "United Kingdom": ("GB", ("Leeds", "Bristol", "Norwich", "Glasgow", "Cardiff", "Exeter")),
    "France": ("FR", ("Lyon", "Nantes", "Lille")),
    "Germany": ("DE", ("Köln", "Leipzig", "Bremen")),
    "Belgium": ("BE", ("Gent", "Liège")),
    "Finland": ("FI", ("Turku",)),
    "EIRE": ("IE", ("Cork",)),
    "Italy": ("IT", ("Torino",)),
    "Spain": ("ES", ("Valencia",)),
}
FIRST = (
    "Juniper", "Harbour", "Larkspur", "Copper", "Willow", "Saffron", "Northgate", "Bramble", "Lantern", "Orchard",
    "Pebble", "Thistle", "Velvet", "Quay", "Marigold", "Foxglove", "Ember", "Rowan", "Cobble", "Heron",
)
SECOND = ("Trading", "& Daughters", "Interiors", "Supply", "Gifts")
CATEGORIES = (
    ("Bags", ("BAG", "SHOPPER", "SUKI")),
    ("Kitchen", ("CAKE", "BAKING", "JAM", "TEA", "LUNCH", "KITCHEN", "JELLY", "CUTLERY", "RECIPE", "POPCORN", "SNACK")),
    ("Stationery", ("CARD", "RIBBON", "PAPER", "NAPKIN", "CHALKBOARD")),
    ("Lighting", ("LIGHT", "CANDLE", "LANTERN")),
    ("Decoration", ("HEART", "BUNTING", "SIGN", "FRAME", "ORNAMENT", "BLOCK", "CLOCK")),
)


@dataclass(frozen=True, slots=True)
class Article:
    """A product of the catalogue."""

    sku: str
    name: str
    category: str
    price: Decimal


@dataclass(frozen=True, slots=True)
class Buyer:
    """A customer: an invented company with the number and country of a real one."""

    number: str
    name: str
    email: str
    country: str
    city: str


@dataclass(frozen=True, slots=True)
class Line:
    sku: str
    quantity: int
    price: Decimal


@dataclass(frozen=True, slots=True)
class Order:
    """One invoice of the data, which becomes a budget."""

    number: str
    buyer: str
    lines: tuple[Line, ...]


@dataclass(frozen=True, slots=True)
class Market:
    """The articles and buyers of one merchant."""

    articles: tuple[Article, ...]
    buyers: tuple[Buyer, ...]
    orders: tuple[Order, ...]


@cache
def _rows() -> list[dict[str, str]]:
    with CUT.open(newline="", encoding="utf-8") as file:
        return list(csv.DictReader(file))


def market(*, home: bool) -> Market:
    """The home market, or all others together."""
    rows = [row for row in _rows() if (row["Country"] == HOME) is home]
    return Market(_articles(rows), _buyers(rows), _orders(rows))


def _articles(rows: list[dict[str, str]]) -> tuple[Article, ...]:
    prices: dict[str, list[Decimal]] = defaultdict(list)
    names: dict[str, str] = {}
    for row in rows:
        prices[row["StockCode"]].append(Decimal(row["UnitPrice"]))
        names.setdefault(row["StockCode"], row["Description"])
    return tuple(
        Article(sku, " ".join(name.split()).capitalize(), category_of(name), median_low(prices[sku]))
        for sku, name in sorted(names.items())
    )


def category_of(description: str) -> str:
    """The group of products for a description."""
    return next((group for group, words in CATEGORIES if any(word in description for word in words)), "Gifts")


def _buyers(rows: list[dict[str, str]]) -> tuple[Buyer, ...]:
    return tuple(_buyer(number, country) for number, country in sorted({(r["CustomerID"], r["Country"]) for r in rows}))


def _buyer(number: str, country: str) -> Buyer:
    seed = int(number)
    name = f"{FIRST[seed % len(FIRST)]} {SECOND[seed // len(FIRST) % len(SECOND)]}"
    code, cities = COUNTRIES[country]
    slug = name.lower().replace(" & ", "-and-").replace(" ", "-")
    return Buyer(number, f"{name} {code}", f"accounts.{number}@{slug}.example", code, cities[seed % len(cities)])


def _orders(rows: list[dict[str, str]]) -> tuple[Order, ...]:
    lines: dict[tuple[str, str], list[Line]] = defaultdict(list)
    for row in rows:
        line = Line(row["StockCode"], int(row["Quantity"]), Decimal(row["UnitPrice"]))
        lines[row["InvoiceNo"], row["CustomerID"]].append(line)
    return tuple(Order(number, buyer, tuple(found)) for (number, buyer), found in lines.items())
