"""Annotates inputs for JSON Schema beyond their type: limits, formats and values that validators check."""

from dataclasses import dataclass
from typing import Any

from pydantic import GetJsonSchemaHandler
from pydantic_core import CoreSchema

from domain.inputs.iso_codes import COUNTRY_CODES, MONEY_CODES
from domain.inputs.validators import MAX_METADATA, METADATA_NAME, METADATA_VALUE, WEB

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


def decimals(most: int) -> dict[str, Any]:
    """A number with at most this many decimals."""
    return {"multipleOf": 10**-most, "description": f"With at most {most} decimals"}


COMPONENT = "component"                      # the name of a schema that many fields share; read there too
SPACES = r"\s\u001c-\u001f\u0085"           # what Python counts as spaces; patterns of JSON Schema count fewer
OUTSIDE = r"""[^@\s\u0000-\u001f\u007f\u0085,:;<>()\[\]"\\]+"""
LABEL = r"[^\s\u0000-,./:-@\[-`{-\u0085]+"
EMAIL = SchemaFacts({
    "format": "email", "maxLength": 254, "examples": ["ada@example.org"],
    "pattern": rf"^{OUTSIDE}@({LABEL}\.)+{LABEL}$",
})
WEB_ADDRESS = SchemaFacts({
    "maxLength": 2048, "examples": ["https://example.org"], "description": "A web address", "pattern": WEB.pattern,
})
COUNTRY = SchemaFacts({
    "enum": sorted(COUNTRY_CODES), "description": "ISO 3166-1, two letters", "examples": ["GB"],
    COMPONENT: "CountryCode",
})
CURRENCY = SchemaFacts({
    "enum": sorted(MONEY_CODES), "description": "ISO 4217", "examples": ["EUR"], COMPONENT: "CurrencyCode",
})
TIME_ZONE = SchemaFacts({
    "format": "time-zone", "description": "A name of the IANA time zone database", "examples": ["Europe/London"],
})
COLOUR = SchemaFacts({
    "pattern": "^#[0-9a-fA-F]{6}$", "description": "A colour: red, green and blue", "examples": ["#1f5f46"],
})
_PLAIN, _COUNTER = r"[^{}\s]*", r"\{n(:0([1-9]|1[0-2]))?\}"
NUMBER_PATTERN = SchemaFacts({
    "pattern": rf"^{_PLAIN}(\{{year\}}{_PLAIN})?{_COUNTER}{_PLAIN}$|^{_PLAIN}{_COUNTER}{_PLAIN}\{{year\}}{_PLAIN}$",
    "description": "A number with its counter: {n}, or {n:06} with zeros in front; {year} begins it anew each year",
    "examples": ["INV-{n:06}"],
})
VISIBLE = SchemaFacts({"pattern": rf"[^{SPACES}]"})
UNTIL = {
    "type": "string", "format": "date-time",
    "description": "A time, or a day such as 2026-01-31, which ends at midnight in the merchant's time zone",
}
NETWORKS = SchemaFacts({
    "items": {"type": "string", "format": "ip-network"}, "description": "IPv4 or IPv6 addresses and networks",
})
METADATA = SchemaFacts({
    "maxProperties": MAX_METADATA,
    "propertyNames": {"minLength": 1, "maxLength": METADATA_NAME},
    "additionalProperties": {"type": "string", "maxLength": METADATA_VALUE},
    "description": f"At most {MAX_METADATA} entries of text",
})
