"""Reads the bodies of calls on an invoice that may be left out, and says mistakes in the words of the call."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from blueprints.api.contract import Arguments
from blueprints.api.field import Field, Problems
from blueprints.api.field_parts import take_object, word
from blueprints.api.verbs import body_of
from domain import inputs
from domain.errors import Invalid


def read(kind: Any, fields: Mapping[str, Field], arguments: Arguments) -> Any:
    """The body as an input of this kind; Invalid names what is wrong by the domain's names."""
    problems: Problems = {}
    body: dict[str, Any] = body_of(arguments) if arguments.body is not None else {}
    sent = {name: value for name, value in body.items() if name != "id"}
    return inputs.parse(kind, take_object(fields, sent, "", problems), problems=problems)


@contextmanager
def in_words_of(fields: Mapping[str, Field]) -> Iterator[None]:
    """Say mistakes by the names that the call has for the domain's."""
    try:
        yield
    except Invalid as error:
        raise Invalid.several({word(fields, name): one for name, one in error.fields.items()}) from None
