"""A create form makes one row, however often it is sent: its token leads to the row that the first time made."""

from collections.abc import Callable

from flask import request

from blueprints.pages.session import me
from domain import form_tokens

NAME = "once"


def token() -> str:
    """The token of the form that was sent, or a fresh one for a form that is shown."""
    return _sent() or form_tokens.fresh()


def made(create: Callable[[], str]) -> tuple[str, bool]:
    """The address that `create` gives, and whether it ran now; call within the transaction of the creation."""
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
