"""The form of an order: its lines, and which calls a metered one bills."""

from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

from werkzeug.datastructures import MultiDict

from blueprints.admin import line_forms
from blueprints.admin.call_words import OUTCOMES
from blueprints.admin.crud.form_fields import MANY, plain
from blueprints.admin.line_forms import ITEM
from blueprints.pages.session import me
from domain.actor import Actor
from domain.errors import Problem
from domain.integrations import key_listing
from domain.pages import Query
from domain.sales.orders import order_items
from domain.sales.orders.metered_terms import CallsInput, Method
from models.credential import Mode
from models.money import Money
from models.order import Order
from models.product import Billing

PARTS = ("product_id", "unit_price", "discount", "fee")     # an empty line has none of them
MOST_KEYS = 50
CALLS = "items.0.calls."                                    # a metered order has one line
CALL_PARTS = tuple(CallsInput.model_fields)
CONTRACTS = (("public", "Public API"), ("merchant", "Merchant API"), ("core", "Core API"), ("client", "Client API"))
METHODS = tuple((one.value, one.value) for one in Method)
USUAL = CallsInput().model_dump()                           # what holds where nothing is said
USUAL_TEXTS = {CALLS + part: plain(value) for part, value in USUAL.items()}
MANY.update(CALLS + part for part in CALL_PARTS)


def values(row: Order) -> dict[str, Any]:
    """A draft's values for its form, with its lines."""
    shown: dict[str, Any] = {name: getattr(row, name) for name in (
        "discount_code", "invoice_ref", "description", "note", "interval_count", "interval_unit", "instalments",
        "start_on", "trial_days", "test_clock_id",
    )}
    has_initial = row.billing in (Billing.INSTALMENT, Billing.METERED)
    shown["initial"] = Money(row.initial_minor, row.currency).decimal if has_initial else None
    shown["customer_id"] = f"{row.customer_name} ({row.customer_id})"
    lines = order_items.as_sent(row)
    for number, (item, sent) in enumerate(zip(row.items, lines, strict=True)):
        product = f"{item.name} ({item.product_id})" if item.product_id is not None else ""
        line = {"product_id": product, **{name: sent[name] for name in ("quantity", *PARTS[1:])}}
        shown |= {f"items.{number}.{name}": value for name, value in line.items()}
    calls = lines[0]["calls"]
    said = USUAL if calls is None else asdict(calls)
    return shown | {CALLS + part: said[part] for part in CALL_PARTS}


def read(form: MultiDict[str, str]) -> MultiDict[str, str]:
    """The form for the domain: rows by their ids, without empty lines, and without what is left to the product."""
    kept, filled = MultiDict[str, str](), line_forms.filled(PARTS)
    says_calls = names_calls({name: "\n".join(form.getlist(name)) for name in form})
    for name in form:
        part = ITEM.fullmatch(name)
        if name in ("add_line", "remove_line", "page") or (part and int(part[1]) not in filled):
            continue
        if name.startswith(CALLS):
            if says_calls:
                kept.setlist(name, form.getlist(name))
        elif line_forms.is_named(name):
            kept.add(name, line_forms.key_of(form[name], name, line_forms.acting()))
        elif part is None or form[name].strip():
            kept.add(name, form[name])
    if not filled and any(ITEM.fullmatch(name) for name in form):
        kept.add("items", "")                        # all lines were emptied
    return kept


def names_calls(values: Mapping[str, str]) -> bool:
    """Whether the form says more about calls than what holds without saying it."""
    said: dict[str, set[str]] = {}
    for name, value in values.items():
        if name.startswith(CALLS):
            said.setdefault(control_of(name), set()).update(value.split())
    return any(words != set(USUAL_TEXTS.get(name, "").split()) for name, words in said.items())


def control_of(name: str) -> str:
    """The control with all values of a part: items.0.calls.key_ids for items.0.calls.key_ids.2."""
    return ".".join(name.split(".")[:4])


def explain(name: str, problem: Problem) -> tuple[str, Problem]:
    """Place a mistake at its line in the form; for a row that was not found, say what to do."""
    name = line_forms.place(name, PARTS, "product_id")
    if name.startswith(CALLS):
        name = control_of(name)
    elif name + "." == CALLS:
        name = CALLS + "key_ids"
    return name, line_forms.not_found(name, problem)


def choices(who: Actor) -> dict[str, Any]:
    """The suggestions for customers and products, the keys whose calls can be billed, and what else can be ticked."""
    return line_forms.choices(who) | {
        "call_keys": keys(who), "call_contracts": CONTRACTS, "call_outcomes": tuple(OUTCOMES.items()),
        "call_methods": METHODS, "usual_calls": USUAL_TEXTS, "names_calls": names_calls,
    }


def keys(who: Actor) -> list[tuple[str, str]]:
    """The merchant's integration keys of this world, by name."""
    mode = Mode.TEST if me().session.test_mode else Mode.LIVE
    query = Query(
        filters={"status": "ACTIVE", "mode": mode}, sort="name", descending=False, limit=MOST_KEYS,
    )
    return [(str(one.id), one.name) for one in key_listing.LISTING.page(who, query).records]
