"""The form of a product: its tiers, and the preview of what a customer pays first and later."""

import re
from collections.abc import Callable, Mapping
from typing import Any

from flask import render_template, request
from werkzeug.datastructures import MultiDict

from blueprints.admin.crud import records
from blueprints.admin.crud.form_fields import MANY, payload
from blueprints.pages.format import money, price, words
from blueprints.pages.session import wide_actor
from blueprints.row_keys import row_key
from domain import inputs
from domain.actor import Actor
from domain.catalog import metered_prices, products
from domain.catalog.products import ProductInput
from domain.errors import Conflict, Invalid, Problem
from domain.sales.orders import product_previews
from domain.sales.orders.product_previews import ProductPreview
from models.metered import Tier
from models.money import Money, from_micro
from models.product import MeteredScheme, Product

SCHEMES = (
    (MeteredScheme.FLAT.value, "Flat: one amount for the tier reached"),
    (MeteredScheme.GRADUATED.value, "Graduated: each tier's calls at its price"),
    (MeteredScheme.VOLUME.value, "Volume: all calls at the price of the tier reached"),
)
PARTS = ("up_to", "unit_price", "flat_amount")
PART = re.compile(r"metered_tiers\.(\d{1,6})\.(\w+)")
EMPTY_ROWS = 2                           # below those that have something, for browsers without JavaScript
FEWEST_ROWS = 3
MANY.add("metered_tiers")                # sent as an empty text where all rows are empty


def scheme_of(row: Any) -> str:
    """The scheme of a metered product, as a fact."""
    return dict(SCHEMES).get(row.metered_scheme, "") if row.metered_scheme else ""


def ceiling_of(row: Any) -> str:
    """The ceiling with its currency."""
    return "" if row.metered_ceiling_minor is None else money(row.metered_ceiling_minor, row.currency)


def metered(row: Product) -> dict[str, Any]:
    """The values of a product's tiers for the form."""
    ceiling = row.metered_ceiling_minor
    shown: dict[str, Any] = {
        "metered_scheme": row.metered_scheme,
        "metered_ceiling": None if ceiling is None else Money(ceiling, row.currency).decimal,
    }
    for number, tier in enumerate(row.metered_tiers or ()):
        known = Tier(**tier)
        shown |= {
            f"metered_tiers.{number}.up_to": known.up_to,
            f"metered_tiers.{number}.unit_price": _plain(known.unit_price_micro),
            f"metered_tiers.{number}.flat_amount": (
                Money(known.flat_minor, row.currency).decimal if known.flat_minor else None),
        }
    return shown


def _plain(micro: int) -> str | None:
    """A price without trailing zeros; None for nothing."""
    return f"{from_micro(micro).normalize():f}" if micro else None


def rows(shown: Mapping[str, str]) -> list[int]:
    """The numbers of the rows for tiers: those with something in them, and some empty ones."""
    filled = [int(part[1]) for name, value in shown.items() if value and (part := PART.fullmatch(name))]
    last = max(filled, default=-1)
    return list(range(min(metered_prices.MAX_TIERS, max(FEWEST_ROWS, last + 1 + EMPTY_ROWS))))


def names(shown: Mapping[str, str]) -> list[str]:
    """The names of the controls for tiers."""
    return [f"metered_tiers.{number}.{part}" for number in rows(shown) for part in PARTS]


def read(form: MultiDict[str, str]) -> MultiDict[str, str]:
    """The form without empty rows; where only such were left, no tiers at all."""
    filled = {part[1] for name, value in form.items() if value.strip() and (part := PART.fullmatch(name))}
    plain, had_rows = MultiDict[str, str](), False
    for name in form:
        part = PART.fullmatch(name)
        had_rows |= part is not None
        if part is None or part[1] in filled:
            plain.setlist(name, form.getlist(name))
    if had_rows and not filled:
        plain["metered_tiers"] = ""
    return plain


def explain(name: str, problem: Problem) -> tuple[str, Problem]:
    """Place a mistake at its row of the form, from which empty rows were left out."""
    if part := PART.fullmatch(name):
        filled = sorted({
            int(found[1]) for key, value in request.form.items() if value.strip() and (found := PART.fullmatch(key))})
        place = int(part[1])
        return f"metered_tiers.{filled[place] if place < len(filled) else place}.{part[2]}", problem
    return name, problem


# The preview ----------------------------------------------------------------------------------------


def show_preview(read_form: Callable[[MultiDict[str, str]], MultiDict[str, str]]) -> str:
    """What would be paid for the product as the form stands; nothing is stored."""
    who = _acting()
    if not who.has_one_merchant:
        return render_template("admin/_product_preview.html", reason="Choose a merchant profile first.")
    if not request.form.get("price", "").strip():
        return render_template("admin/_product_preview.html", reason="Enter a price.")
    typed = payload(read_form(request.form))
    try:
        new = inputs.parse(ProductInput, typed | {"name": typed.get("name") or "Product"}, text=True)
        found = product_previews.of_product(products.build(who, new))
    except (Invalid, Conflict) as error:
        name, problem = next(iter(dict(explain(*one) for one in error.fields.items()).items()), ("price", error))
        return render_template("admin/_product_preview.html", reason=f"{words(PART.sub('tiers', name))}: {problem}.")
    return render_template("admin/_product_preview.html", preview=found)


def _acting() -> Actor:
    """The user, for the merchant of the form."""
    key = row_key(request.values.get("key", ""))
    return records.acting_new() if key is None else wide_actor().for_row(products.LISTING.get(wide_actor(), key))


def preview_of(record: Any) -> ProductPreview | None:
    """What is paid for a stored product; None where its settings do not allow an order."""
    try:
        return product_previews.of_product(products.LISTING.get(wide_actor(), record.id))
    except Invalid:
        return None


def tiers_of(record: Any) -> list[tuple[str, str, str]]:
    """The tiers of a product in words: which calls, each for how much, and what the tier costs once."""
    found, before = [], 0
    for one in record.metered_tiers or ():
        tier = Tier(**one)
        reach = f"{before + 1:,} to {tier.up_to:,}" if tier.up_to is not None else f"From {before + 1:,}"
        found.append((
            reach, price(tier.unit_price_micro, record.currency) if tier.unit_price_micro else "–",
            money(tier.flat_minor, record.currency) if tier.flat_minor else "–",
        ))
        before = tier.up_to or before
    return found
