"""Declares the knowledge base and announcements in the Client API."""

from collections.abc import Mapping, Sequence
from typing import Any

from blueprints.api.client.contract import CONTRACT
from blueprints.api.contract import Arguments, Operation, Outcome
from blueprints.api.description import Description, ExampleBody
from blueprints.api.field import Field, Fields
from blueprints.api.field_map import Moment
from blueprints.api.field_parts import row_shower
from blueprints.api.json_schema import Schema
from domain.actor import Actor
from domain.errors import Invalid, Problem
from domain.listing import LARGEST_ID
from domain.pages import Record
from domain.support import announcements
from domain.support.knowledge import knowledge_base

WORDS, CATEGORY = "q", "category"
LONGEST = 1000                          # characters of a search
ARTICLE: Fields = {
    "id": Field(name="id"), "title": Field(name="title"), "slug": Field(name="slug"),
    "category_id": Field(name="category_id"), "category": Field(name="category_name"),
    "content": Field(name="content"), "views": Field(name="views"), "updated_at": Moment(name="updated_at"),
}
ARTICLE_SCHEMA: dict[str, Schema] = {
    "id": {"type": "integer"}, "title": {"type": "string"}, "slug": {"type": "string"},
    "category_id": {"type": ["integer", "null"]}, "category": {"type": ["string", "null"]},
    "content": {"type": "string", "description": "Markdown"}, "views": {"type": "integer"},
    "updated_at": CONTRACT.formats.moment_schema,
}
ARTICLE_EXAMPLE = {
    "id": 1, "title": "How to read your invoice", "slug": "how-to-read-your-invoice", "category_id": 3,
    "category": "Billing", "content": "Each **line** has its own tax.", "views": 128,
    "updated_at": "2024-01-15 12:00:00",
}
ANNOUNCEMENT: Fields = {
    "id": Field(name="id"), "title": Field(name="title"), "content": Field(name="content"),
    "published_at": Moment(name="published_at"),
}
ANNOUNCEMENT_SCHEMA: dict[str, Schema] = {
    "id": {"type": "integer"}, "title": {"type": "string"}, "content": {"type": "string", "description": "Markdown"},
    "published_at": CONTRACT.formats.moment_schema,
}
ANNOUNCEMENT_EXAMPLE = {
    "id": 1, "title": "Maintenance on Sunday", "content": "From **02:00 to 04:00 UTC**.",
    "published_at": "2024-01-15 12:00:00",
}


def rows(records: Sequence[Record], fields: Fields) -> Outcome:
    """Rows in the contract's envelope."""
    show = row_shower(fields, CONTRACT.formats)
    return Outcome({"data": [show(one.row) for one in records], "count": len(records)})


def described(title: str, properties: dict[str, Schema], example: dict[str, Any], **more: Any) -> Description:
    """A list with its row."""
    schema: Schema = {"title": title, "type": "object", "required": list(properties), "properties": properties}
    return Description(answer=CONTRACT.description.collection(ExampleBody(schema, example)), **more)


def search(actor: Actor, arguments: Arguments) -> Outcome:
    """Published articles with all words, or the most viewed ones."""
    given = arguments.query
    return rows(knowledge_base.search(actor, once(given, WORDS)[:LONGEST], category_id=category(given)), ARTICLE)


def once(given: Mapping[str, list[str]], name: str) -> str:
    """The value of a query parameter; empty without one."""
    values = given.get(name, [""])
    if len(values) > 1:
        raise invalid(name, "repeated", "was sent more than once")
    return values[0]


def category(given: Mapping[str, list[str]]) -> int | None:
    """The category's id; an empty parameter is none."""
    said = once(given, CATEGORY).strip()
    if not said:
        return None
    digits = said.removeprefix("-")
    if not (digits.isascii() and digits.isdigit()):
        raise invalid(CATEGORY, "type", "must be a whole number")
    return int(said) if len(digits) < len(str(LARGEST_ID)) else LARGEST_ID         # which no row has


def invalid(name: str, code: str, text: str) -> Invalid:
    return Invalid(
        "A query parameter cannot be used.", code="invalid_parameter", fields={name: Problem(code, text)})


def recent(actor: Actor, arguments: Arguments) -> Outcome:
    """What is published for the customer."""
    return rows(announcements.recent(actor), ANNOUNCEMENT)


CONTRACT.operations += [
    Operation(
        name="knowledgebase.list", method="GET", path="/knowledgebase", scope="READ_TICKETS", run=search,
        parameters=(WORDS, CATEGORY), summary="Search the knowledge base",
        described=described(
            "Article", ARTICLE_SCHEMA, ARTICLE_EXAMPLE, called_with={WORDS: "invoice"},
            query={
                WORDS: {"type": "string", "description": "Words, or parts of words, which title or text all have"},
                CATEGORY: {
                    "type": ["integer", "string"], "pattern": "^(-?[0-9]+)?$", "examples": [3],
                    "description": "The id of a category; empty means every one",
                },
            }),
    ),
    Operation(
        name="announcements.list", method="GET", path="/announcements", scope="READ_TICKETS", run=recent,
        summary="List recent announcements",
        described=described("Announcement", ANNOUNCEMENT_SCHEMA, ANNOUNCEMENT_EXAMPLE),
    ),
]
