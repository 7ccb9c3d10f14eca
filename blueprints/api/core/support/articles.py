"""Declares the knowledge base in the Core API: categories, articles, and the texts that articles had before."""

from typing import Any

from blueprints.api.contract import Arguments, Outcome, Parameter
from blueprints.api.core.contract import CONTRACT
from blueprints.api.core.vocabulary import COMPANY, HISTORY, ID, IDS, SORTS, words
from blueprints.api.description import Description, ExampleBody
from blueprints.api.field import Field, Fields, Problems
from blueprints.api.field_map import Key, Moment
from blueprints.api.field_parts import object_sample, row_shower, take_object
from blueprints.api.json_schema import Schema
from blueprints.api.verbs import beside_id, changed, expose, key_of, locked, operation
from domain import inputs
from domain.actor import Actor
from domain.inputs import Input
from domain.support.knowledge import article_categories, article_texts, articles, samples
from models.article import ArticleStatus

VERBS = ("get", "list", "create", "update", "delete")

expose(
    CONTRACT,
    article_categories.RESOURCE,
    "/article-categories",
    {
        "id": ID,
        "companies_id": COMPANY,
        "name": Field(name="name"),
        "description": Field(name="description"),
        "articles": Field(name="articles", writable=False),
        **HISTORY,
    },
    verbs=VERBS,
    required=("merchant_id", "name"),
    tenant="companies_id",
    parameters=IDS,
    sorts={**SORTS, "name": "name"},
)

ARTICLES = expose(
    CONTRACT,
    articles.RESOURCE,
    "/articles",
    {
        "id": ID,
        "companies_id": COMPANY,
        "categories_id": Field(name="category_id", refers="article category"),
        "title": Field(name="title"),
        "slug": Field(name="slug"),
        "content": Field(name="content"),
        "status": Field(name="status"),
        "published_dt": Moment(name="published_at", writable=False),
        "views": Field(name="views", writable=False),
        "helped": Field(name="helped", writable=False),
        "not_helped": Field(name="not_helped", writable=False),
        "version": Field(name="text_number", writable=False),
        "written_by": Field(name="written_by", writable=False),
        "written_dt": Moment(name="written_at", writable=False),
        **HISTORY,
    },
    verbs=(*VERBS, "publish", "withdraw", "copy_to_test", "copy_to_live"),
    required=("merchant_id", "title", "content"),
    tenant="companies_id",
    parameters={
        **IDS, "categories_id": Parameter("category_ids"), "status": Parameter("status", words(ArticleStatus)),
        "slug": Parameter("slug"),
    },
    sorts={**SORTS, "u_dt": "updated_at", "title": "title", "views": "views"},
)


class WantedVersion(Input):
    """A text that an article had before."""

    version: article_texts.VersionNumber


NUMBER = {"version": Field(name="version")}
VERSION_FIELDS: Fields = {
    "version": Key(name="number", writable=False),
    "title": Field(name="title", writable=False),
    "content": Field(name="content", writable=False),
    "written_by": Field(name="written_by", writable=False),
    "written_dt": Moment(name="written_at", column="created_at", writable=False),
}
PROPERTIES: dict[str, Schema] = {
    "version": {"type": "integer"}, "title": {"type": "string"}, "content": {"type": "string"},
    "written_by": {"type": "string"}, "written_dt": CONTRACT.formats.moment_schema,
}
SCHEMA: Schema = {
    "type": "object", "title": "ArticleVersion", "required": list(PROPERTIES), "properties": PROPERTIES}
ONE = object_sample(VERSION_FIELDS, samples.VERSION, SCHEMA, CONTRACT.formats, writing=False)
SENT = ExampleBody(
    {
        "title": "ArticleVersionInput", "type": "object", "additionalProperties": False, "required": ["version"],
        "properties": {"version": {"type": "integer", "minimum": 1, "maximum": article_texts.LARGEST}},
    },
    {"version": 1},
)


def versions(actor: Actor, arguments: Arguments) -> Outcome:
    """The texts that an article had before, the newest first: up to a thousand, with four million characters."""
    record = articles.LISTING.read(actor, key_of(ARTICLES, arguments.key))
    show = row_shower(VERSION_FIELDS, CONTRACT.formats)
    return Outcome([show(one) for one in article_texts.newest(record)])


def restore_version(actor: Actor, arguments: Arguments) -> Outcome:
    """Give the article a text that it had before; the present one is kept as a version."""
    own, article = locked(ARTICLES, actor, arguments)
    problems: Problems = {}
    sent: dict[str, Any] = beside_id(arguments)
    taken = take_object(NUMBER, sent, "", problems)
    wanted = inputs.parse(WantedVersion, taken, problems=problems)
    article_texts.bring_back(own, article, wanted.version)
    return changed(ARTICLES, actor, article.id)


CONTRACT.operations += [
    operation(
        ARTICLES, "versions", "GET", "/{key}/versions", versions, positional=("id",),
        summary="List the texts that an article had before",
        described=Description(answer=ExampleBody({"type": "array", "items": SCHEMA}, [ONE])),
    ),
    operation(
        ARTICLES, "restore_version", "POST", "/{key}/restore_version", restore_version, takes_body=True,
        positional=("id", *NUMBER), summary="Give an article a text that it had before", lasting=True,
        described=Description(body=SENT),
    ),
]
