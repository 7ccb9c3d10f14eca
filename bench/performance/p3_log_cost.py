"""P3, first part: measures the share of the request log in a request's CPU.

Two servers, one with its spool and one whose log goes nowhere, loaded in turn. Beside that the note
itself is timed in a loop: what is more than that is the change of threads that a write() brings.
"""

import time
from statistics import median
from typing import Any

from analytics.log.spool import Spool
from bench.figures import Figure
from bench.installation import PATH, Installation, installation, serving
from bench.load import load
from bench.performance.p1_full_path import measure

ROUNDS = 15
SECONDS = 2.0
GOAL = 0.05
NOTES = 20_000

RECORD: dict[str, Any] = {
    "at_us": 1_800_000_000_000_000, "duration_us": 400, "contract": "public", "operation": "products.list",
    "method": "GET", "endpoint": "/v1/api/public/products", "path": "/v1/api/public/products", "query": "limit=20",
    "status": 200, "error_code": None, "request_bytes": 0, "response_bytes": 8000, "ip": "127.0.0.1",
    "user_agent": "bench", "request_id": "req_0123456789abcdef", "key_id": 1, "merchant_id": 1, "user_id": None,
    "customer_id": None, "idempotent": False, "source": "api", "mode": "live",
}


def note_us(here: Installation) -> float:
    """CPU microseconds of one record: cleaned, written as JSON, appended to the spool."""
    spool = Spool(here.settings.spool)
    before = time.process_time()
    for _ in range(NOTES):
        spool.append(RECORD)
    spent = time.process_time() - before
    spool.close()
    return spent / NOTES * 1e6


def run(rounds: int = ROUNDS, seconds: float = SECONDS) -> list[Figure]:
    with (
        installation() as here, serving("ours", here.environment) as noting,
        serving("silent", here.environment) as silent,
    ):
        headers = {"Authorization": f"Bearer {here.key}"}
        for server in (noting, silent):
            load(server.base + PATH, 1.0, headers)
        pairs = [[measure(server, PATH, seconds, headers)[1] for server in (noting, silent)] for _ in range(rounds)]
        alone = note_us(here)
    with_log, without = (median(pair[side] for pair in pairs) for side in (0, 1))
    share = median((pair[0] - pair[1]) / pair[0] for pair in pairs)
    return [Figure(
        "P3", "writing the log, of a request's CPU",
        f"servers with and without: {with_log:,.0f} and {without:,.0f} µs; the note alone {alone:.1f} µs",
        f"{share:+.1%}", f"<= {GOAL:.0%}", share <= GOAL,
    )]
