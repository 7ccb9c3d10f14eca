"""If-Match and If-None-Match on the Core API, by REST and by JSON-RPC."""

import pytest

from tests import cast


@pytest.fixture
def path(alder):
    cast.make_customer(alder)
    return "/clients/1"


def rpc(core, method, params, tag):
    document = {"jsonrpc": "2.0", "method": method, "params": params, "id": 1}
    return core("POST", "/", json=document, headers={"If-Match": tag})


@pytest.mark.parametrize("tag", ['"1"', "*", '"5", "1"'])
def test_the_tag_that_was_seen_opens_a_change(core, path, tag):
    assert core.get(path).headers["ETag"] == '"1"'
    assert core("PATCH", path, json={"name": "Eve"}, headers={"If-Match": tag}).status_code == 200
    assert core.get(path).headers["ETag"] == '"2"'


@pytest.mark.parametrize("tag", ['"2"', 'W/"1"', "nonsense", ""])
def test_any_other_tag_is_refused_and_changes_nothing(core, path, tag):
    for method in ("PATCH", "DELETE"):
        reply = core(method, path, json={}, headers={"If-Match": tag})
        assert (reply.status_code, reply.json["error"]["data"]["code"]) == (412, "precondition_failed")
        assert "If-Match" in reply.json["error"]["message"], "words of HTTP, not of a page"
    for method, params in (("clients.update", {"id": 1, "name": "Eve"}), ("clients.delete", {"id": 1})):
        assert rpc(core, method, params, tag).json["error"]["data"]["code"] == "precondition_failed"
    assert core.get(path).headers["ETag"] == '"1"'


def test_a_single_call_by_rpc_sends_and_takes_tags(core, path):
    document = {"jsonrpc": "2.0", "method": "clients.get", "params": {"id": 1}, "id": 1}
    tag = core("POST", "/", json=document).headers["ETag"]
    assert rpc(core, "clients.update", {"id": 1, "name": "Eve"}, tag).json["result"] == 1
    assert "error" in rpc(core, "clients.update", {"id": 1, "name": "Eve"}, tag).json


def test_a_batch_with_a_tag_is_refused_whole(core, path):
    calls = [{"jsonrpc": "2.0", "method": "clients.update", "params": {"id": 1, "name": name}, "id": name}
             for name in ("One", "Two")]
    answer = core("POST", "/", json=calls, headers={"If-Match": '"1"'}).json
    assert list(answer["error"]["data"]) == ["If-Match"]
    assert core.get(path).headers["ETag"] == '"1"'


def test_whoever_has_the_row_already_gets_304(core, path):
    reply = core.get(path, headers={"If-None-Match": '"1"'})
    assert (reply.status_code, reply.data, reply.headers["ETag"]) == (304, b"", '"1"')
    assert core.get(path, headers={"If-None-Match": '"2"'}).status_code == 200
