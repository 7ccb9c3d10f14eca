"""What each user has read of the tickets.

Revision ID: 0047
Revises: 0046
"""

import sqlalchemy as sa
from alembic import op

revision = "0047"
down_revision = "0046"
branch_labels = None
depends_on = None


def upgrade(bind_name: str) -> None:
    if bind_name != "default":
        return
    op.create_table(
        "ticket_reads",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("user_id", sa.Integer(), nullable=False),
        sa.Column("ticket_id", sa.Integer(), nullable=False),
        sa.Column("read_at", sa.DateTime(), nullable=False),
        sa.ForeignKeyConstraint(["ticket_id"], ["tickets.id"], name="fk_ticket_reads_ticket_id_tickets"),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name="fk_ticket_reads_user_id_users"),
        sa.PrimaryKeyConstraint("id", name="pk_ticket_reads"),
        sa.UniqueConstraint("user_id", "ticket_id", name="uq_ticket_reads_user_id_ticket_id"),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_ticket_reads_ticket_id", "ticket_reads", ["ticket_id"])


def downgrade(bind_name: str) -> None:
    if bind_name == "default":
        op.drop_table("ticket_reads")
