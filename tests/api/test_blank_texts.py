"""A blank text in a field that may be null is null, through every contract and form; no two of them collide."""

import pytest

from blueprints.portal.openapi import document
from database import db
from domain import inputs
from domain.errors import Invalid
from domain.inputs.nullable import NullIfBlank, is_plain_text
from domain.people.customers import CustomerInput
from models import all_tables
from models.customer import Customer
from tests import cast
from tests.api.client.conftest import ClientProgram
from tests.api.client.conftest import token_of as client_token
from tests.api.conftest import Caller
from tests.api.core.conftest import Program
from tests.api.merchant.conftest import Shop, token_of

BLANKS = pytest.mark.parametrize("blank", ["", "   ", " \t\n"], ids=["empty", "spaces", "space of all kinds"])
assert all_tables.CLASSES


def models(kind=inputs.Input):
    for one in kind.__subclasses__():
        yield one
        yield from models(one)


TEXTS = sorted({
    (model, name) for model in models() for name, field in model.model_fields.items()
    if not model.__name__.endswith("Changes") and NullIfBlank() in field.metadata and is_plain_text(field.annotation)
}, key=lambda one: (one[0].__name__, one[1]))


@pytest.fixture
def token(alder):
    return token_of(cast.make_user("both@alder.example", "admin_user", merchant_ids=[alder], api_access=True))


@BLANKS
@pytest.mark.parametrize(("model", "name"), TEXTS, ids=lambda one: getattr(one, "__name__", one))
@pytest.mark.parametrize("text", [False, True], ids=["json", "form"])
def test_in_every_input_a_blank_text_is_null(model, name, blank, text):
    assert inputs.changes(model, {name: blank}, text=text) == {name: None}


def test_all_plain_texts_of_a_customer_are_among_them():
    names = {name for model, name in TEXTS if model is CustomerInput}
    assert names >= {"phone", "note", "tax_number", "registration_number", "organisation", "billing_street"}


@pytest.mark.parametrize("sent", [
    {"email": ""}, {"website": " "}, {"currency": ""}, {"low_balance": ""}, {"date_of_birth": ""}, {"phone": 5},
])
def test_in_json_a_value_of_another_form_must_be_valid_or_null(sent):
    with pytest.raises(Invalid):
        inputs.changes(CustomerInput, sent)


@BLANKS
def test_public_stores_and_answers_null(app, alder, blank):
    api = Caller(app, cast.make_key(alder)[1])
    sent = {"phone": blank, "company": blank, "address": {"line1": blank, "city": "Bath", "postalCode": blank}}
    made = api.post("/customers", {"name": "Ada", **sent}).json["data"]
    assert (made["phone"], made["company"]) == (None, None)
    assert (made["address"]["line1"], made["address"]["city"], made["address"]["postalCode"]) == (None, "Bath", None)
    for method in ("PUT", "PATCH"):
        api.put(f"/customers/{made['id']}", {"phone": "123"})
        changed = api(method, f"/customers/{made['id']}", {"phone": blank})
        assert (changed.status_code, changed.json["data"]["phone"]) == (200, None)


@BLANKS
def test_blank_skus_do_not_collide(app, alder, blank):
    api = Caller(app, cast.make_key(alder)[1])
    sent = {"name": "Lamp", "price": 1, "sku": blank, "unit": blank}
    for made in (api.post("/products", sent), api.post("/products", sent)):
        assert made.status_code == 201
        assert (made.json["data"]["sku"], made.json["data"]["unit"]) == (None, None)
    real = api.post("/products", {"name": "Lamp", "price": 1, "sku": "L-1"}).json["data"]
    assert api.put(f"/products/{real['id']}", {"sku": blank}).json["data"]["sku"] is None


@BLANKS
def test_merchant_stores_and_answers_null(app, token, blank):
    sent = {
        "first_name": "Ada", "last_name": "Lovelace", "email": "ada@example.org", "phone": blank,
        "organisation": {"name": blank, "vat": blank, "registration_number": blank, "description": blank},
        "addresses": {"billing_address": {"street": blank, "city": "Bath", "country": "GB"}},
    }
    made = Shop(app, token).post("/customers", {"customer": sent})
    assert made.status_code == 200
    row = made.json
    assert row["phone"] is None
    assert not (row["organisation"] or {}).get("vat")
    assert row["addresses"]["billing_address"]["street"] is None
    stored = db.session.get(Customer, row["id"])
    assert {stored.phone, stored.organisation, stored.tax_number, stored.registration_number} == {None}


@BLANKS
def test_client_clears_what_is_blank(app, alder, blank):
    key = cast.make_customer(alder, "Cleo King", email="cleo@example.org", phone="123", organisation="Nile")
    reply = ClientProgram(app, client_token(key)).put("/profile", {"phone": blank, "company": blank, "city": blank})
    assert (reply.json["phone"], reply.json["company"], reply.json["city"]) == (None, None, None)


@BLANKS
def test_core_stores_and_answers_null(app, alder, token, blank):
    core = Program(app, token)
    new = {"name": "Ada", "currencies_id": 978, "companies_id": alder, "c_phone": blank, "c_company": blank}
    made = core("POST", "/clients", json=new)
    assert (made.status_code, made.json["c_phone"], made.json["c_company"]) == (200, None, None)
    key = made.json["id"]
    core("PATCH", f"/clients/{key}", json={"c_phone": "123"})
    core("PATCH", f"/clients/{key}", json={"c_phone": blank})
    assert core("GET", f"/clients/{key}").json["c_phone"] is None


@pytest.mark.parametrize("contract", ["public", "merchant", "client", "core"])
def test_documents_say_so(app, contract):
    with app.test_request_context():
        assert "is stored, and answered, as null" in document(contract, "http://x")["info"]["description"]
