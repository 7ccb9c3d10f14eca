"""What a mail says, before it is laid out: the same words for its text and its HTML."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from blueprints.pages.format import zone


@dataclass(frozen=True, slots=True, kw_only=True)
class Message:
    """The words of a mail; the tone is ok, bad or nothing."""

    subject: str
    preview: str                             # what lists of mails show beside the subject
    kicker: str
    title: str
    amount: str
    under: str
    facts: Sequence[tuple[str, str]]
    why: str                                 # why the recipient gets it
    to: Sequence[str] = ()
    reply_to: str | None = None
    link: str = ""                           # of the button
    button: str = ""
    tone: str = ""
    paragraphs: Sequence[str] = ()
    can_be_answered: bool = True


def day(moment: datetime) -> str:
    """28 December 2026."""
    return f"{moment.astimezone(zone()):%-d %B %Y}"
