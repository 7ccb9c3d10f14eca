"""Objects of a request: stored with it, found by object, user and customer, deleted with it."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
import sqlalchemy as sa

from analytics.log.drain import drain
from analytics.log.spool import Spool, encode
from analytics.queries import listing, queries
from analytics.queries.filters import EVERYTHING, Filter, Scope
from analytics.retention import prune
from analytics.store import objects
from database import db
from tests import sql_statements
from tests.analytics.log_samples import NOW_US, record

MOMENT = datetime(1970, 1, 1, tzinfo=UTC) + timedelta(microseconds=NOW_US)
DAY_US = 86_400_000_000
ALDER, BIRCH = Scope(frozenset({1})), Scope(frozenset({2}))


@pytest.fixture
def note(log, folder):
    """Stores records."""
    def run(*records):
        spool = Spool(folder)
        for one in records:
            assert spool.append(one)
        spool.close()
        return drain(folder)

    return run


def asked(**more):
    known = {"scope": EVERYTHING, "start": MOMENT - timedelta(days=1), "end": MOMENT + timedelta(minutes=1)}
    return Filter(**(known | more))


def found(**more):
    return [row.request_id for row in listing.requests(asked(**more)).rows]


def stored():
    with db.engines["log"].connect() as connection:
        return [tuple(row) for row in connection.execute(
            sa.select(objects.c.noun, objects.c.object_id).order_by(objects.c.id, objects.c.place))]


def test_objects_stay_in_their_order_and_the_sentence_with_its_fields(note):
    touched = [("budget", 7), ("customer", 42), ("product", 2**62)]
    note(record(objects=touched, message="Some fields need attention.", fields=["items[0].price", "notes"]))
    (row,) = listing.requests(asked()).rows
    assert row.objects == tuple(touched)
    assert (row.message, row.fields) == ("Some fields need attention.", "items[0].price, notes")
    assert listing.request(EVERYTHING, row.id) == row


def test_a_record_of_a_former_version_has_none(note):
    old = record(request_id="old", contract="admin", source="admin")
    assert not {"objects", "message", "fields"} & old.keys()
    assert note(old, record(request_id="api")).damaged == 0
    assert found(source="pages") == ["old"]
    (row,) = listing.requests(asked(source="pages")).rows
    assert (row.objects, row.message, row.fields) == ((), None, None)


def test_requests_are_found_by_object_user_and_customer_newest_first(note):
    note(*(record(NOW_US + at, request_id=str(at), objects=[("customer", at % 2)], user_id=at % 3,
                  customer_id=at % 2) for at in range(9)))
    assert found(touched=("customer", 1)) == ["7", "5", "3", "1"]
    assert found(touched=("product", 1)) == []
    assert found(user_id=2) == ["8", "5", "2"]
    assert found(customer_id=1) == ["7", "5", "3", "1"]
    assert found(touched=("customer", 1), user_id=2) == ["5"]
    page = listing.requests(asked(touched=("customer", 1)), limit=3)
    assert [row.request_id for row in listing.requests(asked(touched=("customer", 1)), page.following, 3).rows] == ["1"]
    assert page.total is None
    assert len(list(listing.stream(asked(touched=("customer", 1))))) == 4


def test_only_requests_of_the_own_merchants_are_found_by_an_object(note):
    note(record(request_id="alder", merchant_id=1, objects=[("customer", 42)], user_id=5, customer_id=42),
         record(request_id="birch", merchant_id=2, objects=[("customer", 42)], user_id=5, customer_id=42),
         record(request_id="nobody", merchant_id=None, objects=[("customer", 42)], user_id=5, customer_id=42))
    for question in ({"touched": ("customer", 42)}, {"user_id": 5}, {"customer_id": 42}):
        assert found(scope=ALDER, **question) == ["alder"]
        assert found(scope=BIRCH, **question) == ["birch"]
        assert found(scope=Scope(frozenset()), **question) == []
        assert len(found(**question)) == 3


def test_a_call_of_a_batch_is_found_and_its_batch_is_not(note):
    call = {"method": "POST", "endpoint": "rpc:clients.get", "operation": "clients.get", "status": 200,
            "error_code": None, "duration_us": 100}
    note(record(endpoint="rpc:batch", contract="core", user_id=3, children=[
        {**call, "objects": [("customer", 42)], "customer_id": 42},
        {**call, "error_code": "-32001", "message": "not_found", "fields": ["id"]}]))
    (row,) = listing.requests(asked(touched=("customer", 42))).rows
    assert (row.endpoint, row.customer_id, row.user_id, row.message) == ("rpc:clients.get", 42, 3, None)
    batch = listing.request(EVERYTHING, row.parent_id)
    assert (batch.objects, batch.message, batch.customer_id) == ((), None, None)
    first, second = listing.children(EVERYTHING, batch.id)
    assert (first, second.objects, second.message, second.fields) == (row, (), "not_found", "id")


def test_a_request_id_is_found_in_all_of_time_and_among_pages(note):
    note(record(NOW_US - 300 * DAY_US, request_id="req_old"), record(request_id="req_page", source="pages"))
    assert found(search="req_old") == ["req_old"]
    assert found(search="req_page") == ["req_page"]
    assert found(search="req_old", scope=BIRCH) == []
    assert found() == []


def test_pages_are_left_out_unless_asked_for(note):
    note(record(request_id="api"), record(request_id="docs", contract="other", source="pages"))
    assert found() == ["api"]
    assert found(source="pages") == ["docs"]
    assert queries.totals(asked()).requests == 1
    assert queries.totals(asked(source="pages")).requests == 1
    assert queries.sources(EVERYTHING) == ["api", "pages"]
    assert queries.sources(ALDER) == ["api", "pages"]
    assert queries.sources(BIRCH) == []


def test_an_object_is_deleted_with_its_request(note):
    note(record(NOW_US - 5 * DAY_US, objects=[("customer", 1)]), record(objects=[("customer", 2)]))
    assert prune(MOMENT - timedelta(days=2)) == 1
    assert stored() == [("customer", 2)]


@pytest.mark.parametrize("given", [
    [("customer", 1), ("customer", 1)], [("customer", number) for number in range(1, 30)], [["customer", 1]],
])
def test_eight_different_objects_are_kept(note, given):
    assert note(record(objects=given)).damaged == 0
    assert stored() == list(dict.fromkeys(map(tuple, given)))[:8]


@pytest.mark.parametrize("given", [[("customer", "x")], [1], "ab", {"a": 1}])
def test_invalid_objects_are_damage_and_nothing_of_the_record_is_stored(note, given):
    drained = note(record(objects=given), record(request_id="good"))
    assert (drained.damaged, found()) == (1, ["good"])


def test_messages_are_masked_and_cut_before_they_are_written():
    secret = "bk_live_" + "s3cret" * 8
    text = encode(record(message=f"No {secret}" + "x" * 1000, fields=[secret, "a\nb", *map(str, range(500))],
                         children=[{"endpoint": "rpc:x", "message": secret, "fields": [secret]}]))
    assert b"s3cret" not in text
    assert b"a\\\\x0ab" in text
    assert len(text) < 2500


def test_filters_of_one_request_are_no_matter_of_roll_ups():
    plain = asked()
    assert not plain.single
    for change in ({"user_id": 1}, {"customer_id": 1}, {"touched": ("customer", 1)}):
        assert replace(plain, **change).single


@pytest.mark.parametrize("question", [{"touched": ("customer", 1)}, {"user_id": 1}, {"customer_id": 1}])
def test_filters_by_object_user_and_customer_use_an_index(note, question):
    note(*(record(NOW_US + at, objects=[("customer", at % 500)], user_id=at % 500, customer_id=at % 500)
           for at in range(1000)))
    engine = db.engines["log"]
    if engine.dialect.name != "sqlite":
        pytest.skip("the planner of PostgreSQL scans tables as small as this one")
    with sql_statements.recorded(engine) as seen:
        listing.requests(asked(**question))
    statement, values = next(one for one in seen if "LIMIT" in one[0] and "request_shapes" in one[0])
    plan = str(sql_statements.plan_of(statement, values, engine))
    assert "TEMP B-TREE" not in plan, plan
    wanted = "PRIMARY KEY" if "touched" in question else f"ix_requests_{next(iter(question)).removesuffix('_id')}"
    assert wanted in plan
