"""Writes the texts of articles: each change of title or content keeps the text of before as a version."""

from collections.abc import Sequence
from typing import Annotated, Any

from sqlalchemy import Select, func, select
from sqlalchemy.orm import defer

from database import db
from domain import audit, clock, markdown
from domain.actor import Actor
from domain.errors import Conflict, NotFound
from domain.inputs import Whole
from domain.lifecycle import Lifecycle
from models.article import Article, ArticleVersion

LARGEST = 2**31 - 1                                     # number of a version
MOST_VERSIONS = 1000                                    # of an answer
MOST_TOGETHER = 4_000_000                               # characters of their contents
VersionNumber = Annotated[int, Whole(1, LARGEST)]
TEXTS = ("content", "plain_text", "search_grams")       # what versions keep, and the trail of changes need not


def _snapshot(article: Article) -> dict[str, Any]:
    """An article for the audit trail: its text by the number of its version."""
    return {name: value for name, value in audit.snapshot(article).items() if name not in TEXTS}


LIFE = Lifecycle(noun="article", snapshot=_snapshot)


def write(actor: Actor, article: Article, title: str, content: str) -> None:
    """Give the article this text; a text that it had before becomes a version."""
    if article.id is not None:
        if (title, content) == (article.title, article.content):
            return
        db.session.add(ArticleVersion(
            merchant_id=article.merchant_id, test=article.test, article_id=article.id, number=article.text_number,
            title=article.title, content=article.content, written_by=article.written_by,
            created_at=article.written_at,
        ))
        article.text_number += 1
    if content != article.content:
        article.content, article.plain_text = content, markdown.plain(content)
    article.title, article.written_by, article.written_at = title, actor.label, clock.now()


def earlier(article: Any, limit: int, offset: int) -> Sequence[ArticleVersion]:
    """Some of the texts that an article of the actor had before, the newest first, without their contents."""
    found = _versions(article).options(defer(ArticleVersion.content, raiseload=True))
    return db.session.scalars(found.limit(limit).offset(offset)).all()


def newest(article: Any) -> Sequence[ArticleVersion]:
    """The newest texts that an article of the actor had before: as many as have MOST_TOGETHER characters."""
    sizes = db.session.execute(_versions(article).with_only_columns(
        ArticleVersion.number, func.length(ArticleVersion.content)).limit(MOST_VERSIONS)).all()
    room, least = MOST_TOGETHER, LARGEST
    for number, size in sizes:
        room -= size
        if room < 0:
            break
        least = number
    return db.session.scalars(_versions(article).where(ArticleVersion.number >= least).limit(MOST_VERSIONS)).all()


def _versions(article: Any) -> Select[Any]:
    of_article = select(ArticleVersion).where(ArticleVersion.article_id == article.id)
    return of_article.order_by(ArticleVersion.number.desc())


def version(article: Any, number: int) -> ArticleVersion:
    """One of them; raises NotFound."""
    found = db.session.scalar(select(ArticleVersion).where(
        ArticleVersion.article_id == article.id, ArticleVersion.number == number)) if 0 < number <= LARGEST else None
    if found is None:
        raise NotFound("version", number)
    return found


def bring_back(actor: Actor, article: Article, number: int) -> Article:
    """Give a locked article a text that it had before; the present one is kept. Conflict if they are equal."""
    old = version(article, number)
    if (old.title, old.content) == (article.title, article.content):
        raise Conflict("The article has this text already.")
    with LIFE.changing(actor, article, "text_restored"):
        write(actor, article, old.title, old.content)
    return article
