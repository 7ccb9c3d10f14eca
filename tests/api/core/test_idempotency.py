"""Idempotency-Key by REST and by JSON-RPC: one effect, one response, no stored secret."""

import threading
from concurrent.futures import ThreadPoolExecutor

import pytest
from sqlalchemy import select

from database import db
from domain import audit
from models import Customer, IdempotentReply
from models.credential import Credential
from models.user import User
from models.webhook import Endpoint
from tests import cast
from tests.api.core.conftest import Program, token_of

KEYED = {"Idempotency-Key": "one"}


def client(alder, **more):
    given = {"companies_id": alder, "name": "Ada", "c_email_billing": "ada@example.org", "currencies_id": 978}
    email = more.pop("email", given["c_email_billing"])
    return given | more | {"c_email_billing": email}


def call(method, params, key=1):
    return {"jsonrpc": "2.0", "method": method, "params": params, "id": key}


def test_a_creation_by_rest_is_done_once(core, alder):
    replies = [core("POST", "/clients", json=client(alder), headers=KEYED) for _ in range(3)]
    assert {reply.status_code for reply in replies} == {200}
    assert len({reply.data for reply in replies}) == 1
    assert [reply.headers.get("Idempotent-Replayed") for reply in replies] == [None, "true", "true"]
    assert [reply.headers["ETag"] for reply in replies] == ['"1"'] * 3
    assert cast.count(Customer) == 1


def test_a_call_by_rpc_is_done_once_whatever_its_id_and_spelling(core, alder):
    first = core("POST", "/", json=call("clients.create", client(alder), 1), headers=KEYED)
    spelled = dict(reversed(client(alder).items()))
    again = core("POST", "/", json=call("clients.create", spelled, 2), headers=KEYED)
    assert (first.json["id"], again.json["id"]) == (1, 2)
    assert first.json["result"] == again.json["result"]
    assert (again.headers["Idempotent-Replayed"], again.headers["ETag"]) == ("true", '"1"')
    assert cast.count(Customer) == 1


def test_other_parameters_under_the_same_key_are_409(core, alder):
    core("POST", "/", json=call("clients.create", client(alder)), headers=KEYED)
    for document in (call("clients.create", client(alder, name="Eve")), call("clients.search", {}),
                     [call("clients.create", client(alder)), call("clients.create", client(alder))]):
        reply = core("POST", "/", json=document, headers=KEYED)
        assert reply.status_code == 409
        assert reply.json["error"]["data"]["code"] == "idempotency_conflict"
    rest = core("POST", "/clients", json=client(alder), headers=KEYED)
    assert (rest.status_code, rest.json["error"]["data"]["code"]) == (409, "idempotency_conflict")
    assert cast.count(Customer) == 1


def test_a_batch_is_done_once_and_what_failed_is_tried_again(core, alder):
    calls = [
        call("clients.create", client(alder), "a"), call("clients.create", client(alder, email="nonsense"), "b"),
        call("clients.update", {"id": 1, "name": "Eve"}, "c"), call("clients.search", {}, "d"),
    ]
    first = core("POST", "/", json=calls, headers=KEYED)
    again = core("POST", "/", json=calls, headers=KEYED)
    assert first.json == again.json
    assert ["error" in one for one in again.json] == [False, True, False, False]
    assert again.headers["Idempotent-Replayed"] == "true"
    assert "ETag" not in again.headers
    assert db.session.scalars(select(Customer.version)).all() == [2]
    assert sorted(db.session.scalars(select(IdempotentReply.part))) == [0, 2]


def test_a_batch_that_was_cut_off_is_completed(core, alder, monkeypatch):
    calls = [call("clients.create", client(alder, email=f"{number}@example.org"), number) for number in range(3)]
    noted, record = [], audit.record

    def crash(*given, **named):
        noted.append(given)
        if len(noted) > 1:
            raise RuntimeError("the power went away")
        record(*given, **named)

    with monkeypatch.context() as patched:
        patched.setattr(audit, "record", crash)
        assert ["error" in one for one in core("POST", "/", json=calls, headers=KEYED).json] == [False, True, True]
    assert len({one["result"]["id"] for one in core("POST", "/", json=calls, headers=KEYED).json}) == 3
    assert cast.count(Customer) == 3


def test_a_refused_call_does_not_use_the_key_up(core, alder):
    assert "error" in core("POST", "/", json=call("clients.create", client(alder, email="no")), headers=KEYED).json
    assert core("POST", "/clients", json=client(alder, email="no"), headers=KEYED).status_code == 400
    assert "result" in core("POST", "/", json=call("clients.create", client(alder)), headers=KEYED).json


def test_users_of_one_merchant_have_keys_of_their_own(core, program, alder):
    other = program("other@alder.example", merchant_ids=[alder])
    mine = core("POST", "/clients", json=client(alder), headers=KEYED).json
    theirs = other("POST", "/clients", json=client(alder, email="eve@example.org"), headers=KEYED).json
    assert (mine["id"], theirs["id"]) == (1, 2)


@pytest.mark.parametrize("key", ["", "k" * 256])
def test_a_key_that_cannot_be_kept_is_refused(core, alder, key):
    headers = {"Idempotency-Key": key}
    rest = core("POST", "/clients", json=client(alder), headers=headers)
    assert (rest.status_code, list(rest.json["error"]["data"])) == (400, ["Idempotency-Key"])
    rpc = core("POST", "/", json=call("clients.create", client(alder)), headers=headers).json
    assert (rpc["id"], list(rpc["error"]["data"])) == (1, ["Idempotency-Key"])
    assert cast.count(Customer) == 0


@pytest.fixture
def secrets(core, alder):
    """What answers with a secret: REST path, method, parameters, the secret's name."""
    core.result("webhooks.create", {"companies_id": alder, "url": "https://example.org/first"})
    return {
        "key": ("/iam/api-keys", "api_keys.create", {"companies_id": alder, "name": "Shop"}, "key"),
        "endpoint": ("/webhooks", "webhooks.create", {"companies_id": alder, "url": "https://example.org/"}, "secret"),
        "rotation": ("/webhooks/1/rotate", "webhooks.rotate", {"id": 1}, "secret"),
    }


@pytest.mark.parametrize("which", ["key", "endpoint", "rotation"])
@pytest.mark.parametrize("protocol", ["rest", "rpc"])
def test_a_secret_is_shown_once_and_not_stored(core, secrets, which, protocol):
    path, method, given, name = secrets[which]

    def ask():
        body = {} if which == "rotation" else given
        answer = core("POST", path, json=body, headers=KEYED) if protocol == "rest" else core(
            "POST", "/", json=call(method, given), headers=KEYED)
        return answer.json if protocol == "rest" else answer.json["result"]

    first, made = ask(), cast.count(Credential) + cast.count(Endpoint)
    again = ask()
    secret = first.pop(name)
    assert again == first
    assert not [row for row in db.session.scalars(select(IdempotentReply.body)) if secret.encode() in row]
    assert cast.count(Credential) + cast.count(Endpoint) == made


def test_a_repeated_creation_of_a_user_hashes_once(core, alder, hashings):
    given = {"email": "new@alder.example", "password": cast.PASSWORD, "role": "normal_user", "companies_ids": [alder]}
    hashings.clear()
    for _ in range(3):
        reply = core("POST", "/", json=call("users.create", given), headers=KEYED)
        assert reply.json["result"]["email"] == given["email"]
    assert hashings == ["hash_of"]
    assert db.session.query(User).filter_by(email=given["email"]).count() == 1


def test_a_login_is_never_kept(app, core, ada, login):
    params = {"login": "ada@alder.example", "password": cast.PASSWORD}
    tokens = [core("POST", "/", json=call("iam.auth.jwt.authenticate", params), headers=KEYED) for _ in range(2)]
    tokens += [core("POST", "/iam/auth/jwt/authenticate", json=params, headers=KEYED) for _ in range(2)]
    assert [one.status_code for one in tokens] == [200] * 4
    assert cast.count(IdempotentReply) == 0


@pytest.fixture
def two_programs(workshop):
    """A function that lets the programs of one user ask at the same moment; their answers."""
    with workshop.app_context():
        merchant = cast.make_merchant()
        token = token_of(cast.make_user("ops@example.org", merchant_ids=[merchant]))
        db.session.remove()

    def run(count, work):
        start = threading.Barrier(count)

        def one(number):
            program = Program(workshop, token)
            start.wait()
            return work(program, merchant, number)

        with ThreadPoolExecutor(count) as threads:
            return list(threads.map(one, range(count)))

    return run


@pytest.mark.files
@pytest.mark.parametrize("protocol", ["rest", "rpc"])
def test_of_equal_requests_at_once_one_creates_and_all_get_its_answer(workshop, two_programs, protocol):
    def ask(program, merchant, number):
        if protocol == "rest":
            return program("POST", "/clients", json=client(merchant), headers=KEYED).json
        return program("POST", "/", json=call("clients.create", client(merchant), number), headers=KEYED).json["result"]

    answers = two_programs(8, ask)
    assert all(answer == answers[0] for answer in answers)
    with workshop.app_context():
        assert cast.count(Customer) == 1


@pytest.mark.files
def test_of_equal_creations_of_a_key_at_once_one_is_made_and_shows_the_secret(workshop, two_programs):
    def ask(program, merchant, _):
        given = {"companies_id": merchant, "name": "Shop"}
        return program("POST", "/iam/api-keys", json=given, headers=KEYED).json

    answers = two_programs(6, ask)
    assert len({answer["id"] for answer in answers}) == 1
    assert sum("key" in answer for answer in answers) == 1


@pytest.mark.files
@pytest.mark.parametrize("protocol", ["rest", "rpc"])
def test_of_writers_who_saw_the_same_version_one_wins(workshop, two_programs, protocol):
    with workshop.app_context():
        cast.make_customer(1)
        db.session.remove()

    def ask(program, _, number):
        tag = {"If-Match": '"1"'}
        if protocol == "rest":
            return program("PATCH", "/clients/1", json={"name": f"N{number}"}, headers=tag).status_code == 200
        document = call("clients.update", {"id": 1, "name": f"N{number}"})
        return "result" in program("POST", "/", json=document, headers=tag).json

    assert sum(two_programs(8, ask)) == 1
