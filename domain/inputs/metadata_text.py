"""Converts metadata to a form's text and back: a line name=value for each entry.

Texts with line breaks, space at an end, or an equals sign in a name are quoted as in JSON.
"""

import json
import re
from collections.abc import Mapping

LINE = re.compile(r'\s*("(?:[^"\\]|\\.)*"|[^=]*)(?:=(.*))?')


def write(metadata: Mapping[str, str]) -> str:
    """The metadata as lines."""
    return "\n".join(f"{_quoted(name, '=' in name)}={_quoted(value)}" for name, value in metadata.items())


def read(text: str) -> dict[str, str]:
    """The metadata from lines; a line without an equals sign is a name without a value."""
    found = [LINE.fullmatch(line) for line in text.splitlines() if line.strip()]
    return {_plain(one[1]): _plain(one[2] or "") for one in found if one is not None}


def _quoted(text: str, needed: bool = False) -> str:
    """The text, quoted where it would otherwise read back differently."""
    awkward = needed or text != text.strip() or len(text.splitlines()) > 1 or text.startswith('"')
    return json.dumps(text) if awkward or "\n" in text or "\r" in text else text


def _plain(part: str) -> str:
    part = part.strip()
    try:
        found = json.loads(part) if part.startswith('"') else part
    except ValueError:
        return part
    return found if isinstance(found, str) else part
