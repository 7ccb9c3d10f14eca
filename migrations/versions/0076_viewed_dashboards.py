"""Lets a session of an operator see the dashboard as another user.

Revision ID: 0076
Revises: 0075
"""

from alembic import op

revision = "0076"
down_revision = "0075"
branch_labels = None
depends_on = None
NAME = "fk_user_sessions_viewed_id_users"


def upgrade(bind_name: str) -> None:
    if bind_name == "default":
        op.execute(f"ALTER TABLE user_sessions ADD COLUMN viewed_id INTEGER CONSTRAINT {NAME} REFERENCES users (id)")


def downgrade(bind_name: str) -> None:
    """Sessions that look at another's dashboard end: the program before this cannot."""
    if bind_name != "default":
        return
    op.execute("DELETE FROM user_sessions WHERE viewed_id IS NOT NULL")
    op.drop_column("user_sessions", "viewed_id")
