"""Reads a mail as it came: who wrote what to whom, its files, and whether a program sent it."""

import hashlib
import mimetypes
import re
from dataclasses import dataclass, field
from email import message_from_bytes
from email.errors import MessageError
from email.message import Message
from email.parser import BytesHeaderParser

from domain.inputs import validators
from domain.support import ticket_files
from domain.support.mails import ticket_mail_headers as headers
from domain.support.mails import ticket_mail_html, ticket_mail_origin
from domain.support.ticket_files import File

LARGEST = 64 * 1024 * 1024              # bytes of a mail that are read; of a longer one the end is not
LONGEST_TEXT = 1_000_000                # characters that are kept
MOST_PARTS = 1000
MOST_REFERENCES = 30
KNOWN_BY = ("From", "To", "Subject", "Date", "Message-ID", "Received", "Return-Path", "Content-Type")
TO = ("Delivered-To", "X-Original-To", "Envelope-To", "X-Envelope-To", "To", "Cc", "Resent-To")
OURS = "X-Ticket-Mail"                  # the Message-ID that a mail of ours was given
CUT_OFF = "was cut off, because the mail is too large"


class NoMessage(ValueError):
    """What came is no mail."""


@dataclass(slots=True, kw_only=True)
class IncomingMail:
    """A mail as tickets need it."""

    message_id: str
    identity: str                       # equal for the same mail that comes twice
    own_id: str                         # the Message-ID that we gave it, if it is one of ours
    references: list[str]               # Message-IDs that it answers, the nearest first
    sender: str                         # empty where it names none
    name: str
    recipients: list[str]
    subject: str
    automatic: str                      # why it is a program's
    text: str = ""
    files: list[File] = field(default_factory=list)
    refused: dict[str, str] = field(default_factory=dict)


@dataclass(slots=True)
class _Found:
    """What the parts of a mail hold."""

    texts: list[str] = field(default_factory=list)
    files: list[File] = field(default_factory=list)
    parts: int = 0


def read(content: bytes) -> IncomingMail:
    """Read a mail; raises NoMessage. What is broken in it is read as far as it goes."""
    whole, content = len(content) <= LARGEST, content[:LARGEST]
    message = _parsed(content)
    if not any(message.get_all(name) for name in KNOWN_BY):
        raise NoMessage("There is no mail on standard input: no headers were found.")
    mail = _with_headers(message, content)
    found = _Found()
    try:
        _collect(message, found)
    except (RecursionError, MessageError, LookupError, ValueError, TypeError, AttributeError, AssertionError):
        found = _Found(texts=[headers.decoded(content.partition(b"\n\n")[2], None)])     # all of it, as it is
    mail.text = "\n\n".join(one for one in found.texts if one.strip())[:LONGEST_TEXT]
    if not whole and found.files:
        mail.refused[found.files.pop().name] = CUT_OFF
    mail.files = found.files
    return mail


def _parsed(content: bytes) -> Message:
    try:
        return message_from_bytes(content)
    except (RecursionError, MessageError, LookupError, ValueError, TypeError, AttributeError):
        return BytesHeaderParser().parsebytes(content)


def _with_headers(message: Message, content: bytes) -> IncomingMail:
    senders = headers.addresses(headers.raw(message, "From") or headers.raw(message, "Sender"))
    name, sender = senders[0] if senders else ("", "")
    if not validators.EMAIL.match(sender) or len(sender) > 254:
        sender = ""
    (message_id,) = headers.message_ids(message, "Message-ID")[:1] or [f"none.{hashlib.sha256(content).hexdigest()}"]
    date = headers.text(message, "Date")
    references = headers.message_ids(message, "In-Reply-To") + headers.message_ids(message, "References")[::-1]
    return IncomingMail(
        message_id=message_id, own_id="".join(headers.message_ids(message, OURS)[:1]),
        identity=hashlib.sha256(f"{message_id}\n{sender.lower()}\n{date}".encode()).hexdigest(),
        references=list(dict.fromkeys(references))[:MOST_REFERENCES], sender=sender, name=name[:200],
        recipients=list(dict.fromkeys(one for key in TO for _, one in headers.addresses(headers.raw(message, key)))),
        subject=headers.text(message, "Subject")[:300], automatic=ticket_mail_origin.automatic(message, sender),
    )


def _collect(part: Message, found: _Found) -> None:
    """Collect the texts and the files of a part and of those within it."""
    found.parts += 1
    if found.parts > MOST_PARTS:
        return
    kind = part.get_content_type()
    if kind == "multipart/alternative":
        found.texts.append(_best(part, found))
    elif part.is_multipart() and kind != "message/rfc822":
        for one in _within(part):
            _collect(one, found)
    elif _is_text(part):
        found.texts.append(_text(part))
    else:
        _add_file(part, found)


def _best(part: Message, found: _Found) -> str:
    """The words of alternatives: as plain text where that has some, else as HTML. Files are collected."""
    written: dict[str, str] = {}
    for one in _within(part):
        inside = _Found(parts=found.parts)
        _collect(one, inside)
        found.parts = inside.parts
        found.files += inside.files
        words = "\n\n".join(text for text in inside.texts if text.strip())
        written.setdefault("plain" if one.get_content_type() == "text/plain" else "other", words)
    plain = written.get("plain", "")
    return plain if plain.strip() else written.get("other", "")


def _within(part: Message) -> list[Message]:
    payload = part.get_payload()
    return [one for one in payload if isinstance(one, Message)] if isinstance(payload, list) else []


def _is_text(part: Message) -> bool:
    """Whether a part is read rather than saved."""
    is_file = part.get_content_disposition() == "attachment" or part.get_filename() is not None
    return part.get_content_type() in ("text/plain", "text/html") and not is_file


def _text(part: Message) -> str:
    content, charset = part.get_payload(decode=True), part.get_param("charset")
    said = charset if isinstance(charset, str) else None
    text = headers.decoded(content if isinstance(content, bytes) else b"", said)
    if part.get_content_type() == "text/html":
        return ticket_mail_html.text_of(text)
    if str(part.get_param("format", "")).lower() == "flowed":
        return unflowed(text, joins=str(part.get_param("delsp", "")).lower() == "yes")
    return text


def unflowed(text: str, *, joins: bool = False) -> str:
    """Text whose lines were broken for sending (RFC 3676), in its own lines again."""
    lines: list[tuple[str, str]] = []
    open_line = False
    for line in text.split("\n"):
        words = line.lstrip(">")
        marks = line[:len(line) - len(words)]
        words = words.removeprefix(" ") if not marks or words[:1] == " " else words
        goes_on = words.endswith(" ") and words != "-- "
        if goes_on and joins:
            words = words[:-1]
        if open_line and lines[-1][0] == marks and words != "-- ":
            lines[-1] = (marks, lines[-1][1] + words)
        else:
            lines.append((marks, words))
        open_line = goes_on
    return "\n".join(f"{marks} {words}".rstrip() if marks else words for marks, words in lines)


def _add_file(part: Message, found: _Found) -> None:
    kind = part.get_content_type()
    content = part.get_payload(decode=True)
    if part.is_multipart():                          # a mail in the mail
        content = b"\n".join(one.as_bytes() for one in _within(part))
    said = part.get_filename()
    guessed = ".eml" if kind == "message/rfc822" else mimetypes.guess_extension(kind) or ""
    name = headers.shown(str(said)) if said else f"attachment-{len(found.files) + 1}{guessed}"
    content = content if isinstance(content, bytes) else b""
    if said or content:
        found.files.append(File(ticket_files.clean_name(re.sub(r"[\r\n]", " ", name)), content, kind))
