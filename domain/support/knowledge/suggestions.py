"""Suggests articles that may answer a question, while it is being written."""

import re
from collections.abc import Sequence

from sqlalchemy import select

from database import db, word_index
from database.searching import fold
from domain.actor import Actor
from domain.pages import Query, Record
from domain.support.knowledge.knowledge_base import LISTING
from models.article import Article

MOST = 5                                # suggestions
MOST_WORDS = 5                          # of a question that are looked for
READ = 2_000                            # characters of a question
SHORTEST = 4                            # characters of a word that says what is asked
WORDS = re.compile(r"[^\W_]+")
# What is asked about hardly ever.
COMMON = frozenset("""
    about been cannot could does dont from have hello help here into just like need please really since some
    thank thanks that their them then there they this want were what when where which will with would your
""".split())  # noqa: SIM905 (a list would be forty lines)


def suggest(actor: Actor, question: str, limit: int = MOST) -> list[Record]:
    """Published articles whose title has words of the question, those with most of them first; then some whose text
    has its longest words."""
    stems = stems_of(question)
    if not stems:
        return []
    keys = _by_title(actor, stems, limit)
    if len(keys) < limit:
        keys += [key for key in _by_text(actor, stems[:2], limit) if key not in keys]
    keys = keys[:limit]
    rows = {row.id: row for row in LISTING.page(actor, Query(filters={"id": keys}, sort="id", limit=limit)).records}
    return [rows[key] for key in keys if key in rows]


def stems_of(question: str) -> tuple[str, ...]:
    """The longest words of a question without their last letters, which differ: invoi for invoice and invoices."""
    found = dict.fromkeys(
        word for word in WORDS.findall(fold(question.replace("\x00", " ")[:READ]))
        if len(word) >= SHORTEST and word not in COMMON)
    longest = sorted(found, key=len, reverse=True)[:MOST_WORDS]
    return tuple(dict.fromkeys(_stem(word)[:word_index.LONGEST_WORD] for word in longest))


def _stem(word: str) -> str:
    return word[:-2] if len(word) > 6 else word[:-1] if len(word) > SHORTEST else word


def _by_title(actor: Actor, stems: Sequence[str], limit: int) -> list[int]:
    clauses, values = LISTING.owned(actor)
    hits = word_index.hits(Article.title_sort, stems).label("hits")
    found = select(Article.id, hits).where(*clauses).order_by(hits.desc(), Article.views.desc(), Article.id.desc())
    rows = db.session.execute(found.limit(limit), values | word_index.values(stems))
    return [row.id for row in rows if row.hits]


def _by_text(actor: Actor, stems: Sequence[str], limit: int) -> list[int]:
    clauses, values = LISTING.owned(actor)
    found = select(Article.id).where(*clauses, *word_index.clauses(Article, stems))
    return list(db.session.scalars(
        found.order_by(Article.views.desc(), Article.id.desc()).limit(limit), values | word_index.values(stems)))
