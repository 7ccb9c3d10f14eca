"""Defines the fields of tickets: replies with their files, and the files of the first message."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from blueprints.api.field import Field, Fields, Formats, Known
from blueprints.api.field_map import Moment
from blueprints.api.field_parts import object_sample, row_shower
from blueprints.api.json_schema import Schema

FILE: Schema = {
    "type": "object", "title": "Attachment", "required": ["id", "name", "size", "type"],
    "properties": {
        "id": {"type": "integer"}, "name": {"type": "string"},
        "size": {"type": "integer", "description": "In bytes"}, "type": {"type": "string"},
    },
}
FILE_FIELDS = {
    "id": Field(name="id"), "name": Field(name="name"), "size": Field(name="size"), "type": Field(name="mime_type"),
}
REPLY_FIELDS: dict[str, Field] = {
    "id": Field(name="id", writable=False),
    "author_type": Field(name="author_type", writable=False),
    "author_name": Field(name="author_name", writable=False),
    "message": Field(name="message"),
    "internal": Field(name="internal"),
    "c_dt": Moment(name="created_at", writable=False),
}
SENT_REPLY = {"message": REPLY_FIELDS["message"], "internal": REPLY_FIELDS["internal"]}


def reply_schema(formats: Formats, fields: Fields) -> Schema:
    """The schema of a reply with these fields."""
    known: dict[str, Schema] = {
        "id": {"type": "integer"}, "author_type": {"type": "string", "enum": ["client", "staff"]},
        "author_name": {"type": "string"}, "message": {"type": "string"}, "internal": {"type": "boolean"},
    }
    properties = {wire: known.get(wire, formats.moment_schema) for wire in fields}
    properties["attachments"] = {"type": "array", "items": FILE}
    return {"type": "object", "title": "TicketReply", "required": list(properties), "properties": properties}


@dataclass(frozen=True, kw_only=True)
class Files(Field):
    """The files of a ticket's first message."""

    @property
    def source(self) -> str:
        return ""

    def shower(self, formats: Formats) -> Callable[[Any, Mapping[str, Any]], Any]:
        show = row_shower(FILE_FIELDS, formats)
        return lambda _, children: [show(one) for one in children["attachments"] if one.reply_id is None]

    def schema(self, known: Known, *, writing: bool) -> Schema:
        return {"type": "array", "items": FILE}

    def sample(self, row: Mapping[str, Any], schema: Schema, formats: Formats, *, writing: bool) -> Any:
        return []


@dataclass(frozen=True, kw_only=True)
class Replies(Field):
    """The replies of a ticket, the oldest first, each with its files."""

    fields: Fields

    @property
    def source(self) -> str:
        return ""

    def shower(self, formats: Formats) -> Callable[[Any, Mapping[str, Any]], Any]:
        show, file = row_shower(self.fields, formats), row_shower(FILE_FIELDS, formats)

        def shown(_: Any, children: Mapping[str, Any]) -> list[dict[str, Any]]:
            files: dict[int, list[Any]] = {}
            for one in children["attachments"]:
                files.setdefault(one.reply_id, []).append(file(one))
            return [{**show(one), "attachments": files.get(one.id, [])} for one in children["replies"]]

        return shown

    def schema(self, known: Known, *, writing: bool) -> Schema:
        return {"type": "array", "items": reply_schema(known.formats, self.fields)}

    def sample(self, row: Mapping[str, Any], schema: Schema, formats: Formats, *, writing: bool) -> Any:
        return [sample_reply(one, schema["items"], formats, self.fields) for one in row.get(self.name, [])]


def sample_reply(one: Mapping[str, Any], schema: Schema, formats: Formats, fields: Fields) -> dict[str, Any]:
    """A sample reply as the contract shows it."""
    files = [{"id": file["id"], "name": file["name"], "size": file["size"], "type": file["mime_type"]}
             for file in one["attachments"]]
    own = {"properties": {wire: schema["properties"][wire] for wire in fields}}
    return object_sample(fields, one, own, formats, writing=False) | {"attachments": files}
