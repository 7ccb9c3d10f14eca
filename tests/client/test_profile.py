"""The profile and the API token in the client area."""

import re
from datetime import timedelta

import pytest

from analytics.rollups import rollup
from analytics.rollups.periods import micros
from blueprints.admin import key_use
from database import db, transaction
from domain import clock
from domain.access import customer_tokens
from domain.people import customers
from models.customer import Customer, CustomerStatus
from tests import cast
from tests.analytics.log_samples import record
from tests.api.client.conftest import ClientProgram

FIELDS = {
    "first_name": "Ada", "last_name": "Lovelace", "organisation": "Analytical Engines", "phone": "",
    "billing_street": "", "billing_city": "", "billing_state": "", "billing_postal_code": "", "billing_country": "",
}


def row(ada):
    db.session.expire_all()
    return db.session.get(Customer, ada)


def stop(alder, ada):
    with transaction():
        customers.update(cast.actor_for(alder), db.session.get(Customer, ada), {"status": CustomerStatus.STOPPED})


def test_the_profile_is_shown_and_changed(signed_in, ada):
    page = signed_in.get("/client/profile").text
    for words in ('value="Ada"', 'value="Lovelace"', "ada@example.org"):
        assert words in page, words
    sent = FIELDS | {"first_name": "Augusta", "billing_city": "Bath <b>", "billing_country": "GB", "phone": "123"}
    reply = signed_in.post("/client/profile", sent)
    assert (reply.status_code, reply.headers["Location"]) == (303, "/client/profile?said=saved")
    changed = row(ada)
    assert (changed.name, changed.phone, changed.billing_address.city, changed.billing_address.country) == (
        "Augusta Lovelace", "123", "Bath <b>", "GB")
    page = signed_in.get("/client/profile?said=saved").text
    assert "Bath &lt;b&gt;" in page
    assert "was saved" in page
    signed_in.post("/client/profile", FIELDS | {"first_name": "Augusta"})
    assert (row(ada).phone, row(ada).billing_address) == (None, None)


@pytest.mark.parametrize(("sent", "words"), [
    ({"first_name": ""}, "can&#39;t be blank"), ({"billing_country": "ZZ"}, "country"),
    ({"phone": "1" * 41}, "at most 40"),
])
def test_what_is_wrong_is_said_and_what_was_typed_is_kept(signed_in, ada, sent, words):
    signed_in.get("/client/profile")
    before = row(ada).version
    reply = signed_in.post("/client/profile", FIELDS | {"billing_city": "Bath"} | sent)
    assert reply.status_code == 422
    assert words in reply.text
    assert 'value="Bath"' in reply.text
    assert row(ada).version == before


def test_only_the_profile_is_changed_whatever_is_sent(signed_in, alder, ada):
    signed_in.get("/client/profile")
    signed_in.post("/client/profile", FIELDS | {
        "email": "eve@example.org", "status": "active", "merchant_id": "9", "credit_limit": "5", "id": "9",
        "billing_city": "Bath"})
    changed = row(ada)
    assert (changed.email, changed.merchant_id, changed.credit_limit_minor) == ("ada@example.org", alder, 0)
    assert changed.billing_address.city == "Bath"


def test_a_form_without_changes_changes_nothing(signed_in, ada):
    signed_in.get("/client/profile")
    before = row(ada).version
    assert signed_in.post("/client/profile", FIELDS).status_code == 303
    assert row(ada).version == before


def test_a_token_is_made_shown_once_replaced_and_revoked(app, signed_in, ada):
    assert "You have no token" in signed_in.get("/client/api").text
    reply = signed_in.post("/client/api/token")
    token = re.search(r'id="secret">([0-9a-f]{64})<', reply.text)[1]
    assert reply.headers["Cache-Control"] == "no-store"
    shown = signed_in.get("/client/api").text
    assert token not in shown
    assert token[-4:] in shown
    assert ClientProgram(app, token).get("/profile").json["id"] == ada
    second = re.search(r'id="secret">([0-9a-f]{64})<', signed_in.post("/client/api/token").text)[1]
    assert ClientProgram(app, token).get("/profile").status_code == 401
    assert signed_in.post("/client/api/revoke").headers["Location"] == "/client/api?said=revoked"
    assert ClientProgram(app, second).get("/profile").status_code == 401
    assert signed_in.post("/client/api/revoke").status_code == 303
    assert customer_tokens.of_customer(ada) is None


def test_a_stopped_customer_reads_and_changes_nothing(signed_in, alder, ada):
    stop(alder, ada)
    assert 'name="first_name"' not in signed_in.get("/client/profile").text
    assert "Make a token" not in signed_in.get("/client/api").text
    for path in ("/client/profile", "/client/api/token", "/client/api/revoke"):
        assert signed_in.post(path, FIELDS | {"first_name": "Eve"}).status_code == 403
    assert row(ada).first_name == "Ada"


def test_the_page_of_the_token_says_when_and_from_where_it_was_used(signed_in, ada, monkeypatch):
    signed_in.get("/client/profile")
    signed_in.post("/client/api/token")
    assert "not used yet" in signed_in.get("/client/api").text
    own = customer_tokens.of_customer(ada).id
    use = key_use.Use(clock.now(), "192.0.2.7", (0, 0, 0, 0, 0, 1, 3411))
    monkeypatch.setattr(key_use, "of", lambda keys: {key: use for key in keys if key == own})
    page = signed_in.get("/client/api").text
    for words in ("Last used", "192.0.2.7", "Calls, 30 days"):
        assert words in page, words


def called(merchant, key, status, count, *, endpoint="/api/v1/profile", ago=timedelta()):
    """Put calls into the figures of the log."""
    with transaction("log") as session:
        batch = rollup.begin(session.connection(), db.engines["log"])
        for _ in range(count):
            batch.add(record(
                micros(clock.now() - ago), merchant_id=merchant, key_id=key, contract="client", status=status,
                endpoint=endpoint, path=endpoint))
        rollup.store(session.connection(), batch)


def test_the_page_of_the_token_shows_its_own_calls_of_thirty_days(signed_in, alder, birch, ada, monkeypatch):
    signed_in.get("/client/profile")
    signed_in.post("/client/api/token")
    own = customer_tokens.of_customer(ada).id
    called(alder, own, 200, 2)
    called(alder, own, 404, 1, endpoint="/api/v1/invoices/{id}")
    called(alder, own, 429, 1, ago=timedelta(days=3))
    called(alder, own, 200, 8, ago=timedelta(days=31))
    called(alder, own + 1, 200, 16, endpoint="/api/v1/announcements")
    called(birch, own, 200, 32, endpoint="/api/v1/announcements")
    monkeypatch.setattr(key_use, "of", lambda keys: {own: key_use.Use(clock.now(), "192.0.2.7", (0,) * 7)})
    page = signed_in.get("/client/api").text
    figures = re.findall(r"<dt>([^<]+)</dt><dd>([^<]+)</dd>", page)
    assert figures[:2] == [("Calls, 30 days", "4"), ("Failed", "50.0 %")]
    assert figures[3] == ("Refused by the limit", "1")
    assert re.findall(r"</td><td>(\d+)</td><td>(\d+)</td></tr>", page) == [("1", "1"), ("3", "1")]
    assert re.findall(r'class="f-path">([^<]+)</b>.*?class="r">(\d+)<', page, re.DOTALL) == [
        ("GET /api/v1/profile", "3"), ("GET /api/v1/invoices/{id}", "1")]
    assert "announcements" not in page
