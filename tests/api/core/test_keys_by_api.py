"""API keys by the Core API: a key can be made for a customer, once."""

from sqlalchemy import select

from database import db
from models.credential import Credential
from tests import cast


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
