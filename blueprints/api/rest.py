"""Registers operations as routes: one rule per operation and prefix, no automatic OPTIONS."""

import re

from flask import Flask
from werkzeug.routing import Map, UnicodeConverter

from blueprints.api.contract import Contract
from blueprints.api.pipeline import view

KEY = "{key}"
ABOVE = re.compile(r"\{(\w+)\}")       # the other ids of a path


class OtherThan(UnicodeConverter):
    """A part of a path that is none of the given words, and has none of the endings, which begin with a dot."""

    def __init__(self, url_map: Map, *words: str):
        super().__init__(url_map)
        refused = "|".join(f"[^/]*{re.escape(one)}" if one.startswith(".") else re.escape(one) for one in words)
        self.regex = f"(?!(?:{refused})(?:/|$))[^/]+"


def words_of(contract: Contract) -> dict[str, set[str]]:
    """The last words of all paths without an id behind them, and what follows an id at once, by what comes before."""
    found: dict[str, set[str]] = {}
    for operation in contract.operations:
        before, slash, word = operation.path.rpartition("/")
        if word and word != KEY:
            found.setdefault(before + slash, set()).add(word.removeprefix(KEY))
    return found


def rule_of(known: dict[str, set[str]], path: str) -> str:
    """The path as a rule; an id is no word, and has no ending, that another operation's path has in its place."""
    before, _, after = path.partition(KEY)
    words = sorted(one for one in known.get(before, ()) if not (one.startswith(".") and after.startswith(".")))
    key = f"<other({', '.join(map(repr, words))}):key>" if words else "<key>"
    return ABOVE.sub(r"<\1>", path.replace(KEY, key))


def mount(app: Flask, contract: Contract) -> None:
    """Register a contract's operations under each of its prefixes."""
    app.url_map.converters["other"] = OtherThan
    words = words_of(contract)
    for operation in contract.operations:
        run = view(contract, operation)
        for number, prefix in enumerate(contract.prefixes):
            endpoint = f"{contract.name}.{operation.name}" + (f"#{number}" if number else "")
            rule = prefix + rule_of(words, operation.path)
            methods = [operation.method, *operation.also]
            app.add_url_rule(rule, endpoint, run, methods=methods, provide_automatic_options=False)
