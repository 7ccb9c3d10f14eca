"""Unknown field names: refused with the nearest known one on Public and Core, elsewhere ignored with a header."""

import pytest

from app import CONTRACTS
from blueprints.api import rest
from blueprints.api.field import Field
from blueprints.api.public.contract import PublicContract
from blueprints.api.requests.unknown_names import HEADER, UnknownNames, header, nearest
from blueprints.api.verbs import expose
from domain.people import customers
from tests import cast
from tests.api.conftest import Caller
from tests.api.core.conftest import Program, token_of


@pytest.fixture
def core(app, alder):
    return Program(app, token_of(cast.make_user("ops@example.org", "admin_user", all_merchants=True)))


def named(reply):
    """The wrong names and their messages."""
    return {name: text for name, text in reply.json["details"].items() if name != "fields"}


# Public -------------------------------------------------------------------------------------------


@pytest.mark.parametrize("path", ["/customers", "/products", "/budgets"])
def test_an_unknown_query_parameter_of_a_list_is_400_and_the_nearest_is_named(api, path):
    reply = api.get(f"{path}?stauts=ACTIVE&limit=0")
    assert reply.status_code == 400
    assert reply.json["error"] == "invalid_parameter"
    assert reply.json["details"]["stauts"].endswith("the nearest known name is status")
    assert "limit" in reply.json["details"]


@pytest.mark.parametrize(("method", "path"), [
    ("GET", "/customers/customer_1"), ("POST", "/customers"), ("PUT", "/customers/customer_1"),
    ("DELETE", "/customers/customer_1"), ("POST", "/webhooks/test"),
])
def test_an_unknown_query_parameter_of_any_other_call_is_400(api, alder, method, path):
    cast.make_customer(alder)
    reply = api(method, path + "?expand=all", json={"name": "Ada"} if "customers" in path else {})
    assert (reply.status_code, reply.json["error"]) == (400, "invalid_parameter")
    assert list(named(reply)) == ["expand"]


def test_all_mistakes_of_a_body_are_reported_at_once(api):
    reply = api.post("/budgets", {
        "customer_id": "customer_1", "curency": "EUR", "notes": 5,
        "items": [{"unitPrise": 1, "quantity": "x"}, {"quantity": 1, "description": "x", "unitPrice": 1}],
    })
    assert reply.status_code == 422
    details = named(reply)
    assert set(details) == {
        "customer_id", "customerId", "curency", "notes", "items[0].unitPrise", "items[0].quantity"}
    assert details["customer_id"].endswith("is customerId")
    assert details["items[0].unitPrise"].endswith("is unitPrice")
    assert details["customerId"] == "is required"


def test_all_mistakes_that_depend_on_rows_are_reported_at_once(api):
    """What the form of a body cannot show: rows that are absent, decimals of the currency, days that are past."""
    reply = api.post("/budgets", {
        "customerId": "customer_999", "validUntil": "2020-01-01", "currency": "JPY", "discount": 0.5, "tax": 0.5,
        "items": [
            {"quantity": 1}, {"productId": "product_999", "quantity": 1, "discount": 0.5},
            {"description": "x", "quantity": 1, "unitPrice": 1, "discount": 0.5, "tax": 0.5},
        ],
    })
    assert reply.status_code == 422
    assert reply.json["details"].keys() >= {
        "customerId", "validUntil", "discount", "tax", "items[0].description", "items[0].unitPrice",
        "items[1].productId", "items[1].discount", "items[2].discount", "items[2].tax",
    }
    assert not {"items[1].description", "items[1].unitPrice"} & reply.json["details"].keys()


def test_all_wrong_references_of_a_product_are_reported_at_once(core, alder):
    reply = core("POST", "/products", {
        "companies_id": alder, "name": "Lamp", "price": 1, "currency": "JPY", "deposit": 0.5, "taxes_id": 999,
        "discounts_id": 999, "fees_id": 999, "groups_id": 999,
    })
    assert reply.status_code == 400
    assert reply.json["error"]["data"].keys() >= {"deposit", "taxes_id", "discounts_id", "fees_id", "groups_id"}


def test_a_field_that_is_only_read_is_never_suggested(api):
    reply = api.post("/products", {"name": "Lamp", "price": 1, "createdAd": "2026-01-01", "idd": "product_1"})
    assert reply.status_code == 422
    suggested = {text.rpartition(" ")[2] for text in named(reply).values()}
    assert not suggested & {"createdAt", "updatedAt", "id"}


def test_an_unknown_name_in_an_object_is_reported_with_its_path(api):
    reply = api.post("/customers", {"name": "Ada", "address": {"line2": "x"}})
    assert reply.status_code == 422
    assert set(named(reply)) == {"address.line2"}


def test_the_names_of_the_webhook_test_are_checked(api):
    reply = api.post("/webhooks/test", {"evnet": "x"})
    assert reply.status_code == 422
    assert reply.json["details"]["evnet"].endswith("is event")


def test_a_status_in_the_creation_of_a_budget_is_refused(api, core, alder):
    customer = cast.make_customer(alder)
    body = {"items": [{"description": "x", "quantity": 1, "unitPrice": 1}], "status": "PENDING"}
    reply = api.post("/budgets", body | {"customerId": f"customer_{customer}"})
    assert (reply.status_code, list(named(reply))) == (422, ["status"])
    items = [{"description": "x", "quantity": 1, "unit_price": 1}]
    error = core.error("budgets.create", {
        "companies_id": alder, "clients_id": customer, "items": items, "status": "PENDING"})
    assert (error["code"], list(error["data"])) == (-32602, ["status"])


def test_unprintable_names_are_reported_safely(api):
    raw = b'{"name": "x", "\\ud800": 1, "a.b": 1, "": 1}'
    reply = api.post("/customers", data=raw, content_type="application/json")
    assert reply.status_code == 422
    assert set(named(reply)) == {"?", "a.b", ""}


# Core ---------------------------------------------------------------------------------------------


def test_core_refuses_unknown_names_by_rest_and_by_rpc(core, alder):
    body = {"nmae": "Ada", "companies_id": alder}
    rest_reply, error = core("POST", "/clients", json=body), core.error("clients.create", body)
    assert (rest_reply.status_code, error["code"]) == (400, -32602)
    assert rest_reply.json["error"]["data"] == error["data"]
    assert set(error["data"]) == {"nmae", "name", "currencies_id"}
    assert error["data"]["nmae"].endswith("is name")
    assert core.get("/clients?nmae=x").json["error"]["data"].keys() == {"nmae"}
    assert core.error("clients.search", {"nmae": "x"})["code"] == -32602
    assert core.error("clients.get", {"id": 1, "fields": "x"})["data"].keys() == {"fields"}


def test_core_reports_unknown_names_of_items_with_their_path(core, alder):
    customer = cast.make_customer(alder)
    error = core.error("budgets.create", {
        "companies_id": alder, "clients_id": customer, "items": [{"description": "x", "quantity": 1, "price": 1}]})
    assert error["data"].keys() == {"items[0].price"}


def test_the_zone_of_a_call_is_known_everywhere(core, alder):
    made = core.result("merchants.create", {"name": "Birch", "__tz": "Europe/Madrid"})
    assert made["c_dt"].endswith(("+0100", "+0200"))
    assert core.get(f"/merchants/{alder}?__tz=Asia/Tokyo").json["c_dt"].endswith("+0900")
    assert core.result("merchants.delete", {"id": made["id"], "__tz": "UTC"}) == 1


def test_what_is_settled_at_creation_can_be_repeated_and_not_changed(core, alder):
    cast.make_key(alder)
    key = core.result("api_keys.search", {})[0]
    assert core.result("api_keys.update", {"id": key["id"], "mode": key["mode"]}) == 1
    error = core.error("api_keys.update", {"id": key["id"], "mode": "test", "name": 5})
    assert error["data"].keys() == {"mode", "name"}


@pytest.mark.parametrize(("method", "params"), [
    ("clients.update", {"name": None}), ("clients.update", {"currencies_id": None}),
    ("budgets.update", {"status": None}), ("budgets.update", {"currency": None}), ("budgets.update", {"items": None}),
    ("products.update", {"currency": None}), ("users.update", {"password": None}), ("users.update", {"email": None}),
])
def test_a_null_that_would_change_nothing_is_refused(core, alder, method, params):
    customer = cast.make_customer(alder)
    cast.make_product(alder)
    cast.make_budget(alder, customer)
    error = core.error(method, {"id": 1, **params})
    assert (error["code"], error["data"].keys()) == (-32602, params.keys())


@pytest.mark.parametrize("key", ["1", "x", None, True, 1.5, [1], {}])
def test_an_id_of_another_type_is_a_wrong_parameter(core, key):
    for method in ("clients.get", "clients.update", "clients.delete", "clients.archive"):
        error = core.error(method, {"id": key})
        assert (error["code"], error["data"]) == (-32602, {"id": "Must be an integer"})


# Contracts that ignore what they do not know -----------------------------------------------------


class Lenient(PublicContract):
    name = "lenient"
    prefixes = ("/lenient",)
    unknown_names = UnknownNames.IGNORED

    def query(self, exposure, given, actor):
        return super().query(exposure, self.known_query(given, (*self.list_parameters, *exposure.parameters)), actor)


@pytest.fixture(scope="module")
def lenient(app):
    contract = Lenient()
    fields = {"id": Field(name="id", writable=False), "name": Field(name="name")}
    expose(contract, customers.RESOURCE, "/customers", fields, verbs=("list", "get", "create"), required=("name",),
           sorts={"createdAt": "created_at"})
    before = app._got_first_request
    app._got_first_request = False
    rest.mount(app, contract)
    app._got_first_request = before
    return contract


@pytest.mark.usefixtures("lenient")
def test_a_lenient_contract_ignores_unknown_names_and_reports_them(app, alder, records):
    api = Caller(app, cast.make_key(alder)[1], "/lenient")
    made = api.post("/customers?expand=all", {"name": "Ada", "colour": "red", "größe, m": 1})
    assert made.status_code == 201, made.json
    assert made.headers[HEADER] == "expand, colour, gr%F6%DFe%2C m"
    assert records[-1]["query"] == "expand=***&colour=***&größe, m=***"
    listed = api.get("/customers?nonsense=1")
    assert (listed.status_code, listed.headers[HEADER]) == (200, "nonsense")
    assert HEADER not in api.get("/customers").headers
    wrong = api.post("/customers", {"nmae": "Ada"})
    assert (wrong.status_code, list(named(wrong)), wrong.headers[HEADER]) == (422, ["name"], "nmae")


def test_every_contract_says_what_it_does_with_unknown_names():
    policies = {"public": UnknownNames.REFUSED, "core": UnknownNames.REFUSED, "merchant": UnknownNames.IGNORED,
                "client": UnknownNames.IGNORED}
    for contract in CONTRACTS:
        assert contract.unknown_names is policies[contract.name], f"blueprints/api/{contract.name}/contract.py"


def test_the_nearest_name_is_found_whatever_its_spelling():
    known = ("customerId", "currency", "items")
    assert [nearest(name, known) for name in ("customer_id", "CURENCY", "item")] == list(known)
    assert nearest("x", ()) == ""
    assert header(["a\r\nb: c"]) == "a%0D%0Ab: c"
