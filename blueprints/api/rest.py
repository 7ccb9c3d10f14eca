"""Registers operations as routes: one rule per operation and prefix, no automatic OPTIONS."""

import re

from flask import Flask
from werkzeug.routing import Map, UnicodeConverter

from blueprints.api.contract import Contract
from blueprints.api.pipeline import view

KEY = "{key}"
ABOVE = re.compile(r"\{(\w+)\}")       # the other ids of a path


class OtherThan(UnicodeConverter):
    """A part of a path that is none of the given words: `<other("deliveries"):key>`."""

    def __init__(self, url_map: Map, *words: str):
        super().__init__(url_map)
        self.regex = f"(?!(?:{'|'.join(map(re.escape, words))})(?:/|$))[^/]+"


def rule_of(contract: Contract, path: str) -> str:
    """The path as a rule; an id is no word that another operation's path has in its place."""
    before = path.partition(KEY)[0]
    places = {one.path.removeprefix(before) for one in contract.operations if one.path.startswith(before)}
    words = sorted(place for place in places if place and KEY not in place and "/" not in place)
    key = f"<other({', '.join(map(repr, words))}):key>" if words else "<key>"
    return ABOVE.sub(r"<\1>", path.replace(KEY, key))


def mount(app: Flask, contract: Contract) -> None:
    """Register a contract's operations under each of its prefixes."""
    app.url_map.converters["other"] = OtherThan
    for operation in contract.operations:
        run = view(contract, operation)
        for number, prefix in enumerate(contract.prefixes):
            endpoint = f"{contract.name}.{operation.name}" + (f"#{number}" if number else "")
            rule = prefix + rule_of(contract, operation.path)
            methods = [operation.method, *operation.also]
            app.add_url_rule(rule, endpoint, run, methods=methods, provide_automatic_options=False)
