"""Logos of merchants.

Revision ID: 0032
Revises: 0031
"""

import sqlalchemy as sa
from alembic import op

revision = "0032"
down_revision = "0031"
branch_labels = None
depends_on = None


def upgrade(bind_name: str) -> None:
    if bind_name != "default":
        return
    op.create_table(
        "logos",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("merchant_id", sa.Integer(), nullable=False),
        sa.Column("digest", sa.String(length=64), nullable=False),
        sa.Column("mime_type", sa.String(length=16), nullable=False),
        sa.Column("width", sa.Integer(), nullable=False),
        sa.Column("height", sa.Integer(), nullable=False),
        sa.Column("body", sa.LargeBinary(), nullable=False),
        sa.Column("created_at", sa.DateTime(), nullable=False),
        sa.Column("used_until", sa.DateTime(), nullable=True),
        sa.ForeignKeyConstraint(["merchant_id"], ["merchants.id"], name=op.f("fk_logos_merchant_id_merchants")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_logos")),
        sa.UniqueConstraint("merchant_id", "digest", name=op.f("uq_logos_merchant_id_digest")),
    )
    op.create_index(op.f("ix_logos_digest"), "logos", ["digest"])
    op.create_index(op.f("ix_logos_used_until"), "logos", ["used_until"])
    op.add_column("merchants", sa.Column("logo_digest", sa.String(length=64), nullable=True))


def downgrade(bind_name: str) -> None:
    if bind_name != "default":
        return
    op.drop_column("merchants", "logo_digest")
    op.drop_table("logos")
