"""Keeps a form that a user sends twice from creating two rows: its token leads to the first one's row."""

from collections.abc import Callable

from blueprints.pages import form_once
from blueprints.pages.form_once import token
from blueprints.pages.session import me

__all__ = ["create_once", "token"]


def create_once(create: Callable[[], str]) -> tuple[str, bool]:
    """The URL that `create` returns, and whether it ran now; call within the creation's transaction."""
    return form_once.create(str(me().user.id), create)
