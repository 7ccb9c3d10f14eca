"""The knowledge base as customers read it: published articles, searched, viewed, and said to have helped or not.

Every actor reads it: a customer that of the own merchant, staff that of the merchant they act for.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import select, true, update

from database import db, word_index
from domain import clock, highlights
from domain.actor import Actor
from domain.errors import Conflict, NotFound
from domain.highlights import Parts
from domain.list_parts import Filter
from domain.pages import Query, Record
from domain.support.knowledge import article_ranking
from domain.support.knowledge.article_slugs import folded
from domain.support.knowledge.articles import JOINS, SHOWN
from domain.word_listing import WordListing
from models.article import Article, ArticleCategory, ArticleStatus, ArticleVote

MOST = 50                               # articles of an answer
FOR_STAFF = ("written_by", "written_at", "text_number", "helped", "not_helped", "status")

LISTING = WordListing(
    model=Article,
    noun="article",
    columns={name: column for name, column in SHOWN.items() if name not in FOR_STAFF} | {
        "plain_text": Article.plain_text},
    joins=JOINS,
    sort={"views": Article.views, "title": Article.title_sort, "id": Article.id},
    filters={
        "id": Filter(list, lambda bound: Article.id.in_(bound)),
        "category_id": Filter(int, lambda bound: Article.category_id == bound),
        "slug": Filter(str, lambda bound: Article.slug == bound, folded),
    },
    search=(Article.search_text,),
    customer=lambda bound: true(),
    where=(Article.status == ArticleStatus.PUBLISHED,),
)


@dataclass(frozen=True, slots=True)
class Found:
    """An article that a search found, with its title and a part of its text, hits marked."""

    article: Record
    title: Parts
    text: Parts


def most_read(actor: Actor, *, category_id: int | None = None, limit: int = MOST) -> Sequence[Record]:
    """Published articles, the most viewed first."""
    filters = {} if category_id is None else {"category_id": category_id}
    return LISTING.page(actor, Query(filters=filters, sort="views", limit=limit)).records


def search(
    actor: Actor, text: str, *, category_id: int | None = None, limit: int = MOST,
) -> Sequence[Record]:
    """Published articles that have all words of the text, those with most of them in the title first.

    Without a word they are the most viewed ones.
    """
    words = word_index.words_of(text)
    if not words:
        return most_read(actor, category_id=category_id, limit=limit)
    clauses, values = LISTING.owned(actor)
    if category_id is not None:
        clauses.append(Article.category_id == category_id)
    keys = article_ranking.best(clauses, values, words, limit)
    rows = {row.id: row for row in LISTING.page(actor, Query(filters={"id": keys}, sort="id", limit=limit)).records}
    return [rows[key] for key in keys if key in rows]


def shown(records: Sequence[Record], text: str) -> list[Found]:
    """Articles with the words of a search marked."""
    words = word_index.words_of(text)
    return [
        Found(one, highlights.marked(one.title, words), highlights.excerpt(one.plain_text, words)) for one in records]


def by_slug(actor: Actor, slug: str) -> Record:
    """The published article with this slug; raises NotFound."""
    found = LISTING.page(actor, Query(filters={"slug": slug}, sort="id", limit=1)).records
    if not found or found[0].slug != slug:
        raise NotFound("article", slug)
    return found[0]


def categories(actor: Actor) -> Sequence[Any]:
    """The categories that have published articles, by name: id, name, description."""
    clauses, values = LISTING.owned(actor)
    used = select(Article.category_id).where(*clauses, Article.category_id.is_not(None))
    return db.session.execute(
        select(ArticleCategory.id, ArticleCategory.name, ArticleCategory.description)
        .where(ArticleCategory.id.in_(used)).order_by(ArticleCategory.name_sort, ArticleCategory.id), values,
    ).all()


def count_view(actor: Actor, key: int) -> None:
    """Count that an article was read. This is no change of the article: its version and time stay."""
    clauses, values = LISTING.owned(actor)
    db.session.execute(
        update(Article).where(Article.id == key, *clauses).values(views=Article.views + 1)
        .execution_options(synchronize_session=False), values)


def said(actor: Actor, article: Record) -> bool | None:
    """Whether the article helped the customer; None where the customer has not said."""
    return db.session.scalar(select(ArticleVote.helped).where(
        ArticleVote.article_id == article.id, ArticleVote.customer_id == actor.customer_id))


def say(actor: Actor, key: int, *, helped: bool) -> None:
    """Store whether an article helped the customer; a later answer replaces the one before."""
    if actor.customer_id is None:
        raise Conflict("Only a customer says whether an article helped.")
    _, article = LISTING.lock(actor, key)
    vote = db.session.scalar(select(ArticleVote).where(
        ArticleVote.article_id == article.id, ArticleVote.customer_id == actor.customer_id))
    if vote is None:
        vote = ArticleVote(
            merchant_id=article.merchant_id, test=article.test, article_id=article.id, customer_id=actor.customer_id,
            created_at=clock.now())
        db.session.add(vote)
    elif vote.helped is helped:
        return
    elif vote.helped:
        article.helped -= 1
    else:
        article.not_helped -= 1
    vote.helped = helped
    if helped:
        article.helped += 1
    else:
        article.not_helped += 1
