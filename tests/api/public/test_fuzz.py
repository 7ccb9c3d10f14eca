"""Random bodies, queries and headers against every route: never a 5xx, always the envelope.

The same examples each time; COUNTINGHOUSE_TEST_EXAMPLES asks for so many others.
"""

import json
import os
import re

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from blueprints.api import public, schemas
from tests import cast
from tests.rows import make

pytestmark = pytest.mark.slow

EXAMPLES = os.environ.get("COUNTINGHOUSE_TEST_EXAMPLES")
FUZZ = settings(
    max_examples=int(EXAMPLES or 40), derandomize=EXAMPLES is None, database=None, deadline=None,
    suppress_health_check=list(HealthCheck),
)
WORDS = st.text(max_size=30) | st.sampled_from([
    "", "customer_1", "product_1", "budget_1", "item_1", "EUR", "JPY", "ACTIVE", "PENDING", "APPROVED", "2199-01-01",
    "2199-01-01T00:00:00Z", "ada@example.org", "\x00", "\ud800", "9" * 40, "true", "null", "'", "%", "SERVICE", "ES",
])
SCALARS = (
    st.none() | st.booleans() | WORDS | st.integers() | st.integers(-2, 10) | st.floats(allow_nan=False)
    | st.sampled_from([2**31, 2**53, 2**63, -(2**63), 10**30, 0.1, 1e-7, 1e308])
)
VALUES = st.recursive(
    SCALARS, lambda inner: st.lists(inner, max_size=4) | st.dictionaries(WORDS, inner, max_size=4), max_leaves=8
)


def fields_of(exposure):
    """Objects with the exposure's own field names, right values and wrong ones, in depth as well."""
    def shaped(fields):
        known = {
            wire: VALUES | shaped(field.fields) | st.lists(shaped(field.fields), max_size=3)
            if hasattr(field, "fields") else VALUES
            for wire, field in fields.items()
        }
        return st.fixed_dictionaries({}, optional=known)

    return shaped(exposure.fields)


WRITES = [one for one in public.CONTRACT.operations if one.takes_body and one.exposure is not None]
LISTS = [one for one in public.CONTRACT.operations if one.name.endswith(".list")]


@pytest.fixture
def stage(api, alder):
    """A row of each noun to write to."""
    customer = cast.make_customer(alder, email="ada@example.org")
    cast.make_product(alder)
    cast.make_budget(alder, customer)
    for resource in {one.exposure.resource.name: one.exposure.resource for one in WRITES}.values():
        if not cast.count(resource.listing.model):
            make(resource, alder)
    return api


def assert_answer(reply):
    """An answer in the envelope, in strict JSON, and no fault of ours."""
    assert reply.status_code < 500, reply.data
    body = json.loads(reply.data, parse_constant=lambda name: pytest.fail(f"{name} is not JSON"))
    keys = ["error", "message", "details", "timestamp", "requestId"] if reply.status_code >= 400 else ["data"]
    assert list(body)[:len(keys)] == keys
    assert "Traceback" not in reply.get_data(as_text=True)
    assert not re.search(r"sqlalchemy|sqlite3|psycopg", reply.get_data(as_text=True))


def path_of(operation):
    exposure = operation.exposure
    return operation.path.replace("{key}", f"{exposure.prefix}1")


@pytest.mark.parametrize("operation", WRITES, ids=lambda one: one.name)
def test_random_bodies_never_break_a_write(stage, operation):
    start = schemas.body(operation.exposure, new=True).example if operation.method == "POST" else {}

    @FUZZ
    @given(fields_of(operation.exposure), st.booleans())
    def attack(body, complete):
        text = json.dumps(start | body if complete else body)
        assert_answer(stage(operation.method, path_of(operation), data=text, content_type="application/json"))

    attack()


@pytest.mark.parametrize("operation", LISTS, ids=lambda one: one.name)
def test_random_queries_never_break_a_list(stage, operation):
    known = st.sampled_from(["asc", "name", "total", "createdAt"])
    values = WORDS | st.integers().map(str) | st.floats().map(str) | known
    queries = st.dictionaries(st.sampled_from(operation.parameters) | WORDS, values, max_size=5)

    @FUZZ
    @given(queries)
    def attack(parameters):
        query = {name.encode("utf-8", "replace"): text.encode("utf-8", "replace") for name, text in parameters.items()}
        assert_answer(stage.get(operation.path, query_string=query))

    attack()


@FUZZ
@given(st.binary(max_size=200))
def test_random_bytes_never_break_the_reader(stage, raw):
    assert_answer(stage.post("/customers", data=raw, content_type="application/json"))


LATIN = st.text(st.characters(max_codepoint=255, exclude_characters="\r\n\x00"), max_size=60)


@FUZZ
@given(LATIN, LATIN, LATIN, LATIN)
def test_random_headers_never_break_a_call(stage, match, key, kind, agent):
    headers = {"If-Match": match, "Idempotency-Key": key, "User-Agent": agent}
    for method, path in (("PUT", "/customers/customer_1"), ("POST", "/customers")):
        reply = stage(method, path, data=b'{"name":"Ada"}', headers=headers, content_type=kind)
        assert_answer(reply)


@FUZZ
@given(LATIN)
def test_random_credentials_never_break_recognition(stage, secret):
    reply = stage.get("/customers", headers={"Authorization": secret})
    assert reply.status_code == 401
    assert_answer(reply)


@FUZZ
@given(st.text(st.characters(exclude_categories=["Cs"]), max_size=40))
def test_random_ids_never_break_a_path(stage, key):
    for noun in ("customers", "products", "budgets"):
        reply = stage.get(f"/{noun}/{key}".replace("?", "%3F").replace("#", "%23"))
        assert reply.status_code in (200, 400, 404, 405)
        assert_answer(reply)
