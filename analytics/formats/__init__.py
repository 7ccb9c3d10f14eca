"""Reads access logs of other servers, one line or row at a time.

Each reader returns a Hit or raises ValueError with the reason, for the file of rejects.
"""

import re

from analytics.formats.hits import Hit as Hit
from analytics.formats.objects import fields as fields
from analytics.formats.objects import is_frame, object_of, wrapped
from analytics.formats.text import plain, unwrapped
from analytics.formats.w3c import W3c

MOST_WRAPPERS = 4
_ID = re.compile(r"^(?:\d+|[0-9a-fA-F]{8}-(?:[0-9a-fA-F]{4}-){3}[0-9a-fA-F]{12}|[0-9a-fA-F]{24,})$")


class LineReader:
    """Reads the lines of one file: JSON or text of any known server, recognised per line."""

    def __init__(self, *, json_only: bool = False) -> None:
        self.json_only = json_only
        self.w3c = W3c()

    def skips(self, line: str) -> bool:
        """Whether this line is about the file, not about a request."""
        return not line.strip() or self.w3c.directive(line) or is_frame(line)

    def read(self, line: str) -> Hit:
        """One line, however often collectors have wrapped it; raises ValueError with the reason."""
        text = unwrapped(line)
        for _ in range(MOST_WRAPPERS):
            begin = text.find("{") if self.json_only or text.startswith(("{", "[{")) or '\t{"' in text else -1
            if begin < 0:
                break
            row = object_of(text[begin:])
            if row is None:
                raise ValueError("not a JSON object")
            inner = wrapped(row)
            if inner is None:
                return fields(row, front=text[:begin])
            text = unwrapped(inner)
        if self.json_only:
            raise ValueError("not a JSON object")
        return self.w3c.read(text) if self.w3c.names else plain(text)


def template(path: str) -> str:
    """A path with its identifiers replaced, so that requests of one endpoint count together."""
    return "/".join("{id}" if _ID.match(part) else part for part in path.split("/"))[:200] or "(none)"
