"""P1: compares a list call through the full path with an empty Flask view on the same server.

The call: 20 products with their count, through key, scope, address list, limit and request log, on
SQLite. Both servers run at once and are loaded in turn, so that a busy machine hurts both; medians.

The same page is asked for again and again, and nothing is written meanwhile: the answer is remembered
(database/answer_cache.py). So a second figure is taken with another query at each request, which has the
same 20 products as its answer, and must be read from the database each time.
"""

from statistics import median

from bench.figures import Figure
from bench.installation import PATH, Server, installation, serving
from bench.load import NUMBER, Outcome, load, tool

ROUNDS = 7
SECONDS = 2.0
GOAL, STRETCH = 0.5, 0.65
NEVER_TWICE = f"{PATH}&createdAfter=2020-01-01T00:00:00.{NUMBER}Z"


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
        pairs: tuple[tuple[Server, str, dict[str, str]], ...] = (
            (floor, "/", {}), (ours, PATH, headers), (ours, NEVER_TWICE, headers),
        )
        for server, path, sent in pairs:
            load(server.base + path, 1.0, sent)      # bcrypt, compiled statements, allocators
        results = [[measure(server, path, seconds, sent) for server, path, sent in pairs] for _ in range(rounds)]
    figures = []
    for place, what, goal in (
        (1, "list of 20 products with count, of an empty view's requests/s", GOAL),
        (2, "the same with a different query at each request", None),
    ):
        (bare_rate, bare_cpu), (rate, cpu) = (
            tuple(median(round_[side][part] for round_ in results) for part in (0, 1)) for side in (0, place)
        )
        ratio = median(round_[place][0] / round_[0][0] for round_ in results)
        figures.append(Figure(
            "P1", what,
            f"{rate:,.0f} of {bare_rate:,.0f} requests/s; {cpu:,.0f} of {bare_cpu:,.0f} µs CPU ({tool()})",
            f"{ratio:.2f}", f">= {GOAL} (stretch {STRETCH})" if goal else "", ratio >= goal if goal else None,
        ))
    return figures
