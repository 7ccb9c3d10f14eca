"""Customers on the Merchant API: keys, strict phones, addresses replaced as written, form data or JSON."""

import pytest

from blueprints.portal.openapi import document
from database import db
from models.customer import Address, Customer
from tests import cast

DANA = {
    "first_name": "Dana", "last_name": "Scott", "date_of_birth": "12/05/1995", "email": "dana@example.com",
    "phone": "+447911123456",
    "organisation": {"name": "Scott Ltd", "registration_number": "123", "web_url": "https://scott.example",
                     "vat": "GB1", "description": "Lamps"},
    "addresses": {
        "billing_address": {"street": "1 High St", "city": "Bath", "state": "Avon", "country": "GB",
                            "postal_code": "BA1 1AA"},
        "shipping_address": {"street": "2 Low St", "city": "Bath", "state": "Avon", "country": "GB",
                             "postal_code": "BA1 1AB"},
    },
}
KEYS = ["id", "customer_id", "first_name", "last_name", "date_of_birth", "email", "phone", "organisation",
        "addresses", "created_at", "updated_at"]


@pytest.fixture
def dana(shop):
    reply = shop.post("/customers", {"customer": DANA})
    assert reply.status_code == 200, reply.json
    return reply.json


def put(shop, dana, **changes):
    return shop.put(f"/customers/{dana['id']}", {"customer": changes})


def test_a_new_customer_is_answered_with_200_and_the_documented_keys(shop, dana):
    assert sorted(dana) == sorted(KEYS)
    assert (len(dana["customer_id"]), dana["date_of_birth"], dana["phone"]) == (10, "1995-05-12", "+447911123456")
    assert dana["created_at"][10] == "T"
    assert dana["created_at"][-5] == "."
    assert dana["created_at"].endswith("Z")
    assert sorted(dana["organisation"]) == sorted(["name", "registration_number", "web_url", "vat", "description",
                                                  "created_at", "updated_at"])
    billing = dana["addresses"]["billing_address"]
    assert set(billing) == {"id", "street", "city", "state", "country", "postal_code", "created_at", "updated_at"}
    sent = DANA["addresses"]["billing_address"]
    assert {name: billing[name] for name in sent} == sent
    assert shop.get(f"/customers/{dana['id']}").json == dana
    assert shop.get("/customers").json == [dana]


def test_form_data_makes_the_same_customer(shop):
    form = {
        "customer[first_name]": "Dana", "customer[last_name]": "Scott", "customer[date_of_birth]": "12/05/1995",
        "customer[email]": "dana@example.com", "customer[phone]": "+44 7911 123456",
        **{f"customer[organisation][{name}]": value for name, value in DANA["organisation"].items()},
        **{f"customer[addresses][{kind}][{name}]": value for kind, one in DANA["addresses"].items()
           for name, value in one.items()},
    }
    for content_type in ("multipart/form-data", "application/x-www-form-urlencoded"):
        reply = shop("POST", "/customers", data=form, content_type=content_type)
        assert reply.status_code == 200, reply.json
        assert reply.json["phone"] == "+447911123456"
        assert reply.json["organisation"]["vat"] == "GB1"
        assert reply.json["addresses"]["shipping_address"]["street"] == "2 Low St"
        form["customer[email]"] = "dana2@example.com"


@pytest.mark.parametrize("phone", ["+44770000000000", "+1234567890", "07911123456", "12345", "+1-555", "x", "+",
                                   "+447911123456 ext. 5"])
def test_a_phone_of_another_length_than_its_countrys_is_invalid(shop, phone):
    reply = shop.post("/customers", {"customer": DANA | {"phone": phone}})
    assert (reply.status_code, reply.json) == (422, {"phone": ["is invalid"]})


@pytest.mark.parametrize(("phone", "stored"), [
    ("+447700900123", "+447700900123"), ("+44 (0)20 7946 0000", "+442079460000"), ("+1-650-253-0000", "+16502530000"),
    ("", None), (None, None),
])
def test_a_possible_phone_is_stored_as_e164(shop, phone, stored):
    assert shop.post("/customers", {"customer": DANA | {"phone": phone}}).json["phone"] == stored


def test_a_phone_that_another_api_stored_stays_when_it_is_not_changed(shop, alder):
    key = cast.make_customer(alder, "Ada Byron", phone="ask for Ada")
    row = shop.get(f"/customers/{key}").json
    assert row["phone"] == "ask for Ada"
    reply = shop.put(f"/customers/{key}", {"customer": row | {"last_name": "Lovelace"}})
    assert reply.status_code == 200, reply.json
    assert (reply.json["phone"], reply.json["last_name"]) == ("ask for Ada", "Lovelace")
    assert put(shop, row, phone="ask for Bob").json == {"phone": ["is invalid"]}


def test_all_mistakes_are_told_at_once_under_dotted_names(shop):
    wrong = {
        "first_name": " ", "email": "nobody", "phone": "5", "date_of_birth": "31/02/2000",
        "organisation": {"web_url": "ftp://x"}, "addresses": {"billing_address": {"country": "ZZ"},
                                                             "shipping_address": {"city": "x" * 101}},
    }
    reply = shop.post("/customers", {"customer": wrong})
    assert reply.status_code == 422
    assert reply.json == {
        "first_name": ["can't be blank"], "last_name": ["can't be blank"], "email": ["is invalid"],
        "phone": ["is invalid"], "date_of_birth": ["is invalid"], "organisation.web_url": ["is invalid"],
        "addresses.billing_address.country": ["is invalid"], "addresses.shipping_address.city": ["is too long"],
    }


def test_objects_of_another_type_are_invalid(shop):
    reply = shop.post("/customers", {"customer": DANA | {
        "organisation": "Scott Ltd", "addresses": {"billing_address": 5}, "first_name": 5}})
    assert (reply.status_code, reply.json) == (422, {
        "organisation": ["is invalid"], "addresses.billing_address": ["is invalid"], "first_name": ["is invalid"]})
    assert shop.post("/customers", {"customer": DANA | {"addresses": []}}).json == {"addresses": ["is invalid"]}


def test_a_day_of_birth_is_past(shop):
    reply = shop.post("/customers", {"customer": DANA | {"date_of_birth": "2999-01-01"}})
    assert (reply.status_code, reply.json) == (422, {"date_of_birth": ["must be in the past"]})


def test_an_email_is_used_once_for_each_profile(shop, dana):
    reply = shop.post("/customers", {"customer": DANA | {"email": "DANA@example.com"}})
    assert (reply.status_code, reply.json) == (422, {"email": ["has already been taken"]})


def test_a_change_leaves_alone_what_is_not_sent(shop, dana):
    changed = put(shop, dana, last_name="Stone").json
    assert changed["last_name"] == "Stone"
    assert {**changed, "last_name": "Scott", "updated_at": ""} == {**dana, "updated_at": "", "organisation": {
        **dana["organisation"], "updated_at": changed["updated_at"]}}
    assert put(shop, dana, last_name=None).json == {"last_name": ["can't be blank"]}
    assert put(shop, dana, email="").json == {"email": ["can't be blank"]}


def test_addresses_are_replaced_as_written_and_what_is_not_sent_is_removed(shop, dana):
    changed = put(shop, dana, addresses={"billing_address": {"street": "3 New St"}}).json["addresses"]
    assert changed["shipping_address"] is None
    assert (changed["billing_address"]["street"], changed["billing_address"]["city"]) == ("3 New St", None)
    assert changed["billing_address"]["id"] != dana["addresses"]["billing_address"]["id"]
    assert db.session.query(Address).count() == 3
    assert put(shop, dana, addresses=None).json["addresses"] == {"billing_address": None, "shipping_address": None}


def test_an_organisation_is_changed_in_parts_and_removed_as_a_whole(shop, dana):
    changed = put(shop, dana, organisation={"vat": "GB2"}).json["organisation"]
    assert (changed["vat"], changed["name"]) == ("GB2", "Scott Ltd")
    assert put(shop, dana, organisation=None).json["organisation"] is None


def test_what_was_read_is_sent_back_and_changes_nothing(shop, dana):
    reply = shop.put(f"/customers/{dana['id']}", {"customer": dana})
    assert (reply.status_code, reply.json) == (200, dana)
    assert "X-Ignored-Parameters" not in reply.headers


def test_the_identifier_of_the_merchant_cannot_be_changed(shop, dana):
    assert put(shop, dana, customer_id="0000000000", id=77).json == dana


def test_unknown_names_are_ignored_and_told(shop, dana):
    body = {"customer": {"last_name": "Stone", "colour": 1, "organisation": {"colour": 2}}, "profile_id": 99}
    reply = shop.put(f"/customers/{dana['id']}?fields=x", body)
    assert reply.status_code == 200
    assert set(reply.headers["X-Ignored-Parameters"].split(", ")) == {
        "profile_id", "fields", "colour", "organisation.colour"}


def test_customers_are_listed_by_id_in_pages_and_found_by_the_merchants_identifier(shop, alder):
    keys = [cast.make_customer(alder, f"Customer {number}") for number in range(30)]
    first, second, past = (shop.get(f"/customers?page={page}") for page in (1, 2, 9))
    assert [one["id"] for one in first.json + second.json] == keys
    assert (len(first.json), past.json) == (25, [])
    assert {name: value for name, value in second.headers.items() if name.startswith(("X-P", "X-T"))} == {
        "X-Page": "2", "X-Per-Page": "25", "X-Total": "30", "X-Total-Pages": "2"}
    assert len(shop.get("/customers?per_page=1000").json) == 30
    assert shop.get("/customers?per_page=1000").headers["X-Per-Page"] == "100"
    code = db.session.get(Customer, keys[3]).code
    assert [one["id"] for one in shop.get(f"/customers?customer_id={code}").json] == [keys[3]]


@pytest.mark.parametrize("page", [2, 10**9, 10**15 + 1, 10**40])
def test_a_page_past_the_end_is_empty(shop, dana, page):
    reply = shop.get(f"/customers?page={page}")
    assert (reply.status_code, reply.json, reply.headers["X-Total"]) == (200, [], "1")


def test_the_document_sets_no_maximum_that_is_not_checked(app, shop):
    for name in ("page", "per_page"):
        assert shop.get(f"/customers?{name}={10**40}").status_code == 200
    with app.test_request_context():
        paths = document("merchant", "http://x")["paths"]
    parameters = {one["name"]: one["schema"] for one in paths["/customers"]["get"]["parameters"]}
    assert "maximum" not in parameters["page"] | parameters["per_page"]


def test_an_id_that_is_larger_than_ids_can_be_is_that_of_no_row(shop):
    for number in (2**63, 10**40):
        assert (shop.get(f"/orders?customer_id={number}").status_code, shop.get("/orders").status_code) == (200, 200)
        assert shop.get(f"/customers?profile_id={number}").status_code == 403


def test_the_message_of_a_page_says_what_is_wrong_with_it(shop):
    for text, told in (("0", "must be greater than 0"), ("-5", "must be greater than 0"), ("one", "is invalid")):
        assert shop.get(f"/customers?page={text}").json == {"page": [told]}


@pytest.mark.parametrize("query", ["page=0", "page=x", "page=-1", "per_page=0", "page=1&page=2", "page=1.5", "page="])
def test_a_bad_page_is_400(shop, query):
    reply = shop.get(f"/customers?{query}")
    assert reply.status_code == 400
    assert list(reply.json) == [query.partition("=")[0]]


def test_a_restricted_user_sees_the_customers_that_he_made(shop, shop_of, dana, alder):
    own = shop_of(alder, role="restricted_user")
    assert own.get("/customers").json == []
    assert own.get(f"/customers/{dana['id']}").status_code == 404
    made = own.post("/customers", {"customer": DANA | {"email": "own@example.com"}}).json
    assert [one["id"] for one in own.get("/customers").json] == [made["id"]]
