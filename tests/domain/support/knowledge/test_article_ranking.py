"""A search of articles looks at the texts of a bounded number of them, however many have its words."""

from typing import Any

import pytest
from sqlalchemy import event

from database import db, transaction
from domain.support.knowledge import article_ranking, knowledge_base
from models.article import Article
from tests import cast
from tests.articles import make_article
from tests.ticketed import customer_actor


@pytest.fixture
def ada(alder: int) -> Any:
    return customer_actor(alder, cast.make_customer(alder))


@pytest.fixture(autouse=True)
def few(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(article_ranking, "MANY", 6)
    monkeypatch.setattr(article_ranking, "READ", 3)


def make(merchant_id: int, count: int, content: str = "Common words") -> None:
    """Articles of which each is viewed less often than the one before."""
    for number in range(count):
        key = make_article(merchant_id, f"Article {number}", content)
        with transaction() as session:
            session.get_one(Article, key).views = 100 - number


def found(who: Any, text: str, limit: int) -> list[str]:
    return [one.title for one in knowledge_base.search(who, text, limit=limit)]


def test_where_many_articles_have_a_word_the_most_viewed_are_ranked(alder: int, ada: Any) -> None:
    make(alder, 12)
    make_article(alder, "Common", "Viewed by nobody")
    assert found(ada, "common", 3) == ["Article 0", "Article 1", "Article 2"]
    assert found(ada, "words common", 6) == [f"Article {number}" for number in range(6)]
    assert found(ada, "mm wo", 2) == ["Article 0", "Article 1"]


def test_all_are_ranked_where_the_most_viewed_are_not_enough(alder: int, ada: Any) -> None:
    make(alder, 12)
    make_article(alder, "Common", "Viewed by nobody")
    assert found(ada, "common", 8) == ["Common", *(f"Article {number}" for number in range(7))]


def test_a_word_that_few_have_is_found_wherever_it_stands(alder: int, ada: Any) -> None:
    make(alder, 12)
    make_article(alder, "Otter", "Viewed by nobody, qz")
    make_article(alder, "Other", "An otter")
    assert found(ada, "otter", 2) == ["Otter", "Other"]
    assert found(ada, "qz", 3) == found(ada, "nobody qz", 3) == ["Otter"]


def test_hits_in_the_titles_of_the_most_viewed_come_first(alder: int, ada: Any) -> None:
    make(alder, 12)
    key = make_article(alder, "Common", "Often viewed")
    with transaction() as session:
        session.get_one(Article, key).views = 97
    assert found(ada, "common", 2) == ["Common", "Article 0"]


def test_texts_are_read_only_until_enough_have_the_words(
    alder: int, ada: Any, monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(article_ranking, "MANY", 20)
    make(alder, 30)
    read: list[int] = []

    def note(connection: Any, cursor: Any, statement: str, values: Any, *_: Any) -> None:
        if "search_text LIKE" in statement:
            read.append(statement.count("IN ("))

    event.listen(db.engine, "before_cursor_execute", note)
    try:
        assert len(found(ada, "common", 5)) == 5
    finally:
        event.remove(db.engine, "before_cursor_execute", note)
    assert read == [1, 1]                               # twice three texts, each time of articles named by their ids


def test_sqlite_matches_the_words_once_and_not_for_each_article(alder: int, ada: Any) -> None:
    if db.engine.dialect.name != "sqlite":
        pytest.skip("PostgreSQL is asked by itself, see word_index.matches")
    make(alder, 3)
    plans: list[list[str]] = []

    def explain(connection: Any, cursor: Any, statement: str, values: Any, *_: Any) -> None:
        if "MATCH" in statement and not statement.startswith("EXPLAIN"):
            plans.append([row[3] for row in cursor.execute(f"EXPLAIN QUERY PLAN {statement}", values).fetchall()])

    event.listen(db.engine, "before_cursor_execute", explain)
    try:
        assert found(ada, "common", 2) == ["Article 0", "Article 1"]
    finally:
        event.remove(db.engine, "before_cursor_execute", explain)
    steps = [step for plan in plans for step in plan if "articles_words" in step]
    assert steps
    assert not [step for step in steps if "0:=" in step]            # the index is asked for one row after the other


def test_articles_of_other_merchants_do_not_count(alder: int, birch: int, ada: Any) -> None:
    make(birch, 12)
    make(alder, 2)
    assert found(ada, "common", 3) == ["Article 0", "Article 1"]
    make(alder, 12, "Nothing of it")
    make_article(alder, "Common", "Viewed by nobody")
    assert found(ada, "common", 3) == ["Common", "Article 0", "Article 1"]
