"""Makes an input's field nullable: which values count as null, in JSON and in forms."""

from dataclasses import dataclass
from typing import Annotated, Any, get_args, get_origin

from pydantic import GetCoreSchemaHandler, WithJsonSchema
from pydantic_core import CoreSchema, core_schema

from domain.inputs import validators
from domain.inputs.schema_facts import SchemaFacts

FORMATS = (SchemaFacts, WithJsonSchema)         # annotations of texts with a form: "" is a mistake there


@dataclass(frozen=True)
class NullIfBlank:
    """A blank text of any contract is null: "" and "   " are never stored, so that no two of them are the same.

    In a form every empty field is null. In JSON a text that has a form (an address, a country) or another type must
    be null or valid.
    """

    def __get_pydantic_core_schema__(self, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        inner = handler(source)
        if is_plain_text(source):
            return core_schema.no_info_before_validator_function(validators.blank_is_none, inner)
        return core_schema.with_info_before_validator_function(validators.empty_is_none, inner)


def is_plain_text(kind: Any) -> bool:
    """Whether this is a text of any form, or null."""
    if get_origin(kind) is Annotated:
        inner, *notes = get_args(kind)
        return is_plain_text(inner) and not any(isinstance(note, FORMATS) for note in notes)
    found = [one for one in get_args(kind) if one is not type(None)]
    return kind is str if not found else len(found) == 1 and is_plain_text(found[0])
