"""Manages the categories of articles."""

from collections.abc import Mapping
from typing import Annotated, Any

from sqlalchemy import func, select

from database import db
from domain import usage
from domain.actor import Actor
from domain.copies import copy_of
from domain.inputs import Input, Maybe, NameText, Text
from domain.lifecycle import Lifecycle
from domain.list_parts import common_filters
from domain.listing import Listing
from domain.resource import Resource, Sample, deletion
from domain.usage import Use
from models.article import Article, ArticleCategory

LIFE = Lifecycle(noun="article_category")


class CategoryInput(Input):
    """A category as callers may write it."""

    name: Annotated[str, NameText(100, 1)]
    description: Maybe[Annotated[str, Text(500)]] = None


ARTICLES = (
    select(func.count()).where(Article.category_id == ArticleCategory.id, Article.deleted_at.is_(None))
    .correlate(ArticleCategory).scalar_subquery()
)

LISTING = Listing(
    model=ArticleCategory,
    noun="article category",
    columns={
        **{
            name: getattr(ArticleCategory, name)
            for name in ("id", "merchant_id", "test", "name", "description", "created_at", "updated_at", "version")
        },
        "articles": ARTICLES,
    },
    sort={
        "name": ArticleCategory.name_sort, "created_at": ArticleCategory.created_at,
        "updated_at": ArticleCategory.updated_at, "id": ArticleCategory.id,
    },
    filters=common_filters(ArticleCategory),
    search=(ArticleCategory.search_text,),
)


def create(actor: Actor, new: CategoryInput) -> ArticleCategory:
    """A new category."""
    category = ArticleCategory(**actor.ownership(), name=new.name, description=new.description)
    LIFE.add(actor, category)
    return category


def update(actor: Actor, category: ArticleCategory, changes: dict[str, Any]) -> ArticleCategory:
    """Change what was sent."""
    with LIFE.changing(actor, category):
        for name, value in changes.items():
            setattr(category, name, value)
    return category


def delete(actor: Actor, category: ArticleCategory) -> None:
    """Mark the category as deleted; Conflict while articles are in it."""
    usage.refuse("article category", category, "Move them into another one first.")
    LIFE.remove(actor, category)


def restore(actor: Actor, category: ArticleCategory, was: Mapping[str, Any] | None = None) -> ArticleCategory:
    """Undo of `delete`."""
    with LIFE.restoring(actor, category):
        pass
    return category


def counterpart(there: Actor, category: ArticleCategory | None) -> int | None:
    """The category of the same name in the other world, made there if it is missing; None for none."""
    if category is None:
        return None
    found = db.session.scalar(
        select(ArticleCategory).where(
            ArticleCategory.merchant_id == category.merchant_id, ArticleCategory.test == there.test,
            ArticleCategory.deleted_at.is_(None), ArticleCategory.name == category.name,
        ).order_by(ArticleCategory.id).limit(1)
    )
    if found is None:
        found = copy_of(category)
        LIFE.add(there, found)
    return found.id


usage.register(ArticleCategory, Use(
    "article", "articles", lambda row: usage.rows(Article, category_id=row.id, deleted_at=None)))

RESOURCE = Resource(
    name="article_categories",
    noun="article category",
    listing=LISTING,
    read_scope="READ_TICKETS",
    write_scope="WRITE_SUPPORT",
    input=CategoryInput,
    sample=Sample(
        sent={"merchant_id": 1, "name": "Billing", "description": "Invoices, payments and refunds."},
        read_only={"articles": 3}, changed=("name",),
    ),
    create=create,
    update=update,
    delete=deletion(delete, undo=restore),
)
