"""REST of the Core API: the parameters, results and errors of JSON-RPC."""

import json

import pytest

from tests import cast

NEW = {"name": "Ada Lovelace", "currencies_id": 978}


@pytest.fixture
def clients(alder):
    """Three clients of Alder."""
    return [cast.make_customer(alder, name) for name in ("Ada", "Grace", "Edsger")]


def assert_error(reply, status, message, data=...):
    """The nested error of this contract."""
    assert reply.status_code == status, reply.data
    assert reply.mimetype == "application/json"
    assert list(reply.json) == ["error"]
    assert set(reply.json["error"]) == {"message", "data"}
    assert reply.json["error"]["message"] == message
    if data is not ...:
        assert reply.json["error"]["data"] == data


@pytest.mark.parametrize("content_type", [
    "application/x-www-form-urlencoded", "application/json", "text/plain", "multipart/form-data; boundary=x", "", None,
    "application/xml",
])
def test_a_body_is_json_whatever_the_content_type_says(core, alder, content_type):
    data = json.dumps(NEW | {"companies_id": alder})
    made = core("POST", "/clients", data=data, content_type=content_type)
    assert (made.status_code, made.json["name"]) == (200, "Ada Lovelace")
    found = core("POST", "/", data='{"jsonrpc":"2.0","method":"clients.get","params":{"id":1},"id":1}',
                 content_type=content_type)
    assert found.json["result"] == made.json


def test_every_path_is_also_there_below_api(core, clients):
    for path in ("/clients", "/clients/1", "/accounting/currencies", "/products", "/budgets", "/merchants",
                 "/iam/users", "/iam/api-keys", "/accounting/currencies/exchange-rate"):
        here, there = core.get(path), core.get("/api" + path)
        assert here.status_code == there.status_code == 200, path
        assert here.json == there.json


def test_json_rpc_answers_at_the_root_and_below_api(core):
    for path in ("/", "/api", "/api/"):
        assert core("POST", path, json={"jsonrpc": "2.0", "method": "clients.search", "id": 1}).json["result"] == []


def test_a_person_at_the_root_is_led_to_the_dashboard(app):
    reply = app.test_client().get("/")
    assert (reply.status_code, reply.headers["Location"]) == (303, "/admin/")


def test_a_search_takes_limit_offset_and_order(core, clients):
    def names(query):
        return [row["name"] for row in core.get(f"/clients?{query}").json]

    assert names("") == ["Ada", "Grace", "Edsger"]
    assert names("order=-name&limit=2") == ["Grace", "Edsger"]
    assert names("order=-name&limit=2&offset=2") == ["Ada"]
    assert names("order=status,-id") == ["Edsger", "Grace", "Ada"]
    assert names("offset=100") == []
    assert names("id=1,3") == names("id=1&id=3") == names("id[]=1&id[]=3") == ["Ada", "Edsger"]
    assert names("id[]=2") == ["Grace"]
    assert names("name=a") == ["Ada", "Grace"]
    assert names("name=%25") == []
    assert names("status=stop") == []
    assert names("status=active&name=ed") == ["Edsger"]


def test_twenty_rows_are_returned_without_a_limit(core, alder):
    for number in range(22):
        cast.make_customer(alder, f"Client {number}")
    assert len(core.get("/clients").json) == 20
    assert len(core.get("/clients?limit=1000").json) == 22


@pytest.mark.once("is refused for its form, before it reaches SQL")
@pytest.mark.parametrize(("query", "field"), [
    ("limit=0", "limit"), ("limit=1001", "limit"), ("limit=-1", "limit"), ("limit=x", "limit"), ("limit=1e3", "limit"),
    ("limit=", "limit"), ("limit=1&limit=2", "limit"), ("offset=-1", "offset"), ("offset=" + "9" * 20, "offset"),
    ("order=password", "order"), ("order=merchant_id", "order"), ("order=--name", "order"), ("order=name;", "order"),
    ("order=a,b,c,d,e,f", "order"), ("id=x", "id"), ("id=0", "id"),
    ("companies_id=-1", "companies_id"), ("status=nope", "status"), ("name=%00", "name"), ("name=a&name=b", "name"),
    ("limit=٣", "limit"), ("__tz=Mars/Base", "__tz"),
])
def test_a_parameter_that_cannot_be_is_named(core, clients, query, field):
    reply = core.get("/clients?" + query)
    assert_error(reply, 400, "Invalid request")
    assert list(reply.json["error"]["data"]) == [field]


def test_all_mistakes_are_named_together(core):
    data = core.get("/clients?limit=0&order=x&status=y").json["error"]["data"]
    assert set(data) == {"limit", "order", "status"}


@pytest.mark.usefixtures("clients")
def test_unknown_names_are_refused_in_queries_and_in_bodies(core):
    reply = core.get("/clients?nmae=x")
    assert_error(reply, 400, "Invalid request", {"nmae": "Is not known here; the nearest known name is name"})
    reply = core("PATCH", "/clients/1", json={"nmae": "Ada King"})
    assert_error(reply, 400, "Invalid request", {"nmae": "Is not known here; the nearest known name is name"})


def test_a_get_may_carry_its_parameters_in_a_body(core, clients):
    reply = core("GET", "/clients", data='{"limit": 1, "order": ["-name"], "id": [1, 2]}')
    assert [row["name"] for row in reply.json] == ["Grace"]


def test_head_answers_as_get_without_a_body(core, clients):
    reply = core("HEAD", "/clients/1")
    assert (reply.status_code, reply.data) == (200, b"")
    assert core("HEAD", "/clients/99").status_code == 404


def test_changes_and_removals_answer_one(core, clients):
    assert core("PATCH", "/clients/1", data='{"name": "Ada King"}').json == 1
    assert core("POST", "/clients/1/archive").json == 1
    assert core("DELETE", "/clients/1").json == 1
    assert_error(core.get("/clients/1"), 404, 'not_found: Object "clients(1)" was not found!', {
        "code": "not_found", "message": 'Object "clients(1)" was not found!', "object_name": "clients",
        "object_id": "1",
    })
    assert core("DELETE", "/clients/1").status_code == 404


@pytest.mark.parametrize("key", ["0", "-1", "01", "1e0", "9223372036854775808", "9" * 400, "abc", "%00", "%ff", "1%2f2",
                                 "client_1", "1.0", "١"])
def test_what_is_no_id_is_not_found(core, clients, key):
    reply = core.get(f"/clients/{key}")
    assert reply.status_code == 404
    assert set(reply.json["error"]) == {"message", "data"}


def test_the_id_of_the_path_wins_over_one_in_query_or_body(core, clients):
    assert core("PATCH", "/clients/1?id=2", json={"id": 3, "name": "Ada King"}).json == 1
    assert [row["name"] for row in core.get("/clients").json] == ["Ada King", "Grace", "Edsger"]


@pytest.mark.once("is refused for its form, before it reaches SQL")
@pytest.mark.parametrize("path", [
    "/clients/", "/clients/1/more", "/clients/x/y", "/api/nope", "/api/clients/1/2/3", "/accounting", "/iam", "/iam/x",
    "/products/1/2", "/clients//1",
])
def test_an_unknown_path_is_404_in_the_shape_of_this_contract(core, path):
    for method in ("GET", "POST", "PUT", "DELETE"):
        reply = core(method, path)
        assert_error(reply, 404, "not_found: This address does not exist.")


@pytest.mark.once("is refused for its form, before it reaches SQL")
@pytest.mark.parametrize(("method", "path", "allowed"), [
    ("PUT", "/clients/1", "DELETE, GET, HEAD, PATCH"), ("POST", "/clients/1", "DELETE, GET, HEAD, PATCH"),
    ("DELETE", "/clients", "GET, HEAD, POST"), ("GET", "/clients/1/archive", "POST"), ("OPTIONS", "/clients", None),
    ("TRACE", "/clients", None), ("PUT", "/", None), ("DELETE", "/api/", None), ("GET", "/api", "POST"),
    ("GET", "/iam/auth/jwt/authenticate", "POST"),
    # What is an address of its own is no id.
    ("OPTIONS", "/webhooks/deliveries", "GET, HEAD"), ("DELETE", "/webhooks/deliveries", "GET, HEAD"),
])
def test_a_method_that_is_not_taken_is_405_and_says_which_are(core, method, path, allowed):
    reply = core(method, path)
    assert_error(reply, 405, "method_not_allowed: This address does not support this method.")
    assert reply.headers["Allow"]
    if allowed:
        assert reply.headers["Allow"] == allowed


@pytest.mark.once("is refused for its form, before it reaches SQL")
@pytest.mark.parametrize("body", ["[]", "5", "null", '"x"', "{", "NaN", '{"a": 1, "a": 2}', "[" * 5000, "\ud800"])
def test_a_body_that_is_no_object_is_400(core, alder, body):
    reply = core("POST", "/clients", data=body.encode("utf-8", "surrogatepass"))
    assert_error(reply, 400, "Invalid request")
    assert list(reply.json["error"]["data"]) == ["message"]


def test_a_body_too_large_is_413_in_either_protocol(core):
    data = json.dumps({"name": "x" * 2_000_000})
    reply = core("POST", "/clients", data=data)
    assert_error(reply, 413, "payload_too_large: The request is larger than this API allows: 1,048,576 bytes.")
    rpc = core("POST", "/", data=data)
    assert rpc.status_code == 413
    assert (rpc.json["jsonrpc"], rpc.json["id"], rpc.json["error"]["code"]) == ("2.0", None, -32600)


def test_a_crash_is_500_and_reveals_nothing(core, monkeypatch, alder):
    from domain.people import customers

    def crash(*_):
        raise RuntimeError("secret /etc/passwd SELECT")

    monkeypatch.setattr(customers.Listing, "page", crash)
    reply = core.get("/clients")
    assert_error(reply, 500, "An unexpected error occurred", {})
    assert core.error("clients.search") == {"code": -32603, "message": "Internal error"}


@pytest.mark.parametrize(("field", "value", "text"), [
    ("credit", "much", "Must be a number"), ("credit", -1, "Must be a number"), ("credit", True, "Must be a number"),
    ("credit", None, "Must be a number"), ("credit", [], "Must be a number"),
    ("credit", 1.234, "Has more than 2 decimals"), ("credit", 1e30, ...), ("name", "", "Can't be blank"),
    ("name", 5, "Must be a string"), ("name", "x" * 201, "Must have at most 200 characters"),
    ("currencies_id", 1, "Must be a known currency"), ("currencies_id", True, "Must be a known currency"),
    ("companies_id", 99, "Must exist"), ("companies_id", "1", "Must exist"), ("companies_id", True, "Must exist"),
    ("status", "gone", "Must be one of active, stop, archived"), ("c_country", "Spain", ...), ("tz", "Mars", ...),
    ("c_email_billing", "nobody", ...), ("low_balance_athreshold", "x", "Must be a number"),
])
def test_a_field_that_cannot_be_is_named(core, alder, field, value, text):
    params = NEW | {"companies_id": alder, field: value}
    rest = core("POST", "/clients", json=params)
    assert_error(rest, 400, "Invalid request")
    assert list(rest.json["error"]["data"]) == [field]
    if text is not ...:
        assert rest.json["error"]["data"][field] == text
    error = core.error("clients.create", params)
    assert (error["code"], error["data"]) == (-32602, rest.json["error"]["data"])


def test_name_currency_and_reseller_are_required(core):
    data = core("POST", "/clients", json={}).json["error"]["data"]
    assert data == dict.fromkeys(("name", "currencies_id", "companies_id"), "Is required")


def test_a_taken_email_is_a_422_with_its_field(core, alder):
    core.result("clients.create", NEW | {"companies_id": alder, "c_email_billing": "ada@example.org"})
    reply = core("POST", "/clients", json=NEW | {"companies_id": alder, "c_email_billing": "ADA@example.org"})
    assert reply.status_code == 422
    assert reply.json["error"]["data"]["c_email_billing"] == "is already used by another customer"
    assert core.error("clients.create", NEW | {"companies_id": alder, "c_email_billing": "ada@example.org"})[
        "data"] == reply.json["error"]["data"]


def test_read_only_fields_may_be_sent_back_and_change_nothing(core, alder):
    made = core.result("clients.create", NEW | {"companies_id": alder})
    assert core("PATCH", "/clients/1", json=made | {"balance_accountant": 500, "c_dt": "2000-01-01 00:00:00"}).json == 1
    again = core.get("/clients/1").json
    assert {name: again[name] for name in made if name != "u_dt"} == {
        name: made[name] for name in made if name != "u_dt"}


def test_a_client_stays_with_its_reseller(core, alder, birch):
    core.result("clients.create", NEW | {"companies_id": alder})
    error = core.error("clients.update", {"id": 1, "companies_id": birch})
    assert error["data"] == {"companies_id": "Cannot be changed"}
    assert core.get("/clients/1").json["companies_id"] == alder


def test_every_answer_is_private_and_says_its_request_id(core, clients):
    for reply in (core.get("/clients"), core.get("/clients/99"), core("POST", "/", data="{")):
        assert reply.headers["Cache-Control"] == "no-store"
        assert reply.headers["X-Content-Type-Options"] == "nosniff"
        assert reply.headers["X-Request-Id"].startswith("req_")
