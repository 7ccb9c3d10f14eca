"""PostgreSQL puts no entries of the index of articles' words off: every search would read them.

Revision ID: 0051
Revises: 0050
"""

from alembic import op

revision = "0051"
down_revision = "0050"
branch_labels = None
depends_on = None


def upgrade(bind_name: str) -> None:
    if bind_name == "default" and op.get_bind().dialect.name == "postgresql":
        op.execute("ALTER INDEX ix_articles_search_grams SET (fastupdate = off)")


def downgrade(bind_name: str) -> None:
    if bind_name == "default" and op.get_bind().dialect.name == "postgresql":
        op.execute("ALTER INDEX ix_articles_search_grams RESET (fastupdate)")
