"""Any document gets a JSON-RPC answer: never a 500, never a page, never a broken envelope.

COUNTINGHOUSE_TEST_FUZZ=10000 sets how many documents are tried.
"""

import json
import os
from urllib.parse import quote, urlencode

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from blueprints.api.core import CONTRACT
from tests.api.core.conftest import Program
from tests.api.core.envelope import check_answers

pytestmark = pytest.mark.slow

EXAMPLES = int(os.environ.get("COUNTINGHOUSE_TEST_FUZZ", "300"))
METHODS = sorted({operation.name for operation in CONTRACT.operations})
NAMES = sorted({name for operation in CONTRACT.operations for name in operation.positional})
ODD = ["", "0", "-1", "1e3", "٣", "\x00", "\ud800", "%", "a" * 300, "customer_1", "2026-02-30", "2026-01-31 12:00:00",
       "EUR", "978", "__class__", "../../etc/passwd", "US", "Europe/Madrid", "1 OR 1=1", "active", "ada@example.org"]

scalars = st.one_of(
    st.none(), st.booleans(), st.integers(-(10**30), 10**30), st.integers(-2, 1200), st.sampled_from([978, 840, 1]),
    st.floats(), st.text(st.characters(), max_size=20), st.sampled_from(ODD),
)
values = st.recursive(
    scalars, lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=6), inner, max_size=4),
    max_leaves=6,
)
params = st.one_of(
    st.dictionaries(st.sampled_from([*NAMES, "__tz"]), values, max_size=6), st.lists(values, max_size=5), values,
)
calls = st.fixed_dictionaries(
    {"jsonrpc": st.just("2.0"), "method": st.sampled_from(METHODS)},
    optional={"params": params, "id": st.one_of(st.integers(), st.text(max_size=5), values)},
)
strange = st.dictionaries(st.sampled_from(["jsonrpc", "method", "params", "id", "x"]), values, max_size=5)
documents = st.one_of(calls, calls, st.lists(calls | strange | values, max_size=6), strange, values)


def test_any_document_gets_an_answer_in_the_protocol(core, alder):
    assert isinstance(core, Program)
    statuses = set()

    @settings(max_examples=EXAMPLES)
    @given(documents)
    def run(document):
        raw = json.dumps(document)
        reply = core("POST", "/", data=raw, content_type="application/json")
        statuses.add(reply.status_code)
        assert reply.status_code in (200, 204), (raw, reply.data)
        for error in check_answers(raw, reply):
            assert error["code"] != -32603, (raw, error)

    run()
    assert statuses == {200, 204}


def test_any_bytes_get_an_answer_in_the_protocol(core):
    @settings(max_examples=EXAMPLES // 3)
    @given(st.binary(max_size=60) | st.text(max_size=60).map(lambda text: text.encode("utf-8", "surrogatepass")))
    def run(raw):
        reply = core("POST", "/api/", data=raw)
        assert reply.status_code == 200
        check_answers(raw, reply)

    run()


operations = st.sampled_from(CONTRACT.operations)
keys = st.one_of(st.integers(-1, 3).map(str), st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=8))
words = st.text(max_size=12) | st.sampled_from(ODD)
queries = st.dictionaries(st.sampled_from([*NAMES, "__tz", "id[]"]), words, max_size=4)


def test_any_rest_call_gets_an_answer_in_its_shape(core, alder):
    @settings(max_examples=EXAMPLES)
    @given(operations, keys, queries, values | st.dictionaries(st.sampled_from([*NAMES, "__tz"]), values, max_size=5))
    def run(operation, key, query, body):
        path = operation.path.replace("{key}", quote(key, safe=""))
        text = urlencode(query, errors="surrogatepass")
        reply = core(operation.method, f"{path}?{text}", data=json.dumps(body))
        assert reply.status_code in (200, 400, 401, 403, 404, 405, 422, 429), (operation.name, key, query, body)
        assert reply.mimetype == "application/json"
        if reply.status_code != 200:
            assert set(reply.json) == {"error"}

    run()
