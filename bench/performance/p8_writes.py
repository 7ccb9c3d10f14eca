"""P8: compares the CPU of two writes with a bare view, and with FastAPI and SQLAlchemy's ORM doing the same.

`POST customers` with an e-mail and an address, and `POST budgets` with 5 lines of products, through the Public API;
the bare view, on the same server, reads the JSON and answers 201 with it. All three have one process, the two others
with files of SQLite that are synchronised at each commit. They run at once and are loaded in turn with
eight connections; figures are medians of rounds, and a ratio is the median of the rounds' ratios.
"""

import json
import subprocess
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from typing import Any
from urllib.request import Request, urlopen

from bench.figures import Figure
from bench.installation import ROOT, Server, installation, serving
from bench.load import NUMBER, load, tool
from bench.performance.p2_others import environment

ROUNDS = 7
SECONDS = 2.0
FASTAPI = ROOT / "bench" / "fastapi_orm"
FLOORS = {"customer": 3.0, "budget": 6.0}       # times the bare view's CPU, at most
CPU, RATE = 0.5, 1.0                            # of FastAPI's: at most, and at least
PREFIX = "/v1/api/public"
CUSTOMER = {
    "name": "Ada Lovelace", "email": f"ada.ROUND.{NUMBER}@example.org", "phone": "+34 600 000 000",
    "address": {"line1": "Calle Mayor 1", "city": "Madrid", "postalCode": "28013", "country": "ES"},
}


@dataclass(frozen=True, slots=True)
class Side:
    """A server, and how it is asked."""

    server: Server
    headers: Mapping[str, str]
    prefix: str
    customer: Any                               # the id of one, as it is written there
    product: str                                # before the number of a product

    def body(self, kind: str) -> dict[str, Any]:
        if kind == "customer":
            return CUSTOMER
        lines = [
            {"productId": int(number) if not self.product else f"{self.product}{number}", "quantity": 2.5,
             "unitPrice": 12.5 + number}
            for number in range(1, 6)
        ]
        return {"customerId": self.customer, "items": lines, "notes": "Valid for one month."}

    def measure(self, kind: str, seconds: float, mark: str) -> tuple[float, float]:
        """Requests a second and CPU microseconds a request of one round."""
        raw = json.dumps(self.body(kind)).replace("ROUND", mark).encode()
        before = self.server.cpu()
        outcome = load(f"{self.server.base}{self.prefix}/{kind}s", seconds, dict(self.headers), raw)
        if outcome.failures:
            raise RuntimeError(f"{outcome.failures} of {outcome.requests} requests to create a {kind} failed")
        return outcome.rate, (self.server.cpu() - before) / outcome.requests * 1e6


def first_customer(server: Server, prefix: str, headers: Mapping[str, str]) -> Any:
    """Create a customer, and give the id."""
    raw = json.dumps(CUSTOMER).replace("ROUND", "first").encode()
    with urlopen(Request(f"{server.base}{prefix}/customers", raw, dict(headers))) as answer:
        return json.load(answer)["data"]["id"]


def run(rounds: int = ROUNDS, seconds: float = SECONDS) -> list[Figure]:
    try:
        python = environment(FASTAPI)
    except (subprocess.CalledProcessError, OSError) as problem:
        what = "CPU of a write, ours against FastAPI + SQLAlchemy ORM"
        return [Figure("P8", what, f"not measured: {problem}", "-", f"< {CPU}", None)]
    kind = {"Content-Type": "application/json"}
    with (
        tempfile.TemporaryDirectory() as folder, installation() as here, serving("reading", {}) as bare,
        serving("ours", here.environment) as ours,
    ):
        theirs = Server([str(python), str(FASTAPI / "application.py"), folder], {})
        try:
            own = kind | {"Authorization": f"Bearer {here.key}"}
            their = kind | {"Authorization": f"Bearer {(Path(folder) / 'key').read_text()}"}
            customer = first_customer(ours, PREFIX, own)
            sides = (
                Side(bare, kind, PREFIX, customer, "product_"), Side(ours, own, PREFIX, customer, "product_"),
                Side(theirs, their, "", 1, ""),
            )
            figures = []
            for noun in FLOORS:
                for side in sides:
                    side.measure(noun, 1.0, "warm")
                found = [[side.measure(noun, seconds, str(turn)) for side in sides] for turn in range(rounds)]
                figures += compared(noun, found)
        finally:
            theirs.stop()
    return figures


def compared(noun: str, found: list[list[tuple[float, float]]]) -> list[Figure]:
    """The lines of the table for one kind of write: rate and CPU of the bare view, ours and FastAPI's by round."""
    rates, costs = ([median(turn[side][part] for turn in found) for side in range(3)] for part in (0, 1))
    floor = median(turn[1][1] / turn[0][1] for turn in found)
    cost = median(turn[1][1] / turn[2][1] for turn in found)
    rate = median(turn[1][0] / turn[2][0] for turn in found)
    what = f"POST {noun}" + (" with 5 lines" if noun == "budget" else "")
    return [
        Figure(
            "P8", f"{what}: CPU in times of a bare view's", f"{costs[1]:,.0f} of {costs[0]:,.0f} µs ({tool()})",
            f"{floor:.1f}", f"<= {FLOORS[noun]:.0f}", floor <= FLOORS[noun],
        ),
        Figure(
            "P8", f"{what}: CPU of FastAPI + SQLAlchemy ORM's", f"{costs[1]:,.0f} of {costs[2]:,.0f} µs",
            f"{cost:.2f}", f"< {CPU}", cost < CPU,
        ),
        Figure(
            "P8", f"{what}: requests/s of FastAPI + SQLAlchemy ORM's", f"{rates[1]:,.0f} of {rates[2]:,.0f} requests/s",
            f"{rate:.2f}", f">= {RATE:.0f}", rate >= RATE,
        ),
    ]
