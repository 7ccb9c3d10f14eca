"""Mails of tickets; merchants and departments have addresses for them.

Revision ID: 0039
Revises: 0038
"""

import sqlalchemy as sa
from alembic import op

revision = "0039"
down_revision = "0038"
branch_labels = None
depends_on = None

KINDS = ("created", "replied", "kept", "ignored", "answer", "confirmation", "notice")


def upgrade(bind_name: str) -> None:
    if bind_name != "default":
        return
    op.add_column("merchants", sa.Column("support_email", sa.String(length=254), nullable=True))
    op.add_column("departments", sa.Column("email", sa.String(length=254), nullable=True))
    op.create_table(
        "ticket_mails",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("kind", sa.Enum(*KINDS, name="mailkind", native_enum=False, length=16), nullable=False),
        sa.Column("ticket_id", sa.Integer(), nullable=True),
        sa.Column("reply_id", sa.Integer(), nullable=True),
        sa.Column("message_id", sa.String(length=255), nullable=False),
        sa.Column("same_as", sa.String(length=64), nullable=True),
        sa.Column("address", sa.String(length=254), nullable=False),
        sa.Column("address_key", sa.String(length=254), nullable=False),
        sa.Column("name", sa.String(length=200), nullable=False),
        sa.Column("subject", sa.String(length=300), nullable=False),
        sa.Column("text", sa.Text(), nullable=True),
        sa.Column("reason", sa.String(length=200), nullable=True),
        sa.Column("refused", sa.JSON(), nullable=False),
        sa.Column("created_at", sa.DateTime(), nullable=False),
        sa.Column("merchant_id", sa.Integer(), nullable=False),
        sa.Column("test", sa.Boolean(), nullable=False),
        sa.ForeignKeyConstraint(["merchant_id"], ["merchants.id"], name="fk_ticket_mails_merchant_id_merchants"),
        sa.ForeignKeyConstraint(["reply_id"], ["ticket_replies.id"], name="fk_ticket_mails_reply_id_ticket_replies"),
        sa.ForeignKeyConstraint(["ticket_id"], ["tickets.id"], name="fk_ticket_mails_ticket_id_tickets"),
        sa.PrimaryKeyConstraint("id", name="pk_ticket_mails"),
        sa.UniqueConstraint("merchant_id", "same_as", name="uq_ticket_mails_merchant_id_same_as"),
        sqlite_autoincrement=True,
    )
    for name, columns in INDEXES.items():
        op.create_index(name, "ticket_mails", columns)


INDEXES = {
    "ix_ticket_mails_merchant_id": ["merchant_id"],
    "ix_ticket_mails_merchant_id_address_key": ["merchant_id", "address_key", "kind", "created_at"],
    "ix_ticket_mails_merchant_id_message_id": ["merchant_id", "message_id"],
    "ix_ticket_mails_reply_id": ["reply_id"],
    "ix_ticket_mails_ticket_id": ["ticket_id", "id"],
}


def downgrade(bind_name: str) -> None:
    if bind_name != "default":
        return
    op.drop_table("ticket_mails")
    op.drop_column("departments", "email")
    op.drop_column("merchants", "support_email")
