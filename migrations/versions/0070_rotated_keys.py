"""Adds the secrets that keys had before they were rotated, and whether a key is paused.

Revision ID: 0070
Revises: 0069
"""

import sqlalchemy as sa
from alembic import op

revision = "0070"
down_revision = "0069"
branch_labels = None
depends_on = None


def upgrade(bind_name: str) -> None:
    if bind_name != "default":
        return
    op.add_column("credentials", sa.Column("paused", sa.Boolean(), nullable=False, server_default=sa.false()))
    op.create_table(
        "former_secrets",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("credential_id", sa.Integer(), nullable=False),
        sa.Column("public_id", sa.String(32), nullable=False),
        sa.Column("prefix", sa.String(16), nullable=False),
        sa.Column("last_four", sa.String(4), nullable=False),
        sa.Column("digest", sa.String(64), nullable=False),
        sa.Column("bcrypt_hash", sa.String(60), nullable=False),
        sa.Column("created_at", sa.DateTime(), nullable=False),
        sa.Column("expires_at", sa.DateTime(), nullable=False),
        sa.Column("used_at", sa.DateTime(), nullable=True),
        sa.ForeignKeyConstraint(
            ["credential_id"], ["credentials.id"], name=op.f("fk_former_secrets_credential_id_credentials")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_former_secrets")),
        sa.UniqueConstraint("public_id", name=op.f("uq_former_secrets_public_id")),
        sa.UniqueConstraint("digest", name=op.f("uq_former_secrets_digest")),
    )
    op.create_index(op.f("ix_former_secrets_credential_id"), "former_secrets", ["credential_id"])
    op.create_index(op.f("ix_former_secrets_expires_at"), "former_secrets", ["expires_at"])


def downgrade(bind_name: str) -> None:
    if bind_name == "default":
        op.drop_table("former_secrets")
        op.drop_column("credentials", "paused")
