"""Calls made from the documents find nothing: no answer, accepted or refused, that a document does not say.

The suite makes some hundred for each document, always the same; `make fuzz` makes thousands, all kinds of them
(COUNTINGHOUSE_TEST_CALLS is how many at least).
"""

import os

import pytest

from blueprints.portal.entries import entries
from blueprints.portal.published import PUBLISHED
from domain.integrations import webhooks
from tests.api.generated import run
from tests.api.test_every_operation import World

pytestmark = pytest.mark.slow

CALLS = int(os.environ.get("COUNTINGHOUSE_TEST_CALLS", "0"))
EXAMPLES = 3                                        # of each operation, in the suite
# The status of a conflict with what is stored.
CONFLICT = {"public": "409", "core": "422", "merchant": "422", "client": "409"}
SHOWN = 20


def asked_for(name):
    """How many examples of each operation, and in which phases."""
    if not CALLS:
        return EXAMPLES, ("examples", "fuzzing", "stateful")
    return max(EXAMPLES, CALLS // len(entries(name))), ("examples", "coverage", "fuzzing", "stateful")


@pytest.mark.timeout(300 if not CALLS else 7200)
@pytest.mark.parametrize("name", PUBLISHED)
def test_calls_made_from_a_document_find_nothing(app, monkeypatch, name):
    monkeypatch.setattr(webhooks.policy, "allowed_hosts", ("hooks.example.com",))
    world = World(app)
    bearers = {"public": world.public.key, "merchant": world.shop.token, "client": world.client.token}
    headers = {"Authorization": f"Bearer {bearers[name]}"} if name in bearers else {"X-Api-Key": world.core.token}
    examples, phases = asked_for(name)
    counts, found = run(app, f"/docs/openapi/{name}.json", headers, examples, phases, CONFLICT[name])
    print(f"{name}: {sum(counts.values())} calls", dict(counts))
    assert not found, "\n\n".join([f"{len(found)} findings", *map(str, found[:SHOWN])])
    assert sum(counts.values()) >= (CALLS or EXAMPLES * len(entries(name))), counts
