"""Reads an XML file element by element: no document type, no entities, bounded depth, text, names and memory.

It is a thin layer over expat, which tells the lines that messages name. A document type is refused as soon as it
begins, so that no entity is ever defined, expanded or fetched.
"""

import sys
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from xml.parsers import expat

from domain.errors import Invalid

DEEPEST, LONGEST_TEXT, LONGEST_NAME = 40, 20_000, 200
MOST_ELEMENTS, MOST_NAMES = 1_500_000, 2000
LARGEST = 32 * 1024 * 1024              # bytes that the elements may take which are kept at once
WEIGHT = 320                            # bytes of an element without its text
LONGEST_TAG = CHUNK = 16 * 1024         # expat keeps a tag or a comment until it is complete, and reads it again
NO_ATTRIBUTES: Mapping[str, str] = MappingProxyType({})
Begun = Callable[["Element"], None]
Finished = Callable[["Element"], None]


@dataclass(slots=True)
class Element:
    """One element: its name without namespace, its line, what it contains."""

    name: str
    namespace: str
    line: int
    attributes: Mapping[str, str]
    texts: list[str] = field(default_factory=list)
    size: int = 0
    before: int = 0                     # bytes that were kept when it began
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

    def __init__(self, awaited: frozenset[str], begun: Begun, finished: Finished):
        self.open: list[Element] = []
        self.awaited, self.begun, self.finished = awaited, begun, finished
        self.names: dict[str, tuple[str, str]] = {}
        self.elements = self.kept = self.fed = 0
        self.parser = expat.ParserCreate(namespace_separator=" ")
        self.parser.buffer_text = True
        self.parser.StartDoctypeDeclHandler = self._doctype
        self.parser.StartElementHandler = self._start
        self.parser.CharacterDataHandler = self._text
        self.parser.EndElementHandler = self._end

    def feed(self, chunk: bytes) -> None:
        """Read a part of the file."""
        self.parser.Parse(chunk, False)
        self.fed += len(chunk)
        if self.fed - self.parser.CurrentByteIndex > LONGEST_TAG:
            raise self.refused(f"a tag or a comment has more than {LONGEST_TAG} bytes.")

    def _doctype(self, *_: object) -> None:
        raise self.refused("a document type is not allowed in a bank statement.")

    def _start(self, name: str, attributes: dict[str, str]) -> None:
        if any(len(one) > LONGEST_NAME for one in (name, *attributes)):
            raise self.refused(f"a name has more than {LONGEST_NAME} characters, with its namespace.")
        if len(self.open) >= DEEPEST:
            raise self.refused(f"elements are nested more than {DEEPEST} deep.")
        self.elements += 1
        if self.elements > MOST_ELEMENTS:
            raise self.refused(f"the file has more than {MOST_ELEMENTS} elements: split it.")
        namespace, local = self._parts(name)
        element = Element(local, namespace, self.parser.CurrentLineNumber, attributes or NO_ATTRIBUTES)
        element.before = self.kept
        self._keep(WEIGHT + sum(map(sys.getsizeof, attributes.values())))
        if not self.open:
            self.begun(element)
        self.open.append(element)

    def _parts(self, name: str) -> tuple[str, str]:
        """Namespace and local name: the same texts for every element of that name."""
        if name not in self.names:
            if len(self.names) >= MOST_NAMES:
                raise self.refused(f"the file has more than {MOST_NAMES} names of elements.")
            namespace, _, local = name.rpartition(" ")
            self.names[name] = namespace, local
        return self.names[name]

    def _keep(self, size: int) -> None:
        self.kept += size
        if self.kept > LARGEST:
            raise self.refused("more stands in one movement than can be read at once.")

    def _text(self, text: str) -> None:
        element = self.open[-1]
        if not element.texts and text.isspace():               # between the elements of a long statement
            return
        element.size += len(text)
        if element.size > LONGEST_TEXT:
            raise self.refused(f"the text of <{element.name[:40]}> is longer than {LONGEST_TEXT} characters.")
        self._keep(sys.getsizeof(text))
        element.texts.append(text)

    def _end(self, _: str) -> None:
        element = self.open.pop()
        if element.name in self.awaited or not self.open:
            self.finished(element)
            self.kept = element.before
        else:
            self.open[-1].children.append(element)

    def refused(self, sentence: str) -> Invalid:
        line = f"line {self.parser.CurrentLineNumber}"
        return Invalid(f"L{line[1:]}: {sentence}", code="bad_statement", details={"place": line})


def read(raw: bytes, awaited: frozenset[str], begun: Begun, finished: Finished) -> None:
    """Parse a file. Elements of the awaited names, and the root, are handed over at their end and not kept.

    `begun` gets the root at its start, so that another document is refused before it is read.
    """
    builder = _Builder(awaited, begun, finished)
    try:
        for start in range(0, len(raw), CHUNK):
            builder.feed(raw[start:start + CHUNK])
        builder.parser.Parse(b"", True)
    except expat.ExpatError as error:
        raise builder.refused(f"this is no well-formed XML ({expat.ErrorString(error.code)}).") from None
    except (LookupError, ValueError):                     # an encoding that Python does not know, or cannot map
        raise builder.refused("the encoding that the file names is not known.") from None
