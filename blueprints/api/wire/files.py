"""Defines the answer of operations that give a file: it is saved, never shown by a browser."""

from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import quote

from blueprints.api.wire.answers import Answer

BYTES = "application/octet-stream"      # of what others sent: no browser and no program opens it by itself


@dataclass(frozen=True, slots=True)
class FileContent:
    """A file as the payload of an outcome."""

    name: str
    body: bytes
    media: str = BYTES


def disposition(name: str, kind: str = "attachment") -> str:
    """The header that names a file, as RFC 6266 has it: in ASCII, and in full."""
    plain = "".join(char if " " <= char <= "~" and char not in '"\\%' else "_" for char in name)
    return f"{kind}; filename=\"{plain}\"; filename*=UTF-8''{quote(name, safe='')}"


def file_answer(file: FileContent, headers: Mapping[str, str] | None = None) -> Answer:
    """A response with a file."""
    answer = Answer(file.body, 200, headers)
    answer.headers["Content-Type"], answer.headers["Content-Disposition"] = file.media, disposition(file.name)
    return answer
