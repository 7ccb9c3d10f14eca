"""Adds the second factor of the dashboard's users: an authenticator app, recovery codes, and sessions that wait for it.

Revision ID: 0068
Revises: 0067
"""

import sqlalchemy as sa
from alembic import op

revision = "0068"
down_revision = "0067"
branch_labels = None
depends_on = None


def upgrade(bind_name: str) -> None:
    if bind_name != "default":
        return
    op.add_column("users", sa.Column("totp_secret", sa.String(length=255), nullable=True))
    op.add_column("users", sa.Column("totp_step", sa.Integer(), nullable=True))
    op.add_column("users", sa.Column("two_factor_at", sa.DateTime(), nullable=True))
    op.create_table(
        "user_recovery_codes",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("user_id", sa.Integer(), nullable=False),
        sa.Column("digest", sa.String(length=64), nullable=False),
        sa.Column("used_at", sa.DateTime(), nullable=True),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name="fk_user_recovery_codes_user_id_users"),
        sa.PrimaryKeyConstraint("id", name="pk_user_recovery_codes"),
        sa.UniqueConstraint("digest", name="uq_user_recovery_codes_digest"),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_user_recovery_codes_user_id", "user_recovery_codes", ["user_id"])
    op.add_column("user_sessions", sa.Column("needs_code", sa.Boolean(), nullable=False, server_default=sa.false()))
    if op.get_bind().dialect.name == "postgresql":          # SQLite would have to copy the table for it
        op.alter_column("user_sessions", "needs_code", server_default=None)


def downgrade(bind_name: str) -> None:
    """Sessions that wait for a second factor end: the program before this asks for none."""
    if bind_name != "default":
        return
    op.execute("DELETE FROM user_sessions WHERE needs_code")
    op.drop_column("user_sessions", "needs_code")
    op.drop_table("user_recovery_codes")
    for name in ("two_factor_at", "totp_step", "totp_secret"):
        op.drop_column("users", name)
