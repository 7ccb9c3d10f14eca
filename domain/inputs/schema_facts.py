"""Annotates inputs for JSON Schema beyond their type: limits, formats and values that validators check."""

from dataclasses import dataclass
from typing import Any

from pydantic import GetJsonSchemaHandler
from pydantic_core import CoreSchema

from domain.inputs.validators import MAX_METADATA, METADATA_NAME, METADATA_VALUE

NULL_IF_NEW = "nullIfNew"                    # read where schemas are generated


@dataclass(frozen=True, eq=False)
class SchemaFacts:
    """Added to the schema of the type that they annotate; the validators beside them do the checking."""

    added: dict[str, Any]

    def __get_pydantic_json_schema__(self, core: CoreSchema, handler: GetJsonSchemaHandler) -> dict[str, Any]:
        return {**handler(core), **self.added}


@dataclass(frozen=True)
class NullIfNew:
    """The value may be null in a creation, and not in a change."""

    def __get_pydantic_json_schema__(self, core: CoreSchema, handler: GetJsonSchemaHandler) -> dict[str, Any]:
        return {**handler(core), NULL_IF_NEW: True}


def one_of(*words: str) -> SchemaFacts:
    """A closed set of values."""
    return SchemaFacts({"enum": list(words)})


EMAIL = SchemaFacts({"format": "email", "maxLength": 254, "examples": ["ada@example.org"]})
WEB_ADDRESS = SchemaFacts({"format": "uri", "maxLength": 2048, "examples": ["https://example.org"]})
COUNTRY = SchemaFacts({
    "pattern": "^[A-Za-z]{2}$", "description": "ISO 3166-1, two letters", "examples": ["GB"],
})
CURRENCY = SchemaFacts({"pattern": "^[A-Z]{3}$", "description": "ISO 4217", "examples": ["EUR"]})
TIME_ZONE = SchemaFacts({"description": "A name of the IANA time zone database", "examples": ["Europe/London"]})
UNTIL = {
    "type": "string", "format": "date-time",
    "description": "A time, or a day such as 2026-01-31, which ends at midnight in the merchant's time zone",
}
NETWORKS = SchemaFacts({"description": "IPv4 or IPv6 addresses and networks"})
METADATA = SchemaFacts({
    "maxProperties": MAX_METADATA,
    "propertyNames": {"minLength": 1, "maxLength": METADATA_NAME},
    "additionalProperties": {"type": "string", "maxLength": METADATA_VALUE},
    "description": f"At most {MAX_METADATA} entries of text",
})
