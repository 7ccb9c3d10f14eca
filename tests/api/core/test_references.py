"""Every id field of every input refuses a row of another merchant or world, also for a user of both merchants."""

from typing import Annotated

import pytest

from blueprints.api import schemas
from blueprints.api.core import CONTRACT
from domain.inputs import Input, Maybe, RowId, Whole
from tests import cast
from tests.architecture.nouns import file_of
from tests.references import COMMON, REFERENCES, ids, made_for, placed
from tests.rows import NAMED, subscribed

EXPOSED = {one.exposure.resource.name: one.exposure for one in CONTRACT.operations if one.exposure is not None}


def body_of(exposure, alder):
    """What creates a row, in the contract's names: the reference's example, where there is no other."""
    noun = exposure.resource.name
    known = bodies(alder)
    if noun in known:
        return in_words(exposure, known[noun])
    body = schemas.body(exposure, new=True).example | {exposure.tenant: alder}
    for path in ids(exposure.resource.input):
        if exposure.word(path) in body:
            body[exposure.word(path)] = made_for(path, cast.actor_for(alder))
    return body


def bodies(alder):
    """What creates a row, of the nouns whose example would not do."""
    line = {"description": "Work", "quantity": 1, "unit_price": 5}
    return {
        "announcements": {"title": "News", "content": "Now", "merchant_id": alder},
        "budgets": {"customer_id": cast.make_customer(alder, "Own"), "items": [line], "merchant_id": alder},
        "invoices": {"customer_id": cast.make_customer(alder, "Own"), "items": [line], "merchant_id": alder},
        "orders": {"customer_id": cast.make_customer(alder, "Orderer"), "merchant_id": alder, "draft": True,
                   "items": [{"product_id": cast.make_product(alder, currency="EUR", billing="metered")}]},
        "products": {"name": "Lamp", "price": 10, "merchant_id": alder},
        "services": {"customer_id": cast.make_customer(alder, "Subscriber"), "merchant_id": alder,
                     "product_id": subscribed(cast.actor_for(alder))},
        "users": {"email": "new@alder.example", "password": cast.PASSWORD, "merchant_ids": [alder]},
    }


def in_words(exposure, value, path=""):
    """A body in the contract's names."""
    if isinstance(value, dict):
        named = {f"{path}.{name}".lstrip("."): inner for name, inner in value.items()}
        return {
            exposure.word(whole).rpartition(".")[2]: in_words(exposure, inner, whole) for whole, inner in named.items()
        }
    if isinstance(value, list):
        return [in_words(exposure, inner, f"{path}.{place}") for place, inner in enumerate(value)]
    return value


@pytest.mark.parametrize("test", [False, True], ids=["of another merchant", "of the other world"])
@pytest.mark.parametrize(("noun", "path"), [one for one in REFERENCES if one[0] in EXPOSED])
def test_a_row_out_of_reach_cannot_be_named(program, alder, birch, noun, path, test):
    if test and path in COMMON:
        return
    own = alder
    if noun == "users":                  # whose id fields name merchants: there the other's is one he has not
        both, stranger = [alder], birch
    else:
        both, stranger = [alder, birch], None
    core = program(role="admin_user", merchant_ids=both)
    exposure = EXPOSED[noun]
    known = body_of(exposure, own)
    good = NAMED.get((noun, path), lambda actor: made_for(path, actor))(cast.actor_for(own))
    foreign = stranger or made_for(path, cast.actor_for(alder if test else birch).in_world(test=test))
    name = exposure.name

    def naming(value):
        """The body with the value in the field."""
        if "." not in path:
            return known | {exposure.word(path): value}
        return in_words(exposure, placed(bodies(own)[noun], path, value))

    place = f"{file_of(exposure.resource)}: load {path} through the Listing of what it names, with refer()"
    assert core("POST", exposure.path, json=naming(foreign)).status_code == 400, place
    refused = core.error(f"{name}.create", naming(foreign))
    assert refused["code"] == -32602, refused
    assert list(refused["data"]) == [exposure.word(path.removesuffix(".0"))]
    key = core.result(f"{name}.create", naming(good))["id"]
    top = exposure.word(path.partition(".")[0])
    change = {top: naming(foreign)[top]}
    before = core.result(f"{name}.get", {"id": key})
    assert core.error(f"{name}.update", {"id": key, **change})["code"] == -32602
    reply = core("PATCH", f"{exposure.path}/{key}", json=change)
    assert reply.status_code == 400, reply.json
    assert core.result(f"{name}.get", {"id": key}) == before


def test_the_walk_finds_the_ids_of_an_input():
    class Line(Input):
        product_id: Maybe[RowId] = None
        quantity: Annotated[int, Whole(1, 10)]

    class Thing(Input):
        customer_id: RowId
        lines: list[Line]
        merchant_ids: list[RowId] = []

    assert ids(Thing) == ["customer_id", "lines.0.product_id", "merchant_ids.0"]
