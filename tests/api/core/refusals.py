"""Expected refusals of bad credentials."""

from database import db, transaction
from domain.actor import Actor
from domain.people import users
from models.user import User

REFUSED = {"code": -32005, "message": "Authentication failed"}
SECRET = "a secret for tests that is long enough"
NEWER_SECRET = "another secret that is quite as long as it must be"


def update_user(user_id, **changes):
    changes = users.hashed_changes(Actor.operator(), changes)
    with transaction():
        users.update(Actor.operator(), db.session.get(User, user_id), changes)


def assert_refused(rpc, rest, *, http):
    """The exact response of both protocols to a bad credential."""
    assert rpc.status_code == http
    assert rpc.json == {"jsonrpc": "2.0", "id": 7, "error": REFUSED}
    assert rest.status_code == 401
    assert {name: rest.json["error"][name] for name in REFUSED} == REFUSED
    assert rest.json["error"]["data"]["code"] == "utoken-auth-failed"
    is_token = "Bearer " in rest.request.headers.get("Authorization", "")
    assert rest.headers["WWW-Authenticate"] == ("Bearer" if is_token else 'ApiKey header="X-Api-Key"')
