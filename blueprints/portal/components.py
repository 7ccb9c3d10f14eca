"""Collects named components: every schema with a title becomes one, and is referred to."""

from typing import Any

from blueprints.api.json_schema import Schema, never_null

PLACE = "#/components/schemas/"
BESIDE = ("default",)                   # what belongs to the field, not to the component


class Components:
    """The named schemas of one document."""

    def __init__(self) -> None:
        self.found: dict[str, Schema] = {}

    def referring(self, schema: Any) -> Any:
        """The schema with references to its named parts, which are stored here."""
        if isinstance(schema, list):
            return [self.referring(one) for one in schema]
        if not isinstance(schema, dict):
            return schema
        plain = {name: one if name == "example" else self.referring(one) for name, one in schema.items()}
        title = plain.get("title")
        return plain if not isinstance(title, str) else self._reference(title, plain)

    def _reference(self, title: str, schema: Schema) -> Schema:
        """A reference to a component, with the default beside it; a nullable one is the same component or null."""
        beside = {name: schema[name] for name in BESIDE if name in schema}
        may_be_null = isinstance(schema["type"], list)
        schema = {name: one for name, one in (never_null(schema) if may_be_null else schema).items()
                  if name not in BESIDE}
        known = self.found.setdefault(title, schema)
        if known != schema:
            raise ValueError(f"two schemas are called {title}: give one of them another title")
        reference = {"$ref": PLACE + title}
        return ({"anyOf": [reference, {"type": "null"}]} if may_be_null else reference) | beside
