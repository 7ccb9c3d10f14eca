"""ETag and If-Match: a caller cannot overwrite a version that it has not read."""

from itertools import count

import pytest

from tests import cast
from tests.api.public.test_envelope import assert_error


@pytest.fixture(params=["customers", "products", "budgets"])
def path(request, alder):
    """A row of each noun, none of them in use."""
    cast.make_customer(alder)
    cast.make_product(alder)
    cast.make_budget(alder, cast.make_customer(alder, "Grace"))
    return f"/{request.param}/{request.param[:-1]}_1"


NUMBERS = count()


def changed(api, path, tag):
    headers = None if tag is None else {"If-Match": tag}
    return api.put(path, {"metadata": {"number": str(next(NUMBERS))}}, headers=headers)


def test_the_tag_changes_with_every_change(api, path):
    assert api.get(path).headers["ETag"] == '"1"'
    for expected in ('"2"', '"3"'):
        assert changed(api, path, None).headers["ETag"] == expected
        assert api.get(path).headers["ETag"] == expected


@pytest.mark.parametrize("tag", [
    '"1"', "*", " * ", "1", ' "1" ', '"1", "2"', '"7","1"', 'W/"1", "1"', '"other", "1:gzip"', '"1:br"',
])
def test_the_tag_that_was_seen_opens_a_change(api, path, tag):
    assert changed(api, path, tag).status_code == 200


@pytest.mark.parametrize("tag", [
    '"2"', '"0"', '"x"', '"2", "3"', '""', "", "١", '"1e0"', "-1", '"' + "9" * 50 + '"', "é", 'W/"1"', 'w/"1"', '"1',
    '"1" "2"', '"1"; "2"', "1, 2", ',"1"', '*, "1"', '"1:gzip:br"', "9" * 5000,
])
def test_any_other_tag_is_412_and_changes_nothing(api, path, tag):
    before = api.get(path).json["data"]
    assert_error(changed(api, path, tag), 412, "precondition_failed", {})
    assert_error(api.delete(path, headers={"If-Match": tag}), 412, "precondition_failed", {})
    assert api.get(path).json["data"] == before


def test_the_second_of_two_who_saw_the_same_is_refused(api, path):
    tag = api.get(path).headers["ETag"]
    assert changed(api, path, tag).status_code == 200
    refused = changed(api, path, tag)
    assert_error(refused, 412, "precondition_failed")
    assert refused.json["message"].startswith("If-Match does not name")


def test_a_deletion_takes_the_tag_as_well(api, path):
    changed(api, path, None)
    assert_error(api.delete(path, headers={"If-Match": '"1"'}), 412, "precondition_failed")
    assert api.delete(path, headers={"If-Match": '"2"'}).status_code == 200


def test_a_row_that_is_not_there_is_404_whatever_the_tag(api):
    assert_error(changed(api, "/customers/customer_9", '"1"'), 404, "not_found")


@pytest.mark.parametrize("way", ["gzip", "br"])
def test_the_tag_of_a_compressed_answer_opens_a_change(api, path, way):
    api.put(path, {"metadata": {f"key{number}": "x" * 100 for number in range(8)}})
    seen = api.get(path, headers={"Accept-Encoding": way})
    assert seen.headers["Content-Encoding"] == way
    assert changed(api, path, seen.headers["ETag"]).status_code == 200
    assert_error(changed(api, path, seen.headers["ETag"]), 412, "precondition_failed")


@pytest.mark.parametrize("tag", ['"1"', 'W/"1"', "*", '"0", W/"1"', '"1:gzip"'])
def test_whoever_has_the_row_already_gets_304_without_a_body(api, path, tag):
    reply = api.get(path, headers={"If-None-Match": tag})
    assert (reply.status_code, reply.data) == (304, b"")
    assert reply.headers["ETag"] in ('"1"', '"1:gzip"')
    assert {"X-RateLimit-Remaining", "X-Request-Id", "Vary"} <= set(reply.headers.keys())
    assert "Content-Type" not in reply.headers


@pytest.mark.parametrize("tag", ['"2"', '"x"', "", "nonsense", '"11"', '"1'])
def test_whoever_has_another_gets_the_row(api, path, tag):
    assert api.get(path, headers={"If-None-Match": tag}).status_code == 200


@pytest.mark.parametrize("way", ["gzip", "br", "identity"])
def test_the_tag_that_came_with_an_answer_asks_for_it_again(api, path, way):
    api.put(path, {"metadata": {f"key{number}": "x" * 100 for number in range(8)}})
    seen = api.get(path, headers={"Accept-Encoding": way}).headers["ETag"]
    again = api.get(path, headers={"Accept-Encoding": way, "If-None-Match": seen})
    assert (again.status_code, again.headers["ETag"]) == (304, seen)
    api.put(path, {"metadata": {"b": "c"}})
    assert api.get(path, headers={"Accept-Encoding": way, "If-None-Match": seen}).status_code == 200


def test_lists_and_refusals_know_no_304(api):
    assert api.get("/customers", headers={"If-None-Match": "*"}).status_code == 200
    assert_error(api.get("/customers/customer_9", headers={"If-None-Match": "*"}), 404, "not_found")


def test_patch_changes_what_put_changes(api, path):
    """Both change only the fields that are sent, obey If-Match, and answer with the row."""
    before = api.get(path)
    seen, change = {"If-Match": before.headers["ETag"]}, {"metadata": {"by": "patch"}}
    reply = api("PATCH", path, json=change, headers=seen)
    assert reply.status_code == 200, reply.json
    assert reply.json["data"] == before.json["data"] | change | {"updatedAt": reply.json["data"]["updatedAt"]}
    assert reply.headers["ETag"] != before.headers["ETag"]
    assert api("PATCH", path, json=change, headers=seen).status_code == 412
    assert api("PATCH", path, json={"nmae": "x"}).status_code == 422
    assert set(api.post(path).headers["Allow"].split(", ")) == {"DELETE", "GET", "HEAD", "PATCH", "PUT"}
