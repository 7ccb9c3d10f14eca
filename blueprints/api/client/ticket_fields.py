"""Defines the fields of tickets in the Client API: replies with their files, and the files of the first message."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from blueprints.api.field import Field, Formats, Known
from blueprints.api.json_schema import Schema
from domain.support import ticket_files

FILE: Schema = {
    "type": "object", "title": "Attachment", "required": ["id", "name", "size", "type", "url"],
    "properties": {
        "id": {"type": "integer"}, "name": {"type": "string"},
        "size": {"type": "integer", "description": "In bytes"}, "type": {"type": "string"},
        "url": {"type": "string", "description": "The path that it is downloaded from, with the same token"},
    },
}
TEXT: Schema = {"type": "string"}


def files_of(path: str, row: Any, files: list[Any]) -> list[dict[str, Any]]:
    """Files as the contract shows them; `path` is that of the tickets."""
    return [
        {"id": one.id, "name": one.name, "size": one.size, "type": one.mime_type,
         "url": f"{path}/{row.id}/attachments/{one.id}"}
        for one in files
    ]


@dataclass(frozen=True, kw_only=True)
class Files(Field):
    """The files of a ticket's first message."""

    path: str

    @property
    def source(self) -> str:
        return ""

    def shower(self, formats: Formats) -> Callable[[Any, Mapping[str, Any]], Any]:
        path = self.path
        return lambda row, children: files_of(
            path, row, ticket_files.by_message(children["attachments"]).get(None, []))

    def schema(self, known: Known, *, writing: bool) -> Schema:
        return {"type": "array", "items": FILE}

    def sample(self, row: Mapping[str, Any], schema: Schema, formats: Formats, *, writing: bool) -> Any:
        return []


@dataclass(frozen=True, kw_only=True)
class Replies(Field):
    """The replies of a ticket that its customer sees, the oldest first, each with its files."""

    path: str

    @property
    def source(self) -> str:
        return ""

    def shower(self, formats: Formats) -> Callable[[Any, Mapping[str, Any]], Any]:
        path = self.path

        def shown(row: Any, children: Mapping[str, Any]) -> list[dict[str, Any]]:
            files = ticket_files.by_message(children["attachments"])
            return [
                self._reply(one, formats) | {"attachments": files_of(path, row, files.get(one.id, []))}
                for one in children["replies"]
            ]

        return shown

    @staticmethod
    def _reply(one: Any, formats: Formats) -> dict[str, Any]:
        assert formats.moment is not None       # the contract writes times its own way
        return {
            "id": one.id, "author_type": one.author_type, "author_name": one.author_name, "message": one.message,
            "created_at": formats.moment(one.created_at),
        }

    def schema(self, known: Known, *, writing: bool) -> Schema:
        properties: dict[str, Schema] = {
            "id": {"type": "integer"}, "author_type": {"type": "string", "enum": ["client", "staff"]},
            "author_name": TEXT, "message": TEXT, "created_at": known.formats.moment_schema,
            "attachments": {"type": "array", "items": FILE},
        }
        title = "TicketReply"
        return {"type": "array", "items": {
            "type": "object", "title": title, "required": list(properties), "properties": properties}}

    def sample(self, row: Mapping[str, Any], schema: Schema, formats: Formats, *, writing: bool) -> Any:
        return [
            {
                "id": one["id"], "author_type": one["author_type"], "author_name": one["author_name"],
                "message": one["message"], "created_at": one["created_at"].strftime(formats.moment_form),
                "attachments": [
                    {"id": file["id"], "name": file["name"], "size": file["size"], "type": file["mime_type"],
                     "url": f"{self.path}/1/attachments/{file['id']}"}
                    for file in one["attachments"]
                ],
            }
            for one in row.get(self.name, [])
        ]
