"""Migration 0067: PostgreSQL forgets what it knew about the trigrams of articles, and gathers it no more."""

from typing import Any

import pytest
import sqlalchemy as sa
from flask_migrate import downgrade, upgrade

from database import db
from domain.support.knowledge import knowledge_base
from tests import cast
from tests.articles import make_article
from tests.ticketed import customer_actor

pytestmark = pytest.mark.files
KNOWN = "SELECT count(*) FROM pg_stats WHERE tablename = 'articles' AND attname = 'search_grams'"


def analyzed() -> int:
    """How many columns of trigrams the planner knows something of, after it has looked at the table."""
    with db.engine.execution_options(isolation_level="AUTOCOMMIT").connect() as connection:
        connection.execute(sa.text("ANALYZE articles"))
        return connection.scalar(sa.text(KNOWN)) or 0


@pytest.fixture
def before(installation: Any) -> Any:
    """A function that takes an installation back to the version before, with the rows that were made until then."""
    with installation.app.app_context():
        yield lambda: (db.session.rollback(), downgrade(revision="0066"))
        db.session.rollback()


def test_articles_are_found_as_before_and_nothing_is_known_of_their_trigrams(before: Any) -> None:
    alder = cast.make_merchant("Alder")
    for number in range(20):
        make_article(alder, f"Otters {number}")
    ada = customer_actor(alder, cast.make_customer(alder))
    before()
    is_postgresql = db.engine.dialect.name == "postgresql"
    assert not is_postgresql or analyzed() == 1
    upgrade()
    assert len(knowledge_base.search(ada, "otters")) == 20
    if is_postgresql:
        with db.engine.connect() as connection:
            assert connection.scalar(sa.text(KNOWN)) == 0
        assert analyzed() == 0
