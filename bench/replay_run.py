"""Runs the replay against a temporary server: `python -m bench.replay_run [options of replay_retail]`."""

import subprocess
import sys

from app import create_app
from bench.installation import LIMIT, ROOT, Installation, installation, serving
from database import db, transaction
from domain import inputs
from domain.access import tokens
from domain.actor import Actor
from domain.integrations import api_keys
from domain.people import users
from models.user import User


def test_world(here: Installation) -> list[str]:
    """The options that name a key and a user's token of the test world."""
    app, operator = create_app(here.settings), Actor.operator()
    with app.app_context():
        wanted = {"name": "Replay", "mode": "test", "rate_limit_per_hour": LIMIT}
        new = api_keys.fresh(operator.narrowed(here.merchant_id), inputs.parse(api_keys.KeyInput, wanted))
        account = {"email": "replay@shop.example", "password": "a long enough password", "role": "admin_user",
                   "merchant_ids": [here.merchant_id], "api_access": True}
        user = users.hashed(operator, inputs.parse(users.UserInput, account))
        with transaction():
            _, key = api_keys.create(operator.narrowed(here.merchant_id), new)
            user_id = users.create(operator, user).id
        with transaction():
            token = tokens.reveal(Actor.system(), db.session.get_one(User, user_id), test=True)
        db.session.remove()
        for engine in db.engines.values():
            engine.dispose()
    return ["--key", key, "--token", token]


def main(options: list[str]) -> int:
    """A throw-away installation on a free port; the exit status of the replay."""
    with installation(product_count=0) as here:
        more = test_world(here) if "--orders" in options else ["--key", here.key, "--instance", str(here.folder)]
        with serving("worker", here.environment) as server:
            command = [sys.executable, "-m", "bench.replay_retail", "--base", server.base, *more, *options]
            return subprocess.run(command, cwd=ROOT, check=False).returncode


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
