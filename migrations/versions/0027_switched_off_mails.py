"""Kinds of mail that a merchant has switched off.

Revision ID: 0027
Revises: 0026
"""

import sqlalchemy as sa
from alembic import op

revision = "0027"
down_revision = "0026"
branch_labels = None
depends_on = None


def upgrade(bind_name: str) -> None:
    if bind_name != "default":
        return
    op.add_column("merchants", sa.Column("mails_off", sa.JSON(), nullable=False, server_default="[]"))
    if op.get_bind().dialect.name == "postgresql":          # SQLite would have to copy the table for it
        op.alter_column("merchants", "mails_off", server_default=None)


def downgrade(bind_name: str) -> None:
    if bind_name != "default":
        return
    op.drop_column("merchants", "mails_off")
