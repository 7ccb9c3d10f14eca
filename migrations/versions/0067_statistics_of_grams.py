"""Keeps no statistics about the trigrams of articles on PostgreSQL.

The planner does not know that reading the trigrams of a row costs more than the row. With statistics it chose to read
those of every article for a word that many have; without them it always asks the index.

Revision ID: 0067
Revises: 0066
"""

from alembic import op

revision = "0067"
down_revision = "0066"
branch_labels = None
depends_on = None


def upgrade(bind_name: str) -> None:
    if bind_name == "default" and op.get_bind().dialect.name == "postgresql":
        op.execute("ALTER TABLE articles ALTER COLUMN search_grams SET STATISTICS 0")
        op.execute("ALTER TABLE articles ALTER COLUMN search_grams TYPE tsvector")       # forgets those of before


def downgrade(bind_name: str) -> None:
    if bind_name == "default" and op.get_bind().dialect.name == "postgresql":
        op.execute("ALTER TABLE articles ALTER COLUMN search_grams SET STATISTICS -1")
