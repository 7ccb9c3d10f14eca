"""Customers of the Public API: names, addresses with history, unique e-mail addresses."""

import pytest
from sqlalchemy import select

from database import db
from models import Address, Customer
from tests import cast
from tests.api.public.test_envelope import assert_error

KEYS = ["id", "name", "email", "phone", "company", "address", "status", "metadata", "createdAt", "updatedAt"]
HOME = {"line1": "Calle 1", "city": "Madrid", "state": "MD", "postalCode": "28001", "country": "ES"}


@pytest.fixture
def customer(api):
    """A function that makes a customer."""
    def make(**more):
        reply = api.post("/customers", {"name": "Ada Lovelace", **more})
        assert reply.status_code == 201, reply.json
        return reply.json["data"]

    return make


def put(api, **changes):
    return api.put("/customers/customer_1", changes)


def row():
    db.session.rollback()
    return db.session.get(Customer, 1)


def test_a_customer_shows_everything_and_nothing_more(api, customer):
    data = customer(email="Ada@Example.org", phone="+1234567890", company="Engines", address=HOME, metadata={"a": "b"})
    assert sorted(data) == sorted(KEYS)
    assert data | {"createdAt": 0, "updatedAt": 0} == {
        "id": "customer_1", "name": "Ada Lovelace", "email": "Ada@Example.org", "phone": "+1234567890",
        "company": "Engines", "address": HOME, "status": "ACTIVE", "metadata": {"a": "b"}, "createdAt": 0,
        "updatedAt": 0}
    assert api.get("/customers/customer_1").json["data"] == data == api.get("/customers").json["data"][0]


def test_what_was_left_out_is_null(customer):
    data = customer()
    assert [data[name] for name in ("email", "phone", "company", "address")] == [None] * 4
    assert data["metadata"] == {}


def test_a_row_is_where_it_says(api):
    reply = api.post("/customers", {"name": "Ada"})
    assert reply.headers["ETag"] == '"1"'
    assert api.get("/customers/customer_1").headers["ETag"] == '"1"'


@pytest.mark.once("is refused for its form, before it reaches SQL")
@pytest.mark.parametrize(("more", "field", "words"), [
    ({"name": None}, "name", "is required"), ({"name": ""}, "name", "can't be blank"),
    ({"name": "  "}, "name", "blank"), ({"name": "", "company": "Engines"}, "name", "blank"),
    ({"name": "x" * 201}, "name", "at most 200"), ({"name": 5}, "name", "must be a string"),
    ({"name": "a\x00b"}, "name", "cannot be stored"), ({"name": "\ud800"}, "name", "cannot be stored"),
    ({"email": "ada"}, "email", "valid e-mail"), ({"email": "ada@example"}, "email", "valid e-mail"),
    ({"email": "@example.org"}, "email", "valid e-mail"), ({"email": "a@b@c.org"}, "email", "valid e-mail"),
    ({"email": "a b@example.org"}, "email", "valid e-mail"), ({"email": "a@example."}, "email", "valid e-mail"),
    ({"email": "a@b.org*"}, "email", "valid e-mail"), ({"email": "a@b_c.org"}, "email", "valid e-mail"),
    ({"email": "a@b..org"}, "email", "valid e-mail"), ({"email": "a:b@c.org"}, "email", "valid e-mail"),
    ({"email": "a@.org"}, "email", "valid e-mail"), ({"email": ""}, "email", "valid e-mail"),
    ({"email": "a@b.org,c@d.org"}, "email", "valid e-mail"), ({"email": "Ada <a@b.org>"}, "email", "valid e-mail"),
    ({"email": "a@" + "b" * 250 + ".org"}, "email", "valid e-mail"), ({"email": "a\n@b.org"}, "email", "valid e-mail"),
    ({"phone": "x" * 41}, "phone", "at most 40"), ({"phone": 123}, "phone", "must be a string"),
    ({"company": "x" * 201}, "company", "at most 200"),
    ({"address": "Calle 1"}, "address", "must be an object"), ({"address": []}, "address", "must be an object"),
    ({"address": {"country": "Spain"}}, "address.country", "ISO 3166"),
    ({"address": {"country": "XX"}}, "address.country", "ISO 3166"),
    ({"address": {"line1": 5}}, "address.line1", "must be a string"),
    ({"address": {"postalCode": "x" * 33}}, "address.postalCode", "at most 32"),
    ({"status": "STOPPED"}, "status", "must be one of ACTIVE, ARCHIVED"),
    ({"status": True}, "status", "must be one of"),
    ({"status": None}, "status", "must be one of"), ({"metadata": None}, "metadata", "must be an object"),
])
def test_a_customer_that_cannot_be_is_422_and_says_where(api, more, field, words):
    body = assert_error(api.post("/customers", {"name": "Ada", **more}), 422, "validation_error")
    assert body["details"].keys() == {field}
    assert words in body["details"][field]


def test_a_name_is_required(api):
    body = assert_error(api.post("/customers", {"email": "a@b.org"}), 422, "validation_error", {"name": "is required"})
    assert body["message"]
    body = assert_error(api.post("/customers", {"firstName": "Ada", "company": "X"}), 422, "validation_error")
    assert body["details"].keys() == {"name", "firstName"}


def test_all_mistakes_are_named_at_once(api):
    body = assert_error(api.post("/customers", {"email": "x", "phone": 1, "address": {"country": "?", "city": 1}}),
                        422, "validation_error")
    assert body["details"].keys() >= {"name"}
    body = assert_error(api.post("/customers", {"name": 1, "email": "x", "address": {"country": "?", "city": 1}}),
                        422, "validation_error")
    assert body["details"].keys() == {"name", "email", "address.country", "address.city"}


def test_space_around_a_name_is_not_part_of_it(customer):
    assert customer(name="  Ada  ", phone=" 1 ")["name"] == "Ada"


def test_a_name_fills_first_and_last_only_where_both_are_empty(api, customer):
    customer(name="Ada King Lovelace")
    assert (row().first_name, row().last_name) == ("Ada", "King Lovelace")
    put(api, name="Augusta Byron")
    assert (row().name, row().first_name, row().last_name) == ("Augusta Byron", "Ada", "King Lovelace")


@pytest.mark.parametrize(("name", "first", "last"), [
    ("Prince", "Prince", None), ("x" * 200, "x" * 100, None), ("a " + "b" * 198, "a", "b" * 100),
    ("Ada  King", "Ada", "King"),
])
def test_names_of_any_form_split(customer, name, first, last):
    assert customer(name=name)["name"] == name
    assert (row().first_name, row().last_name) == (first, last)


def test_an_address_changes_as_a_whole_and_the_one_before_is_kept_closed(api, customer):
    customer(address=HOME)
    data = put(api, address={"line1": "Calle 2", "country": "pt"}).json["data"]
    assert data["address"] == {"line1": "Calle 2", "city": None, "state": None, "postalCode": None, "country": "PT"}
    kept = db.session.scalars(select(Address).order_by(Address.id)).all()
    assert [(one.street, one.replaced_at is None) for one in kept] == [("Calle 1", False), ("Calle 2", True)]


def test_the_same_address_again_adds_no_past(api, customer):
    customer(address=HOME)
    put(api, address=HOME, phone="1")
    assert cast.count(Address) == 1


@pytest.mark.parametrize("nothing", [None, {}, {"line1": None}, {"line1": ""}])
def test_an_address_is_taken_away(api, customer, nothing):
    customer(address=HOME)
    assert put(api, address=nothing).json["data"]["address"] is None
    assert db.session.scalars(select(Address.replaced_at)).one() is not None


def test_an_address_of_nothing_is_none(customer):
    assert customer(address={"line1": None, "city": None})["address"] is None
    assert cast.count(Address) == 0


def test_an_e_mail_belongs_to_one_customer_whatever_its_case(api, customer):
    customer(email="ada@example.org")
    customer(name="Other", email="other@example.org")
    body = assert_error(api.post("/customers", {"name": "Eve", "email": "ADA@Example.Org"}), 409, "conflict")
    assert body["details"] == {"email": "is already used by another customer"}
    assert_error(api.put("/customers/customer_2", {"email": "Ada@example.org"}), 409, "conflict")
    assert api.get("/customers/customer_2").json["data"]["email"] == "other@example.org"


def test_ones_own_e_mail_may_be_sent_again(api, customer):
    customer(email="ada@example.org")
    assert put(api, email="ada@example.org", name="Ada").status_code == 200
    assert put(api, email="ADA@example.org").json["data"]["email"] == "ADA@example.org"


def test_customers_without_e_mail_do_not_clash(customer):
    assert customer()["id"] != customer()["id"]


def test_the_e_mail_of_a_deleted_customer_is_free_and_its_id_is_not(api, customer):
    customer(email="ada@example.org")
    api.delete("/customers/customer_1")
    again = customer(email="ada@example.org")
    assert again["id"] == "customer_2"
    assert_error(api.get("/customers/customer_1"), 404, "not_found")


def test_an_e_mail_that_is_given_up_is_free(api, customer):
    customer(email="ada@example.org")
    put(api, email=None)
    assert customer(email="ada@example.org")["id"] == "customer_2"


def test_merchants_may_have_the_same_customer(api, rival, customer):
    customer(email="ada@example.org")
    assert rival.post("/customers", {"name": "Ada", "email": "ada@example.org"}).status_code == 201


def test_a_customer_is_archived_and_active_again(api, customer):
    customer()
    assert put(api, status="ARCHIVED").json["data"]["status"] == "ARCHIVED"
    assert put(api, status="ACTIVE").json["data"]["status"] == "ACTIVE"
    assert customer(status="ARCHIVED")["status"] == "ARCHIVED"


def test_writing_active_does_not_start_a_stopped_customer(api, alder):
    cast.make_customer(alder, status="stopped")
    assert put(api, status="ACTIVE").json["data"]["status"] == "ACTIVE"
    assert row().status == "stopped"


def test_only_what_is_sent_changes(api, customer):
    before = customer(email="ada@example.org", phone="1", company="Engines", address=HOME, metadata={"a": "b"})
    after = put(api, phone="2").json["data"]
    assert {name for name in before if before[name] != after[name]} <= {"phone", "updatedAt"}
    assert after["phone"] == "2"


def test_what_the_map_does_not_name_cannot_be_written(api, customer, birch):
    before = customer()
    put(api, merchant_id=birch, merchantId=birch, code="HACKED", credit_limit=9, creditLimit=9, id="customer_9",
        deleted_at="2001-01-01", created_at="x", version=99, first_name="Eve", note="x", organisation="y")
    after = api.get("/customers/customer_1").json["data"]
    assert after | {"updatedAt": 0} == before | {"updatedAt": 0}
    assert (row().merchant_id, row().first_name, row().credit_limit_minor) == (1, "Ada", 0)


def test_a_customer_is_deleted_only_once(api, customer):
    customer()
    assert api.delete("/customers/customer_1").status_code == 200
    assert_error(api.delete("/customers/customer_1"), 404, "not_found")
    assert_error(put(api, name="x"), 404, "not_found")


def test_an_e_mail_that_grows_in_lower_case_is_refused_before_a_database_refuses_it(api):
    """The dotted capital I becomes two characters; the key of uniqueness has room for 255."""
    body = assert_error(api.post("/customers", {"name": "Ada", "email": "\u0130" * 200 + "@example.org"}),
                        422, "validation_error")
    assert body["details"] == {"email": "is not a valid e-mail address"}


def test_a_peer_address_of_any_length_breaks_no_change(api):
    reply = api.post("/customers", {"name": "Ada"}, environ_base={"REMOTE_ADDR": "x" * 500})
    assert reply.status_code == 201


def test_a_refusal_to_delete_counts_what_is_in_the_way_in_the_names_of_this_api(api, customer):
    made = customer()
    line = {"description": "Desk", "quantity": 1, "unitPrice": 10}
    assert api.post("/budgets", {"customerId": made["id"], "items": [line]}).status_code == 201
    reply = api("DELETE", "/customers/" + made["id"])
    assert_error(reply, 409, "conflict")
    assert reply.json["details"] == {"pendingBudgets": 1}
