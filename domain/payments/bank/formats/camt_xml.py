"""Reads an XML file element by element: no document type, no entities, bounded depth and text.

It is a thin layer over expat, which tells the lines that messages name. A document type is refused as soon as it
begins, so that no entity is ever defined, expanded or fetched.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from xml.parsers import expat

from domain.errors import Invalid

DEEPEST, LONGEST_TEXT = 40, 20_000
CHUNK = 64 * 1024
Finished = Callable[["Element"], None]


@dataclass(slots=True)
class Element:
    """One element: its name without namespace, its line, what it contains."""

    name: str
    namespace: str
    line: int
    attributes: dict[str, str]
    texts: list[str] = field(default_factory=list)
    size: int = 0
    children: list["Element"] = field(default_factory=list)

    @property
    def text(self) -> str:
        return "".join(self.texts).strip()

    def all(self, path: str) -> Iterator["Element"]:
        """The elements below this one at a path of names with slashes."""
        name, _, rest = path.partition("/")
        for child in self.children:
            if child.name == name:
                if rest:
                    yield from child.all(rest)
                else:
                    yield child

    def first(self, *paths: str) -> "Element | None":
        """The first element at the first of the paths that has one."""
        return next((found for path in paths for found in self.all(path)), None)

    def said(self, *paths: str) -> str | None:
        """The first text, not empty, at one of the paths."""
        return next((found.text for path in paths for found in self.all(path) if found.text), None)


class _Builder:
    """Keeps the open elements; a finished one goes to its parent, or to `finished` if its name is awaited."""

    def __init__(self, awaited: frozenset[str], finished: Finished):
        self.open: list[Element] = []
        self.awaited, self.finished = awaited, finished
        self.parser = expat.ParserCreate(namespace_separator=" ")
        self.parser.buffer_text = True
        self.parser.StartDoctypeDeclHandler = self._doctype
        self.parser.StartElementHandler = self._start
        self.parser.CharacterDataHandler = self._text
        self.parser.EndElementHandler = self._end

    def _doctype(self, *_: object) -> None:
        raise self.refused("a document type is not allowed in a bank statement.")

    def _start(self, name: str, attributes: dict[str, str]) -> None:
        namespace, _, local = name.rpartition(" ")
        if len(self.open) >= DEEPEST:
            raise self.refused(f"elements are nested more than {DEEPEST} deep.")
        self.open.append(Element(local, namespace, self.parser.CurrentLineNumber, attributes))

    def _text(self, text: str) -> None:
        element = self.open[-1]
        if not element.texts and text.isspace():               # between the elements of a long statement
            return
        element.size += len(text)
        if element.size > LONGEST_TEXT:
            raise self.refused(f"the text of <{element.name[:40]}> is longer than {LONGEST_TEXT} characters.")
        element.texts.append(text)

    def _end(self, _: str) -> None:
        element = self.open.pop()
        if element.name in self.awaited or not self.open:
            self.finished(element)
        else:
            self.open[-1].children.append(element)

    def refused(self, sentence: str) -> Invalid:
        line = f"line {self.parser.CurrentLineNumber}"
        return Invalid(f"L{line[1:]}: {sentence}", code="bad_statement", details={"place": line})


def read(raw: bytes, awaited: frozenset[str], finished: Finished) -> None:
    """Parse a file. Elements of the awaited names, and the root, are handed over at their end and not kept."""
    builder = _Builder(awaited, finished)
    try:
        for start in range(0, len(raw), CHUNK):
            builder.parser.Parse(raw[start:start + CHUNK], False)
        builder.parser.Parse(b"", True)
    except expat.ExpatError as error:
        raise builder.refused(f"this is no well-formed XML ({expat.ErrorString(error.code)}).") from None
    except (LookupError, ValueError):                     # an encoding that Python does not know, or cannot map
        raise builder.refused("the encoding that the file names is not known.") from None
