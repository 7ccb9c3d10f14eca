"""An index of articles with all that a search needs to put what it found in order.

Revision ID: 0046
Revises: 0045
"""

import sqlalchemy as sa
from alembic import op

revision = "0046"
down_revision = "0045"
branch_labels = None
depends_on = None

BEFORE = ["merchant_id", "test", "status", "views", "id"]


def upgrade(bind_name: str) -> None:
    if bind_name == "default":
        change("ix_articles_merchant_id_test_status_views_id", "ix_articles_search", [*BEFORE, "title_sort", "category_id"])


def downgrade(bind_name: str) -> None:
    if bind_name == "default":
        change("ix_articles_search", "ix_articles_merchant_id_test_status_views_id", BEFORE)


def change(old: str, new: str, columns: list[str]) -> None:
    kept = sa.text("deleted_at IS NULL")
    op.drop_index(old, "articles")
    op.create_index(new, "articles", columns, sqlite_where=kept, postgresql_where=kept)
