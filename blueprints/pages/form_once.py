"""Keeps a form that is sent twice from writing two rows: its token leads to what the first one made."""

from collections.abc import Callable

from flask import request

from domain import form_tokens

NAME = "once"


def token() -> str:
    """The token of the form that was sent, or a new one for a form to show."""
    return _sent() or form_tokens.fresh()


def create(owner: str, make: Callable[[], str]) -> tuple[str, bool]:
    """The address that `make` returns, and whether it ran now; call within the transaction that writes.

    `owner` says whose token it is: those of others are unknown.
    """
    if not _sent():
        return make(), True
    own = f"{owner}:{_sent()}"[:form_tokens.LONGEST]
    earlier = form_tokens.claim(own)
    if earlier is not None:
        return earlier, False
    address = make()
    form_tokens.keep(own, address)
    return address, True


def _sent() -> str:
    found = request.form.get(NAME, "")
    return found if found.isascii() and found.isprintable() else ""
