"""What forms with lines share: rows named by their names, search in them while typing, and the numbers of lines."""

import re
from collections.abc import Callable, Collection, Mapping
from typing import Any

from flask import render_template, request
from werkzeug.datastructures import MultiDict

from blueprints.admin.crud import records
from blueprints.admin.crud.changed_fields import changed_only
from blueprints.admin.crud.form_fields import payload
from blueprints.pages.format import words
from blueprints.pages.session import need, wide_actor
from blueprints.row_keys import row_key
from database.searching import fold
from domain.actor import Actor
from domain.catalog import pricing, products
from domain.errors import Invalid, Problem
from domain.listing import Listing
from domain.pages import Query, Record
from domain.people import customers
from models.money import Money, from_micro, from_ten_thousandths
from models.product import ProductStatus

OFFERED = 30
MOST_CHOICES = 500
LONGEST = 200                       # characters of a name
NAMED = re.compile(r"\((\d{1,18})\)\s*\Z")          # how the lists name a row: Ada Lovelace (42)
ITEM = re.compile(r"items\.(\d{1,6})\.([\w.]+)")


def register(bp: Any) -> None:
    """Register the addresses that the fields ask while someone types."""
    for name, scope, view in (
        ("customers", "READ_CUSTOMERS", offer_customers), ("products", "READ_PRODUCTS", offer_products),
    ):
        bp.add_url_rule(f"/choices/{name}", f"choices_{name}", need(scope)(view), methods=["GET"])


def acting() -> Actor:
    """The user, for the merchant in the address: that of the form's row, or the one chosen for a new row."""
    chosen = records.chosen_merchant()
    return wide_actor().narrowed(chosen) if chosen is not None else records.acting_new()


# Lines ----------------------------------------------------------------------------------------------


def numbers(shown: Mapping[str, str]) -> list[int]:
    """The numbers of the lines in a form; one empty line when there are none."""
    return sorted({int(part[1]) for name in shown if (part := ITEM.fullmatch(name))}) or [0]


def filled(parts: Collection[str]) -> list[int]:
    """The numbers of the lines in which one of these parts was typed."""
    found = {
        int(part[1]) for name, value in request.form.items()
        if (part := ITEM.fullmatch(name)) and part[2] in parts and value.strip()
    }
    return sorted(found)


def place(name: str, parts: Collection[str], whole: str) -> str:
    """The control of a mistake in a line, by its number in the form; one of the whole line is shown at `whole`."""
    part = re.fullmatch(r"items\.(\d{1,6})(\..+)?", name)
    if part is None:
        return name
    lines = filled(parts)
    number = lines[int(part[1])] if int(part[1]) < len(lines) else part[1]
    return f"items.{number}{part[2] or '.' + whole}"


def with_change() -> dict[str, str]:
    """The form with a line added or removed, as its button says, for browsers without JavaScript."""
    shown = request.form.to_dict()
    shown.pop("key", "")                # of the row, which is no value of its form
    gone = shown.pop("remove_line", "")
    if shown.pop("add_line", ""):
        shown[f"items.{max(numbers(shown)) + 1}.quantity"] = "1"
    if gone:
        shown = {name: value for name, value in shown.items() if not name.startswith(f"items.{gone}.")}
    return shown


def edited(listing: Listing) -> Any:
    """The row that the form changes; None for a new one."""
    key = row_key(request.values.get("key", ""))
    return listing.get(wide_actor(), key) if key is not None else None


def acting_for(row: Any) -> Actor:
    """The user, for the merchant of the row, or for the one that was chosen for a new row."""
    return records.acting_new() if row is None else wide_actor().for_row(row)


def read(
    form: MultiDict[str, str], parts: Collection[str], who: Actor, tax: Callable[[str, str], tuple[str, str]],
) -> MultiDict[str, str]:
    """The form for the domain: rows by their ids, without empty lines; `tax` names and writes a line's tax."""
    plain, kept = MultiDict[str, str](), filled(parts)
    for name in form:
        value = form[name]
        part = ITEM.fullmatch(name)
        if name in ("add_line", "remove_line") or (part and int(part[1]) not in kept):
            continue
        if is_named(name):
            value = key_of(value, name, who)
        elif part and part[2] == "tax":
            plain.add(*tax(name, value))
            continue
        plain.add(name, value)
        if part and part[2] == "id":                # a stored line has an id, and always a quantity
            quantity = f"items.{part[1]}.quantity"
            plain[quantity] = request.form.get(quantity, "")
    return plain


def show_sum(
    row: Any, read_form: Callable[[MultiDict[str, str]], MultiDict[str, str]], fields: Collection[str],
    preview: Callable[[Actor, Any, dict[str, Any]], Any], explain: Callable[[str, Problem], tuple[str, Problem]],
) -> str:
    """The amounts if the form were saved now, or why there are none yet."""
    who = acting_for(row)
    if not who.has_one_merchant:
        return render_template("admin/_sum.html", reason="Choose a merchant profile first.")
    form, off = changed_only(())
    given = {name: value for name, value in payload(read_form(form), off).items() if name in fields}
    if row is None and not given.get("items"):
        return render_template("admin/_sum.html", reason="No lines yet.")
    try:
        return render_template("admin/_sum.html", amounts=preview(who, row, given))
    except Invalid as error:
        name, problem = next(iter(dict(explain(*one) for one in error.fields.items()).items()))
        return render_template("admin/_sum.html", reason=f"{words(name)} {problem}.")


# Rows by their names --------------------------------------------------------------------------------


def is_named(name: str) -> bool:
    """Whether the control holds a row's name: the customer, or the product of a line."""
    return name == "customer_id" or is_product(name)


def is_product(name: str) -> bool:
    """Whether the control holds a product's name."""
    return name.rpartition(".")[2] == "product_id"


def key_of(said: str, name: str, who: Actor) -> str:
    """The id of the customer or product that a control names."""
    return key_in(customers.LISTING if name == "customer_id" else products.LISTING, said, who)


def key_in(listing: Listing, said: str, who: Actor, **filters: Any) -> str:
    """The id of a row by its name in the suggestions, or by its full name where only one has it; else what was said.

    A name may end like a number of its own: VAT (20) is no row 20 with another name.
    """
    said = said.strip()
    if not said or said.isdigit() or len(said) > LONGEST:
        return said
    found = NAMED.search(said)
    if found and _is_named(listing, int(found.group(1)), said[:found.start()], who):
        return found.group(1)
    query = Query(search=said.replace("\x00", ""), sort="name", descending=False, limit=MOST_CHOICES, filters=filters)
    page = listing.page(who, query)
    same = [one for one in page.records if fold(one.name) == fold(said)]
    if len(same) == 1 and page.total <= MOST_CHOICES:
        return str(same[0].id)
    return found.group(1) if found else said


def _is_named(listing: Listing, key: int, name: str, who: Actor) -> bool:
    """Whether the row exists and has this name."""
    return any(fold(one.name) == fold(name.strip()) for one in listing.facts(who, (key,), ("name",)))


def not_found(name: str, problem: Problem) -> Problem:
    """What to do about a name that names no row."""
    if problem.code != "type" or not is_named(name):
        return problem
    noun = "customer" if name == "customer_id" else "product"
    return Problem("unknown", f"has no match: choose a {noun} from the list")


def choices(who: Actor) -> dict[str, Any]:
    """The suggestions before anything is typed: the first customers and products by name."""
    return {"customers": search(customers.LISTING, who, ""), **offered(who, ""), "lines": numbers}


def offered(who: Actor, wanted: str) -> dict[str, Any]:
    """Active products whose name or SKU matches, with the values for a line."""
    found = search(products.LISTING, who, wanted, status=ProductStatus.ACTIVE)
    rates = pricing.percentages(who, {one.tax_id for one in found if one.tax_id is not None})
    return {"products": found, "rates": {key: rate(percent) for key, percent in rates.items()}, "price": price}


def search(listing: Listing, who: Actor, wanted: str, **filters: Any) -> list[Record]:
    """The first rows by name that match the text."""
    text = NAMED.sub("", wanted).strip()[:100].replace("\x00", "")
    query = Query(search=text, sort="name", descending=False, limit=OFFERED, filters=filters)
    return list(listing.page(who, query).records)


def offer_customers() -> str:
    """Customers whose name or e-mail matches the text."""
    wanted = next((value for name, value in request.args.items() if name != "merchant_id"), "")
    found = search(customers.LISTING, acting(), wanted)
    return render_template("admin/_customer_options.html", customers=found)


def offer_products() -> str:
    """Products whose name or SKU matches the text in one of the lines."""
    wanted = next((value for name, value in request.args.items() if is_product(name)), "")
    return render_template("admin/_product_options.html", **offered(acting(), wanted))


def price(micro: int) -> str:
    """A unit price with at least two decimals."""
    whole, _, decimals = f"{from_micro(micro):f}".partition(".")
    return f"{whole}.{decimals.rstrip('0').ljust(2, '0')}"


def amount(minor: int, currency: str) -> str:
    """An amount as a control holds it: empty for none."""
    return str(Money(minor, currency).decimal) if minor else ""


def rate(percent: int | None) -> str:
    return f"{from_ten_thousandths(percent or 0)} %"
