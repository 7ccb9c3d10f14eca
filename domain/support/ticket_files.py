"""Manages the files of tickets: what is taken, their rows, and who may read them.

Files are kept in two steps: their bytes before the transaction (`keep`), their rows in it (`add`).
"""

import mimetypes
import re
import unicodedata
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import Any

from sqlalchemy import select, true

from database import db
from domain import clock, texts
from domain.actor import Actor
from domain.errors import Invalid, NotFound
from domain.list_parts import bound_id
from domain.listing import LARGEST_ID, Listing
from domain.support.ticket_file_store import store
from models.ticket import Ticket, TicketAttachment, TicketReply

LARGEST = 10 * 1024 * 1024              # bytes of one file
LARGEST_TOGETHER = 25 * 1024 * 1024     # of all files of a message
MOST = 20                               # files of a message
NAME, TYPE = 200, 100                   # characters
UNKNOWN_TYPE = "application/octet-stream"
MIME = re.compile(r"[a-z0-9][a-z0-9.+_-]{0,48}/[a-z0-9][a-z0-9.+_-]{0,48}")
# What runs when it is opened. Nobody needs it in a ticket, and staff open files of strangers.
PROGRAMS = frozenset({
    "apk", "app", "bat", "chm", "cmd", "com", "cpl", "dll", "dmg", "exe", "gadget", "hta", "inf", "ins", "iso", "jar",
    "js", "jse", "lnk", "mde", "msc", "msi", "msp", "mst", "pif", "ps1", "reg", "scr", "sct", "shb", "sys", "vb", "vbe",
    "vbs", "vhd", "vxd", "wsc", "wsf", "wsh", "xll",
})


@dataclass(frozen=True, slots=True)
class File:
    """A file as it was sent."""

    name: str
    content: bytes
    mime_type: str = ""


@dataclass(frozen=True, slots=True)
class KeptFile:
    """A file whose bytes are in the store."""

    name: str
    mime_type: str
    size: int
    digest: str


@dataclass(frozen=True, slots=True)
class Sorted:
    """The files that are taken, and the names of those that are refused, with the reason of each."""

    taken: list[File]
    refused: dict[str, str]


def sort(files: Iterable[File]) -> Sorted:
    """Decide which files of a message are taken: by their number, their sizes and their names."""
    found, together = Sorted([], {}), 0
    for file in files:
        reason = _reason(file, together, len(found.taken))
        if reason:
            found.refused[file.name] = reason
        else:
            found.taken.append(file)
            together += len(file.content)
    return found


def _reason(file: File, together: int, count: int) -> str:
    """Why a file is refused; empty for one that is taken."""
    if PurePosixPath(file.name).suffix.lstrip(".").lower() in PROGRAMS:
        return "is a program"
    if not file.content:
        return "is empty"
    if len(file.content) > LARGEST:
        return f"is larger than {LARGEST // 1024**2} MB"
    if together + len(file.content) > LARGEST_TOGETHER:
        return f"makes the message larger than {LARGEST_TOGETHER // 1024**2} MB"
    return f"is one of more than {MOST} files" if count >= MOST else ""


def keep(files: Iterable[File], field: str = "attachments") -> list[KeptFile]:
    """Keep the bytes of a message's files, before the transaction; raises Invalid when one of them is refused."""
    named = [File(clean_name(one.name), one.content, one.mime_type) for one in files]
    found = sort(named)
    if found.refused:
        name, reason = next(iter(found.refused.items()))
        raise Invalid.field(field, f"cannot be taken: {name} {reason}", "invalid")
    return keep_taken(found.taken)


def keep_taken(files: Iterable[File]) -> list[KeptFile]:
    """Keep the bytes of files that were found to be taken."""
    return [
        KeptFile(clean_name(one.name), type_of(one), len(one.content), store.put(one.content)) for one in files
    ]


def clean_name(name: str) -> str:
    """The name without folders and invisible characters; one that is left without any is called file."""
    last = re.split(r"[\\/]", unicodedata.normalize("NFC", name))[-1]
    kept = "".join(char for char in last if not texts.is_invisible(char) and not "\ud800" <= char <= "\udfff")
    kept = kept.strip(" .")
    stem, dot, ending = kept.rpartition(".")
    if len(kept) > NAME:
        kept = stem[:NAME - len(ending) - 1] + dot + ending if stem and len(ending) < NAME // 4 else kept[:NAME]
    return kept or "file"


def type_of(file: File) -> str:
    """The type that the sender said, else that of the name. It is shown; downloads do not have it."""
    said = file.mime_type.lower().strip()
    return said if MIME.fullmatch(said) else mimetypes.guess_type(file.name)[0] or UNKNOWN_TYPE


def add(ticket: Ticket, reply: TicketReply | None, files: Sequence[KeptFile]) -> list[TicketAttachment]:
    """Store the rows of a message's files; without a reply they belong to the ticket's first message."""
    now = clock.now()
    rows = [
        TicketAttachment(
            merchant_id=ticket.merchant_id, test=ticket.test, reply_id=reply.id if reply is not None else None,
            name=one.name, mime_type=one.mime_type, size=one.size, digest=one.digest, created_at=now,
        )
        for one in files
    ]
    ticket.attachments.extend(rows)
    return rows


def find(actor: Actor, listing: Listing, ticket_id: int, key: int) -> TicketAttachment:
    """A file of one of the actor's tickets; `listing` says which files of it are seen. Raises NotFound, or Foreign."""
    listing.get(actor, ticket_id)
    seen = listing.children["attachments"].where
    found = db.session.scalar(select(TicketAttachment).where(
        TicketAttachment.id == bound_id("key"), TicketAttachment.ticket_id == ticket_id,
        seen if seen is not None else true()), {"key": key}) if 0 < key <= LARGEST_ID else None
    if found is None:
        raise NotFound("attachment", key)
    return found


def by_message(files: Iterable[Any]) -> dict[int | None, list[Any]]:
    """The files of a ticket by the reply that they came with; those of the first message under None."""
    found: dict[int | None, list[Any]] = {}
    for one in files:
        found.setdefault(one.reply_id, []).append(one)
    return found


def named(digests: list[str]) -> set[str]:
    """Which of these digests some attachment has."""
    statement = select(TicketAttachment.digest).where(TicketAttachment.digest.in_(digests))
    return set(db.session.scalars(statement))


def remove_unnamed() -> bool:
    """Remove files that no ticket has, which failed requests leave behind; the hourly job."""
    store.remove_unnamed(named)
    return False
