"""Adds the history of sign-ins to the dashboard, with attempts.

Revision ID: 0069
Revises: 0068
"""

import sqlalchemy as sa
from alembic import op

revision = "0069"
down_revision = "0068"
branch_labels = None
depends_on = None


def upgrade(bind_name: str) -> None:
    if bind_name != "default":
        return
    op.create_table(
        "user_sign_ins",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("user_id", sa.Integer(), nullable=True),
        sa.Column("at", sa.DateTime(), nullable=False),
        sa.Column("means", sa.String(length=16), nullable=False),
        sa.Column("succeeded", sa.Boolean(), nullable=False),
        sa.Column("by_api", sa.Boolean(), nullable=False),
        sa.Column("ip", sa.String(length=64), nullable=True),
        sa.Column("user_agent", sa.String(length=300), nullable=False),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name="fk_user_sign_ins_user_id_users"),
        sa.PrimaryKeyConstraint("id", name="pk_user_sign_ins"),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_user_sign_ins_at", "user_sign_ins", ["at"])
    op.create_index("ix_user_sign_ins_user_id", "user_sign_ins", ["user_id", "id"])


def downgrade(bind_name: str) -> None:
    if bind_name == "default":
        op.drop_table("user_sign_ins")
