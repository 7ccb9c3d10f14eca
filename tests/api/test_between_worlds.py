"""Live and test rows of one merchant: for every operation of every contract those of the other world are not there."""

import json
import re

import pytest

from app import CONTRACTS
from blueprints.api.rpc import RpcContract
from database import Model, db, transaction
from domain.access import tokens
from domain.actor import Actor
from domain.integrations import webhooks
from models.user import User
from models.webhook import Delivery
from tests import cast
from tests.api.client.conftest import ClientProgram
from tests.api.client.conftest import token_of as client_token
from tests.api.conftest import Caller
from tests.api.core.conftest import Program
from tests.api.merchant.conftest import Shop
from tests.rows import MADE, make, wrapped

pytestmark = pytest.mark.slow

EXPOSED = {
    (one.contract.name, one.name): one for contract in CONTRACTS for operation in contract.operations
    if (one := operation.exposure) is not None and hasattr(one.resource.listing.model, "test")
    and one.name not in ("test_clocks", "payments")             # they are not created like others: see their own tests
}
ON_A_ROW = [
    (contract, one) for contract in CONTRACTS for one in contract.operations
    if one.exposure in EXPOSED.values() and "{key}" in one.path
]
LISTS = [
    (contract, one) for contract in CONTRACTS for one in contract.operations
    if one.exposure in EXPOSED.values() and one.verb == "list"
]
WORLDS = pytest.mark.parametrize("test", [False, True], ids=["live to test", "test to live"])
WORDS = {False: "Genuine", True: "Sandbox"}
MISSING = 987_654
QUERIES = {
    "public": ("?limit=100", "?search={word}", "?limit=100&sort=createdAt&order=asc"),
    "merchant": ("?page=1&per_page=100",), "client": ("",),
    "core": ("", "?id[]={other}", "?id[]={other}&id[]={mine}", "?limit=1000&order=-id"),
}


def named(value):
    return getattr(value, "name", "")


def client_of(app, merchant, *, test):
    """A new customer's program."""
    actor = cast.actor_for(merchant).in_world(test=test)
    return ClientProgram(app, client_token(cast.make_customer(merchant, "Cleo", email="cleo@example.org", actor=actor)))


@pytest.fixture
def callers(app, alder):
    """A function that gives a contract's caller of a world."""
    user = cast.make_user("both@alder.example", role="admin_user", merchant_ids=[alder], api_access=True)
    keys = {test: cast.make_key(alder, mode="test" if test else "live")[1] for test in (False, True)}
    with transaction():
        row = db.session.get(User, user)
        said = {test: tokens.reveal(Actor.system(), row, test=test) for test in (False, True)}
    kinds = {
        "public": lambda test: Caller(app, keys[test]), "core": lambda test: Program(app, said[test]),
        "merchant": lambda test: Shop(app, said[test]), "client": lambda test: client_of(app, alder, test=test),
    }
    return lambda contract, test: kinds[contract.name](test)


@pytest.fixture
def rows(made_once, monkeypatch):
    monkeypatch.setattr(webhooks.policy, "allowed_hosts", ("hooks.example.com",))
    return made_once(make_rows)


@pytest.fixture
def alder(rows):
    return rows["alder"]


def make_rows():
    """The ids of a row of every noun in both worlds, by noun and world; each says its world in its texts."""
    made, alder = {}, cast.make_merchant("Alder")
    nouns = {one.resource.name: one.resource for one in EXPOSED.values()}
    for name in sorted(nouns, key=lambda one: one != webhooks.RESOURCE.name):       # what follows is told to them
        if nouns[name].input is not None or nouns[name].noun in MADE:
            made[name] = {test: make(nouns[name], alder, WORDS[test], test=test) for test in (False, True)}
    deliveries = {test: db.session.query(Delivery.id).filter_by(test=test).first() for test in (False, True)}
    return made | {"deliveries": {test: row.id for test, row in deliveries.items()}, "alder": alder}


def everything():
    """Every row of every business table but the kept answers."""
    db.session.rollback()
    return {table.name: sorted(map(str, db.session.execute(table.select())))
            for table in Model.metadata.sorted_tables if table.name != "idempotent_replies"}


def at(path, key, order):
    """A path with the id of a row, and with that of an order where it is below one."""
    return path.replace("{key}", key).replace("{order_id}", str(order))


def blind(reply, *keys):
    """An answer without what every answer has of its own."""
    text = json.dumps({name: value for name, value in reply.json.items() if name not in ("requestId", "timestamp")})
    return reply.status_code, re.sub("|".join(sorted(map(str, keys), key=len, reverse=True)), "N", text)


def test_the_walk_covers_every_noun_of_a_world(rows):
    assert {one.resource.name for one in EXPOSED.values()} == rows.keys() - {"alder"}


@WORLDS
@pytest.mark.parametrize("contract", CONTRACTS, ids=named)
def test_a_row_of_the_other_world_is_as_good_as_none(callers, rows, contract, test):
    call, before = callers(contract, test), everything()
    for operation in (one for its, one in ON_A_ROW if its is contract):
        exposure = operation.exposure
        other = rows[exposure.resource.name][not test]
        replies = [
            call(operation.method, at(operation.path, f"{exposure.prefix}{key}", rows["orders"][not test]),
                 json=wrapped(exposure, {}) if operation.takes_body else None)
            for key in (other, MISSING)
        ]
        assert replies[0].status_code == 404, operation.name
        assert blind(replies[0], other, MISSING) == blind(replies[1], other, MISSING), operation.name
        if isinstance(contract, RpcContract) and not operation.media:
            assert call.error(operation.name, {"id": other})["code"] == -32001, operation.name
    assert everything() == before


@WORLDS
@pytest.mark.parametrize("contract", CONTRACTS, ids=named)
def test_a_list_has_rows_of_its_world_only_and_counts_only_those(callers, rows, contract, test):
    call = callers(contract, test)
    for exposure in (one.exposure for its, one in LISTS if its is contract):
        mine, other = (f"{exposure.prefix}{rows[exposure.resource.name][world]}" for world in (test, not test))
        for query in QUERIES[contract.name]:
            reply = call.get(exposure.path + query.format(word=WORDS[not test], other=other, mine=mine))
            assert reply.status_code == 200, reply.json
            found = reply.json["data"] if contract.name in ("public", "client") else reply.json
            shown = [str(one["id"]) for one in found]
            assert other not in shown, (exposure.name, query)
            is_mine = contract.name != "client"             # where these rows are of other customers
            assert (mine in shown) == (is_mine and "word" not in query and query != "?id[]={other}"), exposure.name
            assert WORDS[not test] not in json.dumps(found), (exposure.name, query)
            if contract.name == "public":
                assert reply.json["pagination"]["total"] == len(found)


@WORLDS
def test_events_of_a_row_go_to_endpoints_of_its_world_only(callers, rows, test):
    public = next(one for one in CONTRACTS if one.name == "public")
    before = {world: db.session.query(Delivery).filter_by(test=world).count() for world in (False, True)}
    assert callers(public, test).post("/customers", {"name": "New"}).status_code == 201
    after = {world: db.session.query(Delivery).filter_by(test=world).count() for world in (False, True)}
    assert {world: after[world] - before[world] for world in after} == {test: 1, not test: 0}
