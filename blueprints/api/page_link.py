"""Defines the field with the address of a page, which is stored as something else."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from flask import has_request_context, request

from blueprints.api.field import Convert, Field, Formats
from blueprints.api.json_schema import Schema
from blueprints.services import own_url, public_url


@dataclass(frozen=True, kw_only=True)
class PageLink(Field):
    """The URL of a page of this installation; `path` makes its path from the column's value."""

    path: Callable[[Any], str | None]

    def convert(self, formats: Formats) -> Convert | None:
        return lambda value, _: None if value is None else self._url(value)

    def _url(self, value: Any) -> str | None:
        path = self.path(value)
        base = own_url(request.host_url) if has_request_context() else public_url()
        return None if path is None else f"{base}{path}"

    def shown(self, base: Schema, column: Any, formats: Formats) -> Schema:
        return {"type": ["string", "null"], "format": "uri"}

    def sample(self, row: Mapping[str, Any], schema: Schema, formats: Formats, *, writing: bool) -> Any:
        return f"https://billing.example.org{row.get(self.name, '/')}"
