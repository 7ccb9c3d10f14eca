"""Keeps a form that is sent twice from creating two rows: its token leads to the first one's row."""

from collections.abc import Callable

from flask import request

from blueprints.pages.session import me
from domain import form_tokens

NAME = "once"


def token() -> str:
    """The token of the form that was sent, or a new one for a form to show."""
    return _sent() or form_tokens.fresh()


def create_once(create: Callable[[], str]) -> tuple[str, bool]:
    """The URL that `create` returns, and whether it ran now; call within the creation's transaction."""
    if not _sent():
        return create(), True
    own = f"{me().user.id}:{_sent()}"[:form_tokens.LONGEST]
    earlier = form_tokens.claim(own)
    if earlier is not None:
        return earlier, False
    address = create()
    form_tokens.keep(own, address)
    return address, True


def _sent() -> str:
    found = request.form.get(NAME, "")
    return found if found.isascii() and found.isprintable() else ""
