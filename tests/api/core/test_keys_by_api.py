"""API keys by the Core API: made for a customer, once; rotated, extended, paused, resumed."""

from sqlalchemy import select

from database import db
from models.credential import Credential
from tests import cast
from tests.api.conftest import Caller


def test_who_calls_with_a_key_is_said_when_it_is_made(core, alder):
    ada, grace = cast.make_customer(alder), cast.make_customer(alder, "Grace Hopper")
    made = core("POST", "/iam/api-keys", json={"companies_id": alder, "name": "Shop", "clients_id": ada}).json
    key_id = db.session.scalar(select(Credential.id).where(Credential.customer_id == ada))
    assert made["id"] == key_id
    assert core.get(f"/iam/api-keys/{key_id}").json["clients_id"] == ada
    refused = core("PATCH", f"/iam/api-keys/{key_id}", json={"clients_id": grace})
    assert refused.status_code in (400, 422)
    db.session.expire_all()
    assert db.session.get(Credential, key_id).customer_id == ada


def test_a_key_is_rotated_and_the_new_one_is_shown_once(app, core, alder):
    key_id, first = cast.make_key(alder)
    headers = {"Idempotency-Key": "rotation-1"}
    made = core("POST", f"/iam/api-keys/{key_id}/rotate", json={"grace_hours": 1}, headers=headers).json
    assert Caller(app, made["key"]).get("/customers").status_code == 200
    assert Caller(app, first).get("/customers").status_code == 200
    assert core.get(f"/iam/api-keys/{key_id}").json["former_until_dt"] == made["former_until_dt"]
    again = core("POST", f"/iam/api-keys/{key_id}/rotate", json={"grace_hours": 1}, headers=headers).json
    assert again == {name: value for name, value in made.items() if name != "key"}
    assert core.result("api_keys.end_former", {"id": key_id}) == 1
    assert core.get(f"/iam/api-keys/{key_id}").json["former_until_dt"] is None
    assert Caller(app, first).get("/customers").status_code == 401


def test_without_a_body_the_former_secret_goes_on_for_a_day(app, core, alder):
    key_id, first = cast.make_key(alder)
    assert core.result("api_keys.rotate", {"id": key_id})["key"] != first
    assert Caller(app, first).get("/customers").status_code == 200


def test_a_wrong_grace_is_refused_and_changes_nothing(app, core, alder):
    key_id, _ = cast.make_key(alder)
    for wrong in (-1, 721, "a day", None, 1.5):
        assert core("POST", f"/iam/api-keys/{key_id}/rotate", json={"grace_hours": wrong}).status_code == 400, wrong
    assert core("POST", f"/iam/api-keys/{key_id}/rotate", json={"grace": 1}).status_code == 400
    assert core.get(f"/iam/api-keys/{key_id}").json["former_until_dt"] is None


def test_a_key_is_paused_and_resumed(app, core, alder):
    key_id, text = cast.make_key(alder)
    assert core.result("api_keys.pause", {"id": key_id}) == 1
    assert [one["id"] for one in core.get("/iam/api-keys?status=PAUSED").json] == [key_id]
    assert Caller(app, text).get("/customers").status_code == 401
    assert core.result("api_keys.resume", {"id": key_id}) == 1
    assert Caller(app, text).get("/customers").status_code == 200


def test_a_key_is_extended_by_days(core, alder):
    key_id, _ = cast.make_key(alder, expires_at="2031-01-01T12:00:00Z")
    assert core("POST", f"/iam/api-keys/{key_id}/extend", json={"days": 31}).status_code == 200
    assert core.get(f"/iam/api-keys/{key_id}").json["expires_dt"].startswith("2031-02-01 23:59:59")
    assert core.result("api_keys.extend", [key_id, 1]) == 1
    assert core.get(f"/iam/api-keys/{key_id}").json["expires_dt"].startswith("2031-02-02 23:59:59")
    for wrong in (0, 3651, "a month", None, 1.5, True):
        assert core("POST", f"/iam/api-keys/{key_id}/extend", json={"days": wrong}).status_code == 400, wrong
    assert core("POST", f"/iam/api-keys/{key_id}/extend", json={}).status_code == 400
    assert set(core.error("api_keys.extend", {"id": key_id, "days": 3650})["data"]) == {"days"}


def test_what_is_left_of_a_keys_limit_is_said_without_spending_it(app, core, alder):
    key_id, text = cast.make_key(alder, rate_limit_per_hour=3)
    Caller(app, text).get("/customers")
    found = core.result("api_keys.rate_limit", {"id": key_id})
    assert (found["id"], found["limit"], found["remaining"], found["window"]) == (key_id, 3, 2, 3600)
    assert core.get(f"/iam/api-keys/{key_id}/rate-limit").json["remaining"] == 2
    assert core.get("/iam/api-keys/999/rate-limit").status_code == 404
    assert Caller(app, text).get("/rate-limit").json["data"]["remaining"] == 2


def test_a_key_is_marked_as_leaked(app, core, alder):
    key_id, text = cast.make_key(alder)
    assert core.result("api_keys.mark_leaked", {"id": key_id, "url": "https://git.example.org/"}) == 1
    found = core.get(f"/iam/api-keys/{key_id}").json
    assert (found["status"], found["leak_url"]) == ("PAUSED", "https://git.example.org/")
    assert found["leaked_dt"]
    assert core("POST", f"/iam/api-keys/{key_id}/leaked").status_code in (400, 409, 422)
    other, _ = cast.make_key(alder)
    assert core("POST", f"/iam/api-keys/{other}/leaked").status_code == 200
    made = core.result("api_keys.rotate", {"id": key_id})["key"]
    assert Caller(app, text).get("/customers").status_code == 401
    assert Caller(app, made).get("/customers").status_code == 200


def test_a_key_has_several_limits(core, alder):
    sent = {"companies_id": alder, "name": "Shop", "rate_limit_per_minute": 60, "rate_limit_per_day": 600}
    made = core("POST", "/iam/api-keys", json=sent).json
    assert (made["rate_limit_per_minute"], made["rate_limit_per_hour"], made["rate_limit_per_day"]) == (60, 1000, 600)
    found = core.result("api_keys.rate_limit", {"id": made["id"]})
    assert [(one["window"], one["limit"]) for one in found["windows"]] == [(60, 60), (3600, 1000), (86_400, 600)]
    core("PATCH", f"/iam/api-keys/{made['id']}", json={"rate_limit_per_day": None})
    assert core.get(f"/iam/api-keys/{made['id']}").json["rate_limit_per_day"] is None
