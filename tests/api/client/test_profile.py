"""The profile: what a customer's program reads and changes of its own row."""

import json
import re
from datetime import timedelta

import pytest

from blueprints.portal.openapi import document
from database import db, transaction
from domain import settings
from domain.actor import Actor
from domain.people import customers
from models.customer import Customer, CustomerStatus
from tests import cast
from tests.api.client.conftest import ClientProgram, token_of


def test_the_profile_has_exactly_the_documented_fields(program, ada):
    reply = program.get("/profile")
    assert reply.status_code == 200
    row = db.session.get(Customer, ada)
    assert reply.json == {
        "id": ada, "first_name": "Ada", "last_name": "Lovelace", "email": "ada@example.org",
        "phone": "+44 20 7946 0000", "company": "Analytical Engines", "country": "GB",
        "created_at": row.created_at.strftime("%Y-%m-%d %H:%M:%S"),
    }


def test_a_change_changes_what_was_sent_and_shows_the_address(program, ada):
    reply = program.put("/profile", {"phone": "123", "postcode": "SW1Y 4JH", "email": "new@example.org", "id": 9})
    assert reply.status_code == 200
    assert reply.json["phone"] == "123"
    assert {name: reply.json[name] for name in ("address1", "city", "state", "postcode", "country")} == {
        "address1": "12 St James's Square", "city": "London", "state": None, "postcode": "SW1Y 4JH", "country": "GB",
    }
    assert reply.json["email"] == "ada@example.org"
    assert reply.headers["X-Ignored-Parameters"] == "email, id"
    assert program.get("/profile").json["phone"] == "123"


def test_the_document_allows_what_the_profile_takes_and_nothing_else(app, program):
    with app.test_request_context():
        known = document("client", "http://x")["components"]["schemas"]
    written = known["ProfileInput"]["properties"]
    assert written["country"]["anyOf"][0]["$ref"].endswith("/CountryCode")
    for country, status in (("GB", 200), ("AA", 400)):
        assert (country in known["CountryCode"]["enum"]) == (status == 200)
        assert program.put("/profile", {"country": country}).status_code == status
    for name, status in (("Ada", 200), (" \f", 400), ("", 400)):
        assert bool(re.search(written["last_name"]["pattern"], name)) == (status == 200)
        assert program.put("/profile", {"last_name": name}).status_code == status


def test_null_clears_what_may_be_empty(program):
    reply = program.put("/profile", dict.fromkeys(("phone", "company", "address1", "city", "country")))
    assert reply.status_code == 200
    assert (reply.json["phone"], reply.json["company"], reply.json["city"], reply.json["country"]) == (None,) * 4


def test_first_and_last_name_make_the_name(program, ada):
    program.put("/profile", {"first_name": "Augusta", "last_name": "King"})
    assert db.session.get(Customer, ada).name == "Augusta King"


@pytest.mark.parametrize(("sent", "names"), [
    ({"first_name": ""}, "first_name"), ({"first_name": None}, "first_name"), ({"last_name": "  "}, "last_name"),
    ({"country": "Spain"}, "country"), ({"country": 5}, "country"), ({"phone": ["1"]}, "phone"),
    ({"city": "x" * 101}, "city"), ({"company": "x" * 101}, "company"), ({"address1": "x" * 101}, "address1"),
    ({"first_name": "", "country": "ZZ"}, "first_name, country"), ({"phone": "a\0b"}, "phone"),
])
def test_a_wrong_value_is_400_and_changes_nothing(program, ada, sent, names):
    before = db.session.get(Customer, ada).version
    reply = program.put("/profile", sent | {"state": "changed"})
    assert (reply.status_code, reply.json) == (400, {"error": f"Invalid value for {names}", "code": 400})
    db.session.expire_all()
    assert db.session.get(Customer, ada).version == before


@pytest.mark.parametrize("sent", [{}, {"email": "new@example.org"}, {"first-name": "Eve"}])
def test_a_body_without_a_field_of_the_profile_is_422(program, sent):
    reply = program.put("/profile", sent)
    assert (reply.status_code, reply.json) == (422, {"error": "No updatable fields supplied", "code": 422})


@pytest.mark.parametrize("body", [b"", b"[]", b"null", b"{", b"5", b'"text"', b"\xff"])
def test_a_body_that_is_no_object_is_400(program, body):
    reply = program("PUT", "/profile", data=body, content_type="application/json")
    assert (reply.status_code, reply.json["code"]) == (400, 400)
    assert reply.json.keys() == {"error", "code"}


def test_json_is_read_whatever_the_content_type_says(program):
    reply = program("PUT", "/profile", data=json.dumps({"city": "Bath"}), content_type="text/plain")
    assert (reply.status_code, reply.json["city"]) == (200, "Bath")


def test_a_stopped_customer_reads_on_and_may_not_write(program, alder, ada):
    actor = cast.actor_for(alder)
    with transaction():
        customers.update(actor, db.session.get(Customer, ada), {"status": CustomerStatus.STOPPED})
    assert program.get("/profile").status_code == 200
    refused = program.put("/profile", {"city": "Bath"})
    assert (refused.status_code, refused.json) == (403, {"error": "Forbidden", "code": 403})


def test_if_match_is_obeyed(program):
    tag = program.get("/profile").headers["ETag"]
    assert program.put("/profile", {"city": "Bath"}, headers={"If-Match": tag}).status_code == 200
    stale = program.put("/profile", {"city": "York"}, headers={"If-Match": tag})
    assert (stale.status_code, stale.json["code"]) == (412, 412)
    assert program.put("/profile", {"state": "Avon"}).json["city"] == "Bath"


def test_times_are_in_the_installations_zone(app, program, ada):



    with transaction():
        settings.update(Actor.operator(), {"system_timezone": "Asia/Tokyo"})
    moment = db.session.get(Customer, ada).created_at


    assert program.get("/profile").json["created_at"] == (moment + timedelta(hours=9)).strftime("%Y-%m-%d %H:%M:%S")


def test_a_test_customer_has_a_token_of_the_test_world(app, alder):
    actor = cast.actor_for(alder).in_world(test=True)
    number = cast.make_customer(alder, "Tess", actor=actor, email="tess@example.org")
    program = ClientProgram(app, token_of(number))
    assert program.get("/profile").json["id"] == number
