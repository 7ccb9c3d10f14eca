"""Benchmarks the Core API: REST, JSON-RPC and batches of fifty, against an empty Flask view on the same server.

Requests a second of `clients.get`; of the batch also the calls in it. All are loaded in turn, so
that a busy machine hurts all; medians.
"""

import json
import urllib.request
from statistics import median

from app import create_app
from bench.figures import Figure
from bench.installation import Installation, installation, serving
from bench.load import load, tool
from database import db, transaction
from domain import inputs
from domain.access import tokens
from domain.actor import Actor
from domain.people import customers, users
from models.user import Role

ROUNDS = 5
SECONDS = 2.0
CALLS = 50
PASSWORD = "bench bench bench 2026"
CALL = {"jsonrpc": "2.0", "method": "clients.get", "params": {"id": 1}, "id": 1}
KINDS: dict[str, tuple[str, bytes | None]] = {
    "REST": ("/clients/1", None),
    "JSON-RPC": ("/", json.dumps(CALL).encode()),
    f"batch of {CALLS}": ("/", json.dumps([CALL] * CALLS).encode()),
}


def token_of(here: Installation) -> str:
    """A client, and the token of a user who may read it."""
    app = create_app(here.settings, sink=lambda record: None)
    with app.app_context():
        operator = Actor.operator()
        new = users.hashed(operator, inputs.parse(users.UserInput, {
            "email": "bench@example.org", "password": PASSWORD, "role": Role.NORMAL.value,
            "merchant_ids": [here.merchant_id],
        }))
        with transaction():
            customers.create(
                operator.narrowed(here.merchant_id), inputs.parse(customers.CustomerInput, {"name": "Ada Lovelace"})
            )
            user = users.create(operator, new)
            token = tokens.reveal(operator, user)
        db.session.remove()
        for engine in db.engines.values():
            engine.dispose()
    return token


def answered(url: str, token: str, body: bytes | None) -> bool:
    """Whether every call of a response succeeded; JSON-RPC answers failures with 200, too."""
    request = urllib.request.Request(url, data=body, headers={"X-Api-Key": token})
    with urllib.request.urlopen(request) as response:
        return b'"error"' not in response.read()


def run(rounds: int = ROUNDS, seconds: float = SECONDS) -> list[Figure]:
    with installation(product_count=0) as here:
        token = token_of(here)
        headers = {"X-Api-Key": token}
        with serving("bare", {}) as floor, serving("ours", here.environment) as ours:
            bare: list[float] = []
            rates: dict[str, list[float]] = {kind: [] for kind in KINDS}
            for path, body in KINDS.values():
                if not answered(ours.base + path, token, body):
                    raise RuntimeError(f"{path} answers with an error")
                load(ours.base + path, 1.0, headers, body)
            for _ in range(rounds):
                bare.append(load(floor.base + "/", seconds).rate)
                for kind, (path, body) in KINDS.items():
                    rates[kind].append(load(ours.base + path, seconds, headers, body).rate)
    return [figure(kind, bare, rates[kind]) for kind in KINDS]


def figure(kind: str, bare: list[float], rates: list[float]) -> Figure:
    """One line: requests a second, and of an empty view's."""
    count = CALLS if kind.startswith("batch") else 1
    ratio = median(rate * count / floor for rate, floor in zip(rates, bare, strict=True))
    calls = f" = {median(rates) * count:,.0f} calls/s" if count > 1 else ""
    return Figure(
        "Core", f"clients.get by {kind}, calls of an empty view's requests/s",
        f"{median(rates):,.0f}{calls} of {median(bare):,.0f} requests/s ({tool()})", f"{ratio:.2f}", "-", None,
    )


if __name__ == "__main__":
    from rich.console import Console

    from bench.figures import show
    show(run(), Console())
