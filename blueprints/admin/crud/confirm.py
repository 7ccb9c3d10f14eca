"""Shows confirmations, as a dialog over the page or as a page of its own."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from flask import Response

from blueprints.pages.htmx import page_or_part


@dataclass(frozen=True, slots=True, kw_only=True)
class Confirmation:
    """A confirmation. `words` must be typed to enable the button; `facts` say what will happen."""

    title: str
    text: str
    action: str                     # the URL that the form posts to
    back: str                       # the URL of the button that does nothing
    button: str
    danger: bool = False
    words: str = ""
    facts: tuple[str, ...] = ()
    version: int | None = None
    wrong: str = ""
    fields: Mapping[str, str] = field(default_factory=dict)     # what the form sends too


    @property
    def leave(self) -> str:
        """What the button says that does nothing: beside Cancel order it cannot be Cancel."""
        return "Back" if self.button.startswith("Cancel") else "Cancel"


def sentence(title: str, what: str) -> str:
    """An action with what it is done to: Archive Ada, but Cancel at period end: Order 2."""
    return f"{title}: {what}" if " " in title and not title.endswith(" for") else f"{title} {what}"


def ask(confirmation: Confirmation) -> Response:
    """Show the confirmation."""
    response = page_or_part("admin/confirm.html", "admin/_confirm.html", confirmation=confirmation)
    if confirmation.wrong:
        response.status_code = 422
    return response
