"""What a mail says, before it is laid out: the same words for its text and its HTML."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

from blueprints.pages.format import zone


@dataclass(frozen=True, slots=True)
class AttachedFile:
    """A file that is sent along; its bytes are read when the mail is sent."""

    name: str
    mime_type: str
    digest: str                              # of a stored file
    make: Callable[[], bytes] | None = None  # what makes it when the mail is sent


@dataclass(frozen=True, slots=True, kw_only=True)
class Message:
    """The words of a mail; the tone is ok, bad or nothing."""

    subject: str
    preview: str                             # what lists of mails show beside the subject
    kicker: str
    title: str
    under: str
    why: str                                 # why the recipient gets it
    amount: str = ""
    facts: Sequence[tuple[str, str]] = ()
    words: str = ""                          # what a person wrote, in lines as they were written
    to: Sequence[str] = ()
    reply_to: str | None = None
    link: str = ""                           # of the button
    button: str = ""
    tone: str = ""
    paragraphs: Sequence[str] = ()
    can_be_answered: bool = True
    how_to_answer: str = "Just answer this mail if something is not right. A person reads it."
    sender_address: str | None = None        # without one the installation's
    headers: Mapping[str, str] = field(default_factory=lambda: {"Auto-Submitted": "auto-generated"})
    files: Sequence[AttachedFile] = ()

    def in_lines(self) -> "Message":
        """The message with one line in what is one: no name looks like a paragraph that the merchant has written."""
        one_line: dict[str, Any] = {name: _line(getattr(self, name)) for name in ONE_LINE}
        return replace(self, **one_line, facts=[(_line(name), _line(value)) for name, value in self.facts])


ONE_LINE = ("subject", "preview", "kicker", "title", "under", "why", "amount", "button")


def _line(text: str) -> str:
    return " ".join(text.split())


def day(moment: datetime) -> str:
    """28 December 2026."""
    return f"{moment.astimezone(zone()):%-d %B %Y}"
