"""Finds the articles of the knowledge base that have all words of a search, the best of them first.

Those with most of the words in the title come first, then the most viewed. Where very many articles have the words,
only the most viewed ones are looked at, so that a search for what stands everywhere costs no more than another.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from sqlalchemy import ColumnElement, func, select
from sqlalchemy.sql.util import ClauseAdapter

from database import db, word_index
from database.searching import like
from models.article import Article

MANY = 2_000                            # articles that are ranked, or whose texts are read, where more have the words
READ = 200                              # texts that are read at once

COLUMNS = (
    Article.id, Article.merchant_id, Article.test, Article.deleted_at, Article.status, Article.category_id,
    Article.views, Article.title_sort, Article.search_text,
)

Clauses = Sequence[ColumnElement[bool]]


def best(clauses: Clauses, values: Mapping[str, Any], words: Sequence[str], limit: int) -> list[int]:
    """The ids of the best articles among those that meet the clauses and have all the words."""
    values = {**values, **word_index.values(words)}
    if _may_be_many(clauses, values, words):
        seen = _most_viewed(clauses, values, words)
        keys = _first(_exact(seen, words, values), limit)
        if len(keys) == limit or len(seen) < MANY:
            return keys
    return _of_all(clauses, values, words, limit)


def _may_be_many(clauses: Clauses, values: dict[str, Any], words: Sequence[str]) -> bool:
    """Whether more than `MANY` articles have the words, as far as the index of words can say."""
    matches = word_index.matches(Article, words, COLUMNS)
    if matches is None:
        return True
    some = select(matches.c.id).where(*_of(matches, clauses)).limit(MANY + 1).subquery()
    return (db.session.scalar(select(func.count()).select_from(some), values) or 0) > MANY


def _most_viewed(clauses: Clauses, values: dict[str, Any], words: Sequence[str]) -> list[int]:
    """The ids of the most viewed articles, in the order in which they would be shown."""
    order = Article.views.desc(), Article.id.desc()
    seen = select(Article.id, Article.views, Article.title_sort).where(*clauses).order_by(*order).limit(MANY).subquery()
    hits = word_index.hits(seen.c.title_sort, words)
    return list(db.session.scalars(
        select(seen.c.id).order_by(hits.desc(), seen.c.views.desc(), seen.c.id.desc()), values))


def _exact(keys: Sequence[int], words: Sequence[str], values: dict[str, Any]) -> Iterator[int]:
    """Those of the articles whose texts have all the words, in the same order; texts are read as they are needed."""
    for start in range(0, len(keys), READ):
        part = keys[start:start + READ]
        # By itself: PostgreSQL would read all texts of a table of which it does not know how long it has become.
        some = select(Article.id, Article.search_text).where(Article.id.in_(part)).cte("read").prefix_with(
            "MATERIALIZED", dialect="postgresql")
        own = set(db.session.scalars(select(some.c.id).where(*_of(some, _has(range(len(words))))), values))
        yield from (key for key in part if key in own)


def _of_all(clauses: Clauses, values: dict[str, Any], words: Sequence[str], limit: int) -> list[int]:
    """The best of all articles, in order before long texts are read."""
    rough = _ordered(clauses, values, words, 2 * limit, rough=True)
    keys = rough[:limit] if word_index.is_exact() else _first(_exact(rough, words, values), limit)
    if len(keys) < limit and len(rough) == 2 * limit:       # hardly ever: most of them had the letters, not the words
        return _ordered(clauses, values, words, limit, rough=False)
    return keys


def _ordered(
    clauses: Clauses, values: dict[str, Any], words: Sequence[str], limit: int, *, rough: bool,
) -> list[int]:
    matches = word_index.matches(Article, words, COLUMNS) if rough and not word_index.is_exact() else None
    source: Any = Article.__table__ if matches is None else matches
    if matches is None:
        clauses = [*clauses, *word_index.clauses(Article, words, rough=rough)]
    else:
        short = [place for place, word in enumerate(words) if len(word) < word_index.GRAM]
        clauses = _of(matches, [*clauses, *_has(short)])
    order = word_index.hits(source.c.title_sort, words).desc(), source.c.views.desc(), source.c.id.desc()
    return list(db.session.scalars(select(source.c.id).where(*clauses).order_by(*order).limit(limit), values))


def _of(matches: Any, clauses: Clauses) -> list[ColumnElement[bool]]:
    """The same clauses of the columns of what the index found."""
    return [ClauseAdapter(matches).traverse(one) for one in clauses]


def _has(places: Iterable[int]) -> list[ColumnElement[bool]]:
    """The clauses of articles whose texts have the words at these positions."""
    text: Any = Article.search_text
    return [like(text, word_index.bound(place)) for place in places]


def _first(keys: Iterator[int], limit: int) -> list[int]:
    return [key for key, _ in zip(keys, range(limit), strict=False)]
