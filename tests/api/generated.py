"""Calls that schemathesis makes from a contract's document, with all of its checks.

`run` returns how many answers were checked and what was found. The same seed makes the same calls.
"""

import re
from collections import Counter
from dataclasses import dataclass
from unittest.mock import patch

import schemathesis
from flask import g
from hypothesis import strategies as st
from schemathesis.config import SchemathesisConfig
from schemathesis.engine import Status, events, from_schema
from schemathesis.transport.wsgi import WSGITransport

from blueprints.api import pipeline
from domain.inputs.validators import timezones

SEED = 20260131
# What no schema can say: rows that have to exist, other fields, the time, the currency's decimals, letters by Unicode.
BEYOND_SCHEMAS = {
    "unknown", "inactive", "archived", "currency", "contradiction", "incomplete", "overflow", "taken", "past", "future",
    "decimals", "characters", "common", "refused", "locked", "own",
}
OF_SOCKETS = ("max_redirects", "verify", "cert", "proxies")         # settings that a call in process does not have
refused, send = pipeline.refused, WSGITransport.send

schemathesis.openapi.format("time-zone", st.sampled_from(sorted(timezones())))
schemathesis.openapi.format("ip-network", st.one_of(
    st.ip_addresses().map(str), st.ip_addresses(v=4).map(lambda one: f"{one}/32")))
schemathesis.openapi.format("email", st.from_regex(r"\A[a-z]{1,10}@[a-z]{1,10}\.[a-z]{2,4}\Z"))


@schemathesis.hook
def filter_failure(context, failure, case, response):
    """Only what is found: a body that its schema allows may still be refused for what schemas cannot say."""
    known = CODES.get(response.headers["x-request-id"][0], set())
    return not (type(failure).__name__ == "RejectedPositiveData" and known & BEYOND_SCHEMAS)


# What only a programmer knows: classes, modules and types of Python, and how the databases name what they refuse.
INSIDE = re.compile(
    rb"\b[A-Z][a-z]+(?:[A-Z][a-z]+)*(?:Error|Exception)\b|Traceback|NoneType|<class|object at 0x|Decimal\("
    rb"|pydantic|sqlalchemy|psycopg|sqlite|\.py\b|\bconstraint\b")


@schemathesis.check
def names_nothing_of_python(context, response, case):
    """No answer shows a person how the program is made inside."""
    shown = INSIDE.search(response.content) if response.status_code >= 400 else None
    assert not shown, f"the answer says {shown.group().decode()}"


CODES = {}                              # of the wrong fields in refusals, by the id of the request


def noted(contract, known, *more):
    """`pipeline.refused`, which notes the codes also for the contract that does not send them."""
    CODES[g.call.request_id] = {one.code for one in known.fields.values()}
    return refused(contract, known, *more)


def sent(transport, case, **more):
    """`WSGITransport.send`, without the settings that it cannot have."""
    return send(transport, case, **{name: value for name, value in more.items() if name not in OF_SOCKETS})


@dataclass
class Found:
    """One failed check."""

    phase: str
    check: str
    operation: str
    text: str

    def __str__(self):
        return f"{self.operation}: {self.check} ({self.phase})\n{self.text}"


def configuration(headers, examples, phases, conflict):
    checks = SchemathesisConfig().projects.get_default().checks
    accepted, rejected = (
        [*one.expected_statuses, "412"] for one in (checks.positive_data_acceptance, checks.negative_data_rejection))
    return SchemathesisConfig.from_dict({
        "seed": SEED, "headers": headers | {"Accept-Encoding": "identity"}, "workers": 1, "continue-on-failure": True,
        "generation": {"max-examples": examples, "deterministic": True, "no-shrink": True, "database": "none"},
        "phases": {name: {"enabled": name in phases} for name in ("examples", "coverage", "fuzzing", "stateful")},
        "warnings": False,
        # 412 is about the state of the row, as 404 and 409 are; the Core API answers 422 where others answer 409.
        "checks": {
            "positive_data_acceptance": {"expected-statuses": [*accepted, conflict]},
            "negative_data_rejection": {"expected-statuses": rejected},
        },
    })


def run(app, path, headers, examples, phases=("examples", "fuzzing", "stateful"), conflict="409"):
    """What the calls of a document find: the number of checked answers by phase, and each failed check."""
    schema = schemathesis.openapi.from_wsgi(path, app, config=configuration(headers, examples, phases, conflict))
    schema.validate()
    counts, found = Counter(), []
    CODES.clear()
    with patch.object(WSGITransport, "send", sent), patch.object(pipeline, "refused", noted):
        for event in from_schema(schema).execute():
            if isinstance(event, events.ScenarioFinished):
                counts[event.phase.value] += len(event.recorder.interactions)
                found += failures(event)
            elif isinstance(event, events.NonFatalError):
                found.append(Found(str(event.phase), event.info.title, event.label, event.info.message))
            elif isinstance(event, events.FatalError):
                raise event.exception
    return counts, found


# Calls in a row take a value for a parameter from a field of the same name. The Merchant API has one that is not the
# same: a customer shows the merchant's code as customer_id, lists of orders are filtered by the number of the row.
CODE_AS_ID = re.compile(r"/orders\?.*customer_id=[A-Z0-9]{10}(&|$)")


def failures(event):
    """The failed checks of a scenario."""
    for key, checks in event.recorder.checks.items():
        for one in checks:
            if one.status != Status.FAILURE:
                continue
            sent, failure = event.recorder.interactions.get(key), one.failure_info.failure
            if one.name == "positive_data_acceptance" and sent is not None and CODE_AS_ID.search(sent.request.uri):
                continue
            text = f"{failure.title}: {failure.message}"
            if sent is not None:
                text += f"\n{sent.request.method} {sent.request.uri} {sent.request.headers} {sent.request.body!r}"
                text += f"\n{sent.response.status_code} {sent.response.content[:500]!r}" if sent.response else ""
            yield Found(event.phase.value, one.name, event.recorder.cases[key].value.operation.label, text)
