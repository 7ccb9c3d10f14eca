"""Errors of every contract have its one shape, wherever they arise, and reveal nothing internal.

A new contract is tested without being listed here; it needs a caller in CALLERS and the keys of its refusal in SHAPES.
"""

import re

import pytest

from app import CONTRACTS
from database import db, transaction
from domain import settings
from domain.access import customer_tokens, tokens
from domain.actor import Actor
from domain.people import customers
from domain.permissions import ROLE_SCOPES
from models.customer import Customer, CustomerStatus
from models.user import Role, User
from tests import cast
from tests.rows import wrapped

HERE = "tests/api/test_refusals.py"
# The keys that every refusal of a contract has, by their path.
SHAPES = {
    "public": {"error", "message", "details", "timestamp", "requestId"},
    "core": {"error.message", "error.data"},
    "client": {"error", "code"},
    "merchant": set(),                  # the wrong attributes, or base
    "core by RPC": {"jsonrpc", "id", "error.code", "error.message"},
}
INSIDE = ("Traceback", "RuntimeError", "the disk is gone", "sqlalchemy", "domain.", ".py")


def public_caller(app, merchant, *, scopes=None, per_hour=100_000):
    more = {} if scopes is None else {"scopes": scopes}
    return {"Authorization": f"Bearer {cast.make_key(merchant, rate_limit_per_hour=per_hour, **more)[1]}"}


def core_caller(app, merchant, *, scopes=None, per_hour=100_000):
    """A user may do what the role allows, without own scopes; the limit is the installation's, by the minute."""
    role = "admin_user" if scopes is None else "restricted_user"
    number = cast.make_user(f"{role}@alder.example", role, all_merchants=True)
    if per_hour < 100_000:
        with transaction():
            settings.update(Actor.operator(), {"core_rate_limit_per_minute": per_hour})
    with transaction():
        return {"X-Api-Key": tokens.reveal(Actor.system(), db.session.get(User, number))}


def merchant_caller(app, merchant, *, scopes=None, per_hour=100_000):
    """A user with API access, who has what his role may do."""
    role = "admin_user" if scopes is None else "restricted_user"
    number = cast.make_user(f"{role}@shop.example", role, merchant_ids=[merchant], api_access=True)
    if per_hour < 100_000:
        with transaction():
            settings.update(Actor.operator(), {"merchant_rate_limit_per_minute": per_hour})
    with transaction():
        return {"Authorization": f"Bearer {tokens.reveal(Actor.system(), db.session.get(User, number))}"}


def client_caller(app, merchant, *, scopes=None, per_hour=100_000):
    """A customer; one without permission to write is stopped. The limit is the installation's, by the minute."""
    number = cast.make_customer(merchant, email=f"client{scopes is None}@alder.example")
    with transaction():
        settings.update(Actor.operator(), {"client_api_limit_per_minute": per_hour})
        customer = db.session.get(Customer, number)
        if scopes is not None:
            customers.update(cast.actor_for(merchant), customer, {"status": CustomerStatus.STOPPED})
        return {"Authorization": f"Bearer {customer_tokens.issue(Actor.system(), customer)}"}


CALLERS = {"public": public_caller, "core": core_caller, "merchant": merchant_caller, "client": client_caller}


def first(contract, verb):
    """The path of an operation under the contract's first prefix: of a noun, or another one with a scope."""
    found = next((one for one in contract.operations if one.verb == verb and one.exposure is not None), None)
    found = found or next(one for one in contract.operations if one.takes_body == (verb == "create") and one.scope)
    return contract.prefixes[0] + found.path.replace("{key}", "1"), found


def paths(body, place=""):
    """Every key of a document, by its path."""
    for name, value in body.items():
        yield place + name
        if isinstance(value, dict):
            yield from paths(value, f"{place}{name}.")


def assert_shape(reply, name):
    assert name in SHAPES, f"Say in SHAPES of {HERE} what a refusal of the contract {name} looks like."
    assert reply.mimetype == "application/json", (name, reply.status_code, reply.text[:200])
    missing = SHAPES[name] - set(paths(reply.json))
    assert not missing, f"A refusal of {name} lacks {sorted(missing)}: {reply.text}"
    assert reply.headers["X-Request-Id"].startswith("req_")
    assert [word for word in INSIDE if word in reply.text] == []
    if not SHAPES[name]:
        assert reply.json, "no attribute is named"
        assert all(told and all(isinstance(one, str) for one in told) for told in reply.json.values()), reply.text


@pytest.fixture(params=CONTRACTS, ids=lambda contract: contract.name)
def contract(request):
    assert request.param.name in CALLERS, f"Give the contract {request.param.name} a caller in CALLERS of {HERE}."
    return request.param


@pytest.fixture
def ask(app, contract, alder):
    """A function that makes one call with the headers of a caller who may do everything."""
    headers = CALLERS[contract.name](app, alder)
    return lambda method, path, **more: app.test_client().open(
        path, method=method, headers=more.pop("headers", headers), **more
    )


@pytest.mark.parametrize("body", [b"{", b"", b"[]", b"\xff\xfe", b'{"nothing that we know": 1}'],
                         ids=["cut", "empty", "a list", "no text", "an unknown field alone"])
def test_a_call_is_refused_for_its_body(contract, ask, body):
    path, made = first(contract, "create")
    reply = ask(made.method, path, data=body, content_type="application/json")
    assert reply.status_code in (400, 422), reply.text
    assert_shape(reply, contract.name)


def test_a_call_is_refused_for_a_body_that_is_too_long(contract, ask):
    path, made = first(contract, "create")
    reply = ask(made.method, path, data=b'{"name": "' + b"a" * 1_100_000 + b'"}', content_type="application/json")
    assert reply.status_code == 413
    assert_shape(reply, contract.name)


@pytest.mark.parametrize("key", ["no-id", "0", "999999", "9" * 30])
def test_a_call_is_refused_for_a_row_that_is_not_there(contract, ask, key):
    verbs = {one.verb for one in contract.operations if one.exposure is not None}
    for verb in verbs & {"get", "update", "delete"}:
        _, made = first(contract, verb)
        path = contract.prefixes[0] + made.path.replace("{key}", key)
        reply = ask(made.method, path, json=wrapped(made.exposure, {}))
        assert reply.status_code in (400, 404), reply.text
        assert_shape(reply, contract.name)


def test_a_call_is_refused_for_an_unknown_path(contract, ask):
    path, _ = first(contract, "list")
    reply = ask("GET", path + "/1/nothing/of/the/kind")
    assert reply.status_code == 404
    assert_shape(reply, contract.name)


def test_a_call_is_refused_for_a_method_that_the_path_does_not_have(contract, ask):
    path, _ = first(contract, "list")
    reply = ask("DELETE", path)
    assert reply.status_code == 405
    assert reply.headers["Allow"]
    assert_shape(reply, contract.name)


def test_an_address_says_the_methods_of_its_own_operations(contract, ask):
    known = {}
    for one in contract.operations:
        known.setdefault(one.path, set()).update((one.method, *one.also))
    for path, methods in known.items():
        reply = ask("OPTIONS", contract.prefixes[0] + re.sub(r"\{\w+\}", "1", path))
        allowed = methods | ({"HEAD"} if "GET" in methods and contract.allows_head else set())
        assert (reply.status_code, set(reply.headers["Allow"].split(", "))) == (405, allowed), path


@pytest.mark.parametrize("headers", [
    {}, {"Authorization": "Bearer nobody"}, {"Authorization": "Bearer "}, {"Authorization": "Basic YTpi"},
    {"X-Api-Key": "nobody"},
], ids=["none", "unknown", "empty", "another scheme", "unknown token"])
def test_a_call_is_refused_for_its_key(contract, ask, headers):
    path, made = first(contract, "list")
    reply = ask(made.method, path, headers=headers)
    assert reply.status_code == 401, reply.text
    assert_shape(reply, contract.name)


def test_a_call_is_refused_for_a_scope_that_the_key_does_not_have(app, contract, ask, alder, monkeypatch):
    path, made = first(contract, "create" if contract.name == "client" else "list")      # customers may always read
    if made.scope is None:
        pytest.skip(f"the {contract.name} contract asks for no scope")
    others = [one.scope for one in contract.operations if one.scope not in (None, made.scope)]
    monkeypatch.setitem(ROLE_SCOPES, Role.RESTRICTED, frozenset(others[:1]))     # of those whose role counts
    body = {"json": {"name": "Bea"}} if made.takes_body else {}
    reply = ask(made.method, path, headers=CALLERS[contract.name](app, alder, scopes=others[:1]), **body)
    assert reply.status_code == 403
    assert_shape(reply, contract.name)


def test_a_call_is_refused_over_the_limit(app, contract, alder):
    headers = CALLERS[contract.name](app, alder, per_hour=1)
    path, _ = first(contract, "list")
    replies = [app.test_client().get(path, headers=headers) for _ in range(2)]
    assert [reply.status_code for reply in replies] == [200, 429]
    assert int(replies[1].headers["Retry-After"]) > 0
    assert_shape(replies[1], contract.name)


def test_a_call_that_crashes_is_refused_without_details(contract, ask, monkeypatch):
    def crash(*_, **__):
        raise RuntimeError("the disk is gone")

    path, made = first(contract, "list")
    monkeypatch.setattr(contract, "collection", crash)
    monkeypatch.setattr("blueprints.api.client.profile.shown", crash)       # the Client API's first read
    reply = ask(made.method, path)
    assert reply.status_code == 500
    assert_shape(reply, contract.name)


@pytest.mark.parametrize(("document", "status"), [
    (b"{", 400), (b"[]", 400), ({"jsonrpc": "2.0", "id": 1}, 400),
    ({"jsonrpc": "2.0", "method": "no.such", "id": 1}, 200),
    ({"jsonrpc": "2.0", "method": "clients.get", "params": [999999], "id": 1}, 200),
    ({"jsonrpc": "2.0", "method": "clients.get", "params": "text", "id": 1}, 200),
    ({"jsonrpc": "2.0", "method": "clients.create", "params": {"unknown": 1}, "id": 1}, 200),
], ids=["cut", "no call", "no method", "an unknown method", "no row", "no parameters", "an unknown field"])
def test_json_rpc_refuses_each_kind_of_wrong_document(app, alder, document, status):
    data = {"data": document} if isinstance(document, bytes) else {"json": document}
    reply = app.test_client().post("/", headers=core_caller(app, alder), content_type="application/json", **data)
    assert reply.status_code in (200, status), reply.text
    assert_shape(reply, "core by RPC")
