"""Manages the articles of the knowledge base, which are written in Markdown, as drafts first or published at once."""

from collections.abc import Mapping
from typing import Annotated, Any

from database import db
from domain import clock, usage
from domain.actor import Actor
from domain.copies import copy_of, copying
from domain.errors import Conflict, Invalid, Mistakes
from domain.inputs import Choice, Input, Maybe, OrAbsent, RowId, Title
from domain.list_parts import Filter, common_filters
from domain.markdown import Markdown
from domain.resource import Action, Resource, deletion
from domain.support.knowledge import article_categories, article_slugs, samples
from domain.support.knowledge.article_slugs import Slug
from domain.support.knowledge.article_texts import LIFE, write
from domain.usage import Use
from domain.word_listing import WordListing
from models.article import Article, ArticleCategory, ArticleStatus
from models.merchant import Merchant

Status = Annotated[ArticleStatus, Choice(ArticleStatus)]


class ArticleInput(Input):
    """An article as callers may write it. Without a slug it gets one from its title."""

    category_id: Maybe[RowId] = None
    title: Title
    content: Markdown
    slug: OrAbsent[Slug] = None
    status: OrAbsent[Status] = None


COLUMNS = (
    "id", "merchant_id", "test", "category_id", "slug", "title", "content", "status", "published_at", "views", "helped",
    "not_helped", "text_number", "written_by", "written_at", "created_at", "updated_at", "version",
)
SHOWN = {**{name: getattr(Article, name) for name in COLUMNS}, "category_name": ArticleCategory.name}
JOINS = ((ArticleCategory, ArticleCategory.id == Article.category_id),)

LISTING = WordListing(
    model=Article,
    noun="article",
    columns=SHOWN,
    joins=JOINS,
    sort={
        "created_at": Article.created_at, "updated_at": Article.updated_at, "id": Article.id,
        "title": Article.title_sort, "views": Article.views, "helped": Article.helped,
        "not_helped": Article.not_helped,
    },
    filters={
        **common_filters(Article),
        "status": Filter(ArticleStatus, lambda bound: Article.status == bound),
        "category_id": Filter(int, lambda bound: Article.category_id == bound),
        "category_ids": Filter(list, lambda bound: Article.category_id.in_(bound)),
        "slug": Filter(str, lambda bound: Article.slug == bound, article_slugs.folded),
    },
    search=(Article.search_text,),
)


def create(actor: Actor, new: ArticleInput) -> Article:
    """A new article, a draft unless it says otherwise. Invalid names all that is wrong."""
    article = Article(**actor.ownership(), status=ArticleStatus.DRAFT)
    mistakes = Mistakes()
    with mistakes.collected():
        _set_category(actor, article, new.category_id)
    with mistakes.collected():
        article.slug = article_slugs.chosen(article, new.slug) if new.slug else article_slugs.fresh(article, new.title)
    mistakes.refuse()
    write(actor, article, new.title, new.content)
    _set_status(article, new.status or ArticleStatus.DRAFT)
    LIFE.add(actor, article)
    return article


def update(actor: Actor, article: Article, changes: dict[str, Any]) -> Article:
    """Change what was sent. The text of before is kept when title or content change."""
    mistakes = Mistakes()
    with LIFE.changing(actor, article):
        with mistakes.collected():
            if "category_id" in changes:
                _set_category(actor, article, changes["category_id"])
        with mistakes.collected():
            if changes.get("slug") is not None:
                article.slug = article_slugs.chosen(article, changes["slug"])
        mistakes.refuse()
        write(actor, article, changes.get("title", article.title), changes.get("content", article.content))
        if changes.get("status") is not None:
            _set_status(article, changes["status"])
    return article


def copy(there: Actor, article: Article) -> Article:
    """The same article in the other world, as a draft, with its category; Conflict when its address is taken there."""
    made: Article = copy_of(
        article, category_id=article_categories.counterpart(there, article.category), status=ArticleStatus.DRAFT,
        published_at=None, views=0, helped=0, not_helped=0, text_number=1, written_by=there.label,
        written_at=clock.now(),
    )
    made.slug = article_slugs.chosen(made, article.slug)
    LIFE.add(there, made)
    return made


def publish(actor: Actor, article: Article) -> Article:
    """Show the article to customers; Conflict when it is shown already."""
    return _moved(actor, article, ArticleStatus.PUBLISHED, "published", "This article is published already.")


def withdraw(actor: Actor, article: Article) -> Article:
    """Show the article to nobody but staff; it is a draft again."""
    return _moved(actor, article, ArticleStatus.DRAFT, "withdrawn", "This article is not published.")


def delete(actor: Actor, article: Article) -> None:
    """Mark the article as deleted; its slug is free again."""
    LIFE.remove(actor, article)


def restore(actor: Actor, article: Article, was: Mapping[str, Any] | None = None) -> Article:
    """Undo of `delete`; Conflict when its slug was taken meanwhile, or its category is gone."""
    article_slugs.chosen(article, article.slug)
    category = db.session.get(ArticleCategory, article.category_id) if article.category_id else None
    if category is not None and category.deleted_at is not None:
        raise Conflict("The category of this article was deleted.")
    with LIFE.restoring(actor, article):
        pass
    return article


def _moved(actor: Actor, article: Article, status: ArticleStatus, verb: str, otherwise: str) -> Article:
    if article.status is status:
        raise Conflict(otherwise)
    with LIFE.changing(actor, article, verb):
        _set_status(article, status)
    return article


def _put_status_back(actor: Actor, article: Article, was: Mapping[str, Any]) -> Article:
    """Undo of `publish` and `withdraw`."""
    try:
        status = ArticleStatus(str(was.get("status")))
    except ValueError:
        raise Invalid("This cannot be undone.") from None
    return update(actor, article, {"status": status})


def _set_status(article: Article, status: ArticleStatus) -> None:
    article.status = status
    if status is ArticleStatus.PUBLISHED:
        article.published_at = article.published_at or clock.now()


def _set_category(actor: Actor, article: Article, key: int | None) -> None:
    article_categories.LISTING.refer(actor, "category_id", key)
    article.category_id = key


usage.register(Merchant, Use("article", "articles", lambda row: usage.rows(Article, merchant_id=row.id)))

RESOURCE = Resource(
    name="articles",
    noun="article",
    listing=LISTING,
    read_scope="READ_TICKETS",
    write_scope="WRITE_SUPPORT",
    input=ArticleInput,
    sample=samples.ARTICLE,
    create=create,
    update=update,
    actions={
        "publish": Action(
            run=publish, title="Publish", past="{} was published.", icon="world", bulk=True, primary=True,
            undo=_put_status_back, keeps=("status",),
            offered=lambda actor, row: row.status == ArticleStatus.DRAFT,
        ),
        "withdraw": Action(
            run=withdraw, title="Withdraw", past="{} was withdrawn.", icon="eye-off", bulk=True,
            undo=_put_status_back, keeps=("status",),
            offered=lambda actor, row: row.status == ArticleStatus.PUBLISHED,
        ),
    } | copying(copy, to_live=True),
    delete=deletion(delete, undo=restore, bulk=True),
)
