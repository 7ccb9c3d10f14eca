"""The filters of analytics and of the request log, for the filter bar: those in the address, and those to add."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

from analytics.queries import queries
from blueprints.analytics import links
from blueprints.analytics.report_query import CONTRACTS, RANGE_NAMES, STATUS_NAMES, ReportQuery, key_names, scope
from domain.actor import Actor

MODE_NAMES = {"live": "Live", "test": "Test", "all": "Live and test"}
METHODS = ("GET", "POST", "PUT", "PATCH", "DELETE", "HEAD", "OPTIONS")
OWNERS = ("merchant", "user", "customer")


@dataclass(frozen=True, slots=True, kw_only=True)
class Chip:
    """One filter, as the filter bar takes it: see templates/admin/_filter_bar.html."""

    name: str
    heading: str
    kind: str = "select"                                    # select, text
    choices: Sequence[tuple[str, str]] = ()
    suggestions: Sequence[str] = ()                         # of a text
    placeholder: str = ""
    shown: str = ""                                         # the text of the value in the address
    default: str = ""
    without: None = None                                    # what the address says where it is taken away

    def options(self, _: Actor) -> Sequence[tuple[str, str]]:
        return self.choices

    def chosen(self, _: Actor) -> str:
        return self.shown


def bar(asked: ReportQuery, page: str, *, single: bool) -> dict[str, Any]:
    """What the template of the period and the filters takes; `page` is the page's endpoint."""
    return {
        "list_filters": chips(asked, single=single), "link_with": partial(asked.link, page), "ranges": RANGE_NAMES,
    }


def chips(asked: ReportQuery, *, single: bool) -> list[Chip]:
    """The filters of a page; `single` for the request log, which has those of single requests too."""
    reach = scope()
    keys = {str(key.id): f"{key.name} (…{key.last_four})" for key in key_names().values()}
    found = [
        _select(asked, "status", "Outcome", STATUS_NAMES),
        _select(asked, "key", "API key", keys),
        _text(asked, "endpoint", "Endpoint", "/v1/api/…", queries.endpoints(reach)),
        _select(asked, "contract", "Contract", {name: name.capitalize() for name in CONTRACTS}),
        _select(asked, "method", "Method", dict.fromkeys(METHODS, "")),
        _text(asked, "error", "Error", "rate_limit_exceeded"),
        _select(asked, "source", "Source", dict.fromkeys(queries.sources(reach), "")),
        _select(asked, "mode", "Mode", MODE_NAMES),
    ]
    if single:
        found += [_text(asked, "ip", "IP address", "203.0.113.7"), _text(asked, "object", "Object", "customer_42")]
    return found + [_owner(asked, noun) for noun in OWNERS if single or noun in asked.args]


def _select(asked: ReportQuery, name: str, heading: str, names: dict[str, str]) -> Chip:
    value = asked.args.get(name, "")
    choices = [(one, text or one) for one, text in names.items()]
    return Chip(name=name, heading=heading, choices=choices, shown=names.get(value) or value)


def _text(asked: ReportQuery, name: str, heading: str, example: str, suggestions: Sequence[str] = ()) -> Chip:
    return Chip(name=name, heading=heading, kind="text", placeholder=example, suggestions=suggestions,
                shown=asked.args.get(name, ""))


def _owner(asked: ReportQuery, noun: str) -> Chip:
    """A merchant, user or customer: by its number, shown by its name where the reader may open it."""
    number = asked.args.get(noun, "")
    shown = (links.link(noun, int(number)).name or number) if number else ""
    return Chip(name=noun, heading=noun.capitalize(), kind="text", placeholder="42", shown=shown)
