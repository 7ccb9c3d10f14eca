"""A customer is the same on every contract, whichever one wrote it."""

import pytest

from database import db, transaction
from domain.people import customers
from models.customer import Customer
from tests import cast
from tests.api.conftest import Caller
from tests.api.core.conftest import sign_in

PUBLIC = {
    "name": "Ada Lovelace", "email": "ada@example.org", "phone": "+1-555-1234", "company": "Analytical Engines",
    "address": {"line1": "1 High St", "city": "London", "state": "Greater London", "postalCode": "N1", "country": "GB"},
    "metadata": {"crm": "42"},
}
CORE = {
    "name": "Grace Hopper", "currencies_id": 840, "credit": 10.5, "low_balance_athreshold": -2.25,
    "c_company": "Navy", "c_email_billing": "grace@example.org", "c_phone": "123", "c_address": "2 Low St",
    "c_country": "US", "tz": "America/New_York", "status": "stop",
}


@pytest.fixture
def public(app, alder):
    return Caller(app, cast.make_key(alder)[1])


def columns(key):
    """Every column of a customer and of the address that counts, but for when it changed."""
    db.session.rollback()
    row = db.session.get(Customer, key)
    own = {column.name: getattr(row, column.name) for column in Customer.__table__.columns}
    address = row.billing_address
    own |= {name: getattr(address, name, None) for name in ("street", "city", "state", "postal_code", "country")}
    return {name: value for name, value in own.items() if name not in ("updated_at", "version")}


def test_a_customer_of_the_public_api_is_a_client_here(core, public, alder):
    made = public.post("/customers", PUBLIC).json["data"]
    client = core.result("clients.get", {"id": 1})
    assert made["id"] == "customer_1"
    assert {name: client[name] for name in ("name", "c_company", "c_email_billing", "c_phone", "c_address", "c_country",
                                            "status", "companies_id", "currencies_id", "credit")} == {
        "name": "Ada Lovelace", "c_company": "Analytical Engines", "c_email_billing": "ada@example.org",
        "c_phone": "+1-555-1234", "c_address": "1 High St", "c_country": "GB", "status": "active",
        "companies_id": alder, "currencies_id": 978, "credit": 0.0,
    }


def test_sending_back_what_core_shows_loses_nothing_that_public_wrote(core, public):
    made = public.post("/customers", PUBLIC).json["data"]
    before = columns(1)
    client = core.result("clients.get", {"id": 1})
    assert core.result("clients.update", client) == 1
    after = columns(1)
    assert after | {"currency": None} == before | {"currency": None}
    shown = public.get("/customers/customer_1").json["data"]
    assert shown | {"updatedAt": ""} == made | {"updatedAt": ""}


def test_sending_back_what_public_shows_loses_nothing_that_core_wrote(core, public, alder):
    made = core.result("clients.create", CORE | {"companies_id": alder})
    before = columns(1)
    shown = public.get("/customers/customer_1").json["data"]
    assert (shown["name"], shown["status"], shown["address"]["line1"]) == ("Grace Hopper", "ACTIVE", "2 Low St")
    assert public.put("/customers/customer_1", shown).status_code == 200
    assert columns(1) == before
    assert core.result("clients.get", {"id": 1}) | {"u_dt": ""} == made | {"u_dt": ""}


def test_a_new_street_keeps_the_city_that_core_cannot_say(core, public):
    public.post("/customers", PUBLIC)
    core.result("clients.update", {"id": 1, "c_address": "3 Mid St"})
    address = public.get("/customers/customer_1").json["data"]["address"]
    assert address == PUBLIC["address"] | {"line1": "3 Mid St"}


def test_changes_show_on_the_other_side_at_once(core, public, alder):
    core.result("clients.create", CORE | {"companies_id": alder})
    public.put("/customers/customer_1", {"name": "Grace B. Hopper", "status": "ARCHIVED"})
    client = core.result("clients.get", {"id": 1})
    assert (client["name"], client["status"]) == ("Grace B. Hopper", "archived")
    core.result("clients.update", {"id": 1, "status": "active"})
    assert public.get("/customers/customer_1").json["data"]["status"] == "ACTIVE"
    public.delete("/customers/customer_1")
    assert core.error("clients.get", {"id": 1})["code"] == -32001


def test_an_email_is_taken_across_contracts(core, public, alder):
    public.post("/customers", PUBLIC)
    error = core.error("clients.create", CORE | {"companies_id": alder, "c_email_billing": "ADA@example.org"})
    assert (error["code"], list(error["data"])) == (-32002, ["code", "message", "c_email_billing"])


def test_the_admin_shows_the_same_customer(app, core, public, alder):
    core.result("clients.create", CORE | {"companies_id": alder})
    browser = app.test_client()
    cast.make_user("boss@alder.example", merchant_ids=[alder])
    assert sign_in(browser, "boss@alder.example").status_code == 303
    page = browser.get("/admin/customers/1")
    assert page.status_code == 200
    for text in ("Grace Hopper", "grace@example.org", "2 Low St", "Navy"):
        assert text in page.text, text


def test_what_the_admin_changes_both_contracts_show(core, public, alder):
    public.post("/customers", PUBLIC)
    with transaction():
        actor = cast.actor_for(alder)
        row = customers.LISTING.get(actor, 1, lock=True)
        customers.update(actor, row, {"phone": "999", "low_balance": None})
    assert core.result("clients.get", {"id": 1})["c_phone"] == "999"
    assert public.get("/customers/customer_1").json["data"]["phone"] == "999"


@pytest.mark.parametrize("text", ["Ünïcødé 😀", "<script>alert(1)</script>", "=1+1", "a" * 200, "O'Hara; DROP TABLE"])
def test_any_text_is_returned_as_it_was_sent(core, public, alder, text):
    core.result("clients.create", CORE | {"companies_id": alder, "name": text, "c_address": text})
    assert core.get("/clients/1").json["name"] == text
    shown = public.get("/customers/customer_1").json["data"]
    assert (shown["name"], shown["address"]["line1"]) == (text, text)
