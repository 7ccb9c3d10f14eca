"""Extracts the rules of Tabler that our pages use, in Tabler's order.

`python -m tests.tabler` makes static/css/tabler.css of the vendored file. Do that when a template takes a class
of Tabler's into use; a test (tests/admin/test_assets.py) says when it was forgotten.
"""

import re
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
WHOLE = ROOT / "static/vendor/tabler-1.6.1/tabler.min.css"
SHARE = ROOT / "static/css/tabler.css"
HEADER = "/* Tabler 1.6.1, MIT licence (static/vendor/tabler-1.6.1/LICENSE): made by `python -m tests.tabler`. */\n"

WORD = re.compile(r"[A-Za-z_][\w-]*")
CLASS_ATTRIBUTE = re.compile(r'class="((?:[^"{]|\{\{.*?\}\}|\{%.*?%\})*)"', re.DOTALL)
QUOTED = re.compile(r"\"([^\"\n]*)\"|'([^'\n]*)'|`([^`]*)`")
JINJA = re.compile(r"\{\{.*?\}\}|\{%.*?%\}", re.DOTALL)
CLASS = re.compile(r"\.((?:[A-Za-z_-]|\\.)(?:[\w-]|\\.)*)")
EXCEPT = re.compile(r":not\([^()]*\)")
COMMENT = re.compile(r"/\*.*?\*/\s*", re.DOTALL)
TOKEN = re.compile(r"\"(?:\\.|[^\"\\])*\"|'(?:\\.|[^'\\])*'|[{};]", re.DOTALL)
GROUPS = ("@media", "@supports", "@layer", "@container")


def used() -> set[str]:
    """The words that may be names of classes: in class attributes, and in quotes in Jinja and in scripts."""
    found: set[str] = set()
    for path in (ROOT / "templates").rglob("*.html"):
        if path.parent.name in ("pay", "client", "mails"):         # what customers see does not load it
            continue
        text = path.read_text()
        for part in CLASS_ATTRIBUTE.findall(text):
            found.update(WORD.findall(part))
        for part in JINJA.findall(text):
            found.update(_quoted(part))
    for path in (ROOT / "static/js").glob("*.js"):
        found.update(_quoted(path.read_text()))
    return found


def _quoted(text: str) -> Iterator[str]:
    for match in QUOTED.finditer(text):
        yield from WORD.findall(match[match.lastindex or 0])


def share(css: str, classes: set[str]) -> str:
    """The rules whose selectors name no class but these; all that name none."""
    kept = []
    for prelude, body in _rules(COMMENT.sub("", css)):
        if body is None:            # only its @charset, which counts on the first line alone, and we serve UTF-8
            continue
        if prelude.startswith(GROUPS):
            if inner := share(body, classes):
                kept.append(f"{prelude}{{\n{inner}}}\n")
        elif prelude.startswith("@"):
            kept.append(f"{prelude}{{{body}}}\n")
        elif wanted := [one for one in _selectors(prelude) if _names(one) <= classes]:
            kept.append(f"{','.join(wanted)}{{{body}}}\n")
    return "".join(kept)


def _rules(css: str) -> Iterator[tuple[str, str | None]]:
    """What stands before each block, and what in it; None for a statement without a block."""
    start = opened = depth = 0
    for match in TOKEN.finditer(css):
        mark = match[0]
        if mark == "{":
            depth += 1
            opened = match.start() if depth == 1 else opened
        elif mark == "}":
            depth -= 1
            if depth == 0:
                yield css[start:opened].strip(), css[opened + 1 : match.start()].strip()
                start = match.end()
        elif mark == ";" and depth == 0:
            yield css[start : match.end()].strip(), None
            start = match.end()


def _selectors(prelude: str) -> Iterator[str]:
    """The parts of a list of selectors; a comma in brackets is none of its commas."""
    start = depth = 0
    for place, letter in enumerate(prelude):
        depth += (letter in "([") - (letter in ")]")
        if letter == "," and depth == 0:
            yield prelude[start:place].strip()
            start = place + 1
    yield prelude[start:].strip()


def _names(selector: str) -> set[str]:
    return {name.replace("\\", "") for name in CLASS.findall(EXCEPT.sub("", selector))}


if __name__ == "__main__":
    SHARE.write_text(HEADER + share(WHOLE.read_text(), used()))
