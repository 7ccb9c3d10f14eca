"""P1: the whole path of a list call against an empty Flask view on the same server.

The call: 20 products with their count, through key, scope, address list, limit and request log, on
SQLite. Both servers run at once and are loaded in turn, so that a busy machine hurts both; medians.
"""

from statistics import median

from bench.figures import Figure
from bench.installation import PATH, Server, installation, serving
from bench.load import Outcome, load, tool

ROUNDS = 7
SECONDS = 2.0
GOAL, STRETCH = 0.5, 0.65


def measure(server: Server, path: str, seconds: float, headers: dict[str, str]) -> tuple[float, float]:
    """Requests a second and CPU microseconds a request of one round."""
    before = server.cpu()
    outcome: Outcome = load(server.base + path, seconds, headers)
    if outcome.failures:
        raise RuntimeError(f"{outcome.failures} of {outcome.requests} requests to {path} failed")
    return outcome.rate, (server.cpu() - before) / outcome.requests * 1e6


def run(rounds: int = ROUNDS, seconds: float = SECONDS) -> list[Figure]:
    with installation() as here, serving("bare", {}) as floor, serving("ours", here.environment) as ours:
        headers = {"Authorization": f"Bearer {here.key}"}
        pairs = ((floor, "/", {}), (ours, PATH, headers))
        for server, path, sent in pairs:
            load(server.base + path, 1.0, sent)      # bcrypt, compiled statements, allocators
        results = [[measure(server, path, seconds, sent) for server, path, sent in pairs] for _ in range(rounds)]
    ratio = median(round_[1][0] / round_[0][0] for round_ in results)
    (bare_rate, bare_cpu), (rate, cpu) = (
        tuple(median(round_[side][part] for round_ in results) for part in (0, 1)) for side in (0, 1)
    )
    return [Figure(
        "P1", "list of 20 products with count, of an empty view's requests/s",
        f"{rate:,.0f} of {bare_rate:,.0f} requests/s; {cpu:,.0f} of {bare_cpu:,.0f} µs CPU ({tool()})",
        f"{ratio:.2f}", f">= {GOAL} (stretch {STRETCH})", ratio >= GOAL,
    )]
