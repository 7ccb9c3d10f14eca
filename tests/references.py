"""Every field of every input that names a row by its id, and rows to name in it."""

import secrets

from app import CONTRACTS
from database import transaction
from domain import clock, inputs
from domain.catalog import pricing
from tests import cast
from tests.articles import make_category
from tests.ordered import make_order, make_test_clock, make_waiting

LARGEST = 2**63 - 1                 # a RowId is the only whole number that may be as large


def resources():
    """Every noun that some contract offers, by its name."""
    exposed = [one.exposure for contract in CONTRACTS for one in contract.operations if one.exposure is not None]
    return {one.resource.name: one.resource for one in exposed}


def ids(model):
    """The dotted paths of a model's id fields; a list is said by its first entry.

    The id of a part is no reference to another row: it finds a line of the row itself, or none.
    """
    whole = model.model_json_schema()
    return [path for path in _ids(whole, whole.get("$defs", {})) if not path.endswith(".id")]


def _ids(schema, known, path=""):
    schema = known[schema["$ref"].rpartition("/")[2]] if "$ref" in schema else schema
    if schema.get("type") == "integer" and schema.get("maximum") == LARGEST:
        yield path.lstrip(".")
    for part in schema.get("anyOf", ()):
        yield from _ids(part, known, path)
    if "items" in schema:
        yield from _ids(schema["items"], known, f"{path}.0")
    for name, part in schema.get("properties", {}).items():
        yield from _ids(part, known, f"{path}.{name}")


REFERENCES = [                      # of what is created; a movement of a bank account has tests of its own
    (name, path) for name, resource in sorted(resources().items()) if resource.input and resource.create
    for path in ids(resource.input)
]


def rule(kind):
    def make(actor):
        new = inputs.parse(pricing.PriceRuleInput, {"name": "Some", "kind": kind, "percentage": 5})
        return pricing.create_rule(actor, new).id

    return make


def group(actor):
    return pricing.create_group(actor, inputs.parse(pricing.GroupInput, {"name": "Shelf"})).id


def inside(make):
    def made(actor):
        with transaction():
            return make(actor)

    return made


# What each field names: how one is made for an actor. A new id field gets its line here.
MAKERS = {
    "customer_ids": lambda actor: cast.make_customer(actor.merchant_id, actor=actor),
    "customer_id": lambda actor: cast.make_customer(actor.merchant_id, actor=actor),
    "product_id": lambda actor: cast.make_product(actor.merchant_id, currency="EUR", actor=actor),
    "group_id": inside(group),
    "category_id": lambda actor: make_category(actor.merchant_id, secrets.token_hex(4), actor=actor),
    "service_id": lambda actor: make_order(actor.merchant_id, test=actor.test),
    "tax_id": inside(rule("tax")),
    "discount_id": inside(rule("discount")),
    "fee_id": inside(rule("fee")),
    "test_clock_id": lambda actor: make_test_clock(actor.merchant_id, clock.now(), test=actor.test),
    "scheduled_payment_id": make_waiting,
    "key_ids": lambda actor: cast.make_key(actor.merchant_id, mode="test" if actor.test else "live")[0],
    "merchant_ids": lambda actor: actor.merchant_id,
    "assignee_id": lambda actor: cast.make_user(
        f"{secrets.token_hex(4)}@example.org", "normal_user", [actor.merchant_id]),
}
COMMON = {"assignee_id"}            # what belongs to both worlds


def made_for(path, actor):
    """The id of a row that the field may name, of this actor's."""
    name = next(part for part in reversed(path.split(".")) if not part.isdigit())
    assert name in MAKERS, f"tests/references.py: say in MAKERS which row “{name}” names"
    return MAKERS[name](actor)


def placed(body, path, value):
    """The body with the value at a dotted path."""
    head, _, rest = path.partition(".")
    if isinstance(body, list):
        return [placed(body[0], rest, value) if rest else value, *body[1:]]
    known = body.get(head, [] if rest.isdigit() else {})
    if rest.isdigit() and not known:
        return body | {head: [value]}
    return body | {head: placed(known, rest, value) if rest else value}
