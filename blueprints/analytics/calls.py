"""Adds a tab to the pages of records: the calls that used or named the record."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from typing import Any
from urllib.parse import urlencode

from flask import url_for

from analytics.queries import listing, queries
from analytics.queries.filters import Filter
from blueprints.admin.crud.listing import ListPage
from blueprints.admin.crud.tabs import Tab
from blueprints.analytics import links
from blueprints.analytics.report_query import key_names, scope
from domain import clock
from domain.actor import Actor

DAYS = 90
SHOWN = 20
MOST = 1000                         # calls that are counted one by one
SHORT = {"api_key": "key", "user": "user", "customer": "customer"}      # parameters of the log; others are objects


def provide(here: ListPage, record: Any, who: Actor) -> Iterator[Tab]:
    """The calls of a record, for those who may read the request log."""
    if not who.can("READ_ANALYTICS"):
        return
    noun = here.resource.noun.lower().replace(" ", "_")
    question = asked(noun, record.id, who)
    yield Tab(
        name="calls", title="Calls", count=number(question), template="analytics/_calls.html",
        context=lambda: context(noun, record.id, question),
    )


def asked(noun: str, key: int, who: Actor) -> Filter:
    """The calls of the last 90 days that used a key, were made by a user, or named the row."""
    now = clock.now()
    everything = Filter(scope=scope(who), start=now - timedelta(days=DAYS), end=now + timedelta(minutes=1))
    if noun == "merchant":
        return replace(everything, scope=everything.scope.narrowed(key), mode=who.mode.value)
    return replace(
        everything, key_id=key if noun == "api_key" else None, user_id=key if noun == "user" else None,
        customer_id=key if noun == "customer" else None, touched=None if noun in SHORT else (noun, key),
    )


def number(question: Filter) -> str:
    """The number of calls as text; of single requests at most a thousand are counted."""
    found = listing.count_up_to(question, MOST) if question.single else queries.count(question)
    return f"{found:,}+" if question.single and found == MOST else f"{found:,}" if found else ""


def context(noun: str, key: int, question: Filter) -> dict[str, Any]:
    """The newest calls, and the URL of all of them."""
    rows = listing.requests(question, limit=SHOWN).rows
    names = key_names(sorted({row.key_id for row in rows if row.key_id is not None}))
    wanted = {SHORT[noun]: str(key)} if noun in SHORT else {"object": f"{noun}_{key}"}
    everything = url_for("analytics.requests") + "?" + urlencode(wanted | {"range": f"{DAYS}d", "mode": "all"})
    return {
        "calls": rows, "names": names, "link": links.finder(), "days": DAYS, "noun": noun,
        "all_calls": "" if noun == "merchant" else everything,      # the log shows the switcher's merchant
    }
