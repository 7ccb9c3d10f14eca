"""Tickets of the support desk, and each merchant's departments.

Revision ID: 0036
Revises: 0035
"""

from datetime import UTC, datetime

import sqlalchemy as sa
from alembic import op

revision = "0036"
down_revision = "0035"
branch_labels = None
depends_on = None

DEPARTMENTS = ("Support", "Technical", "Billing")


def upgrade(bind_name: str) -> None:
    if bind_name != "default":
        return
    op.create_table(
        "departments",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("merchant_id", sa.Integer(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("name", sa.String(length=100), nullable=False),
        sa.Column("active", sa.Boolean(), nullable=False),
        sa.Column("name_sort", sa.String(length=255).with_variant(sa.String(length=255, collation="C"), "postgresql"), nullable=True),
        sa.Column("search_text", sa.Text(), nullable=True),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("created_at", sa.DateTime(), nullable=False),
        sa.Column("updated_at", sa.DateTime(), nullable=False),
        sa.CheckConstraint("number > 0", name="ck_departments_number_positive"),
        sa.ForeignKeyConstraint(["merchant_id"], ["merchants.id"], name="fk_departments_merchant_id_merchants"),
        sa.PrimaryKeyConstraint("id", name="pk_departments"),
        sa.UniqueConstraint("merchant_id", "number", name="uq_departments_merchant_id_number"),
        sqlite_autoincrement=True,
    )
    seed_departments()
    op.create_table(
        "tickets",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("number", sa.String(length=12), nullable=False),
        sa.Column("customer_id", sa.Integer(), nullable=True),
        sa.Column("department_id", sa.Integer(), nullable=False),
        sa.Column("subject", sa.String(length=200), nullable=False),
        sa.Column("message", sa.Text(), nullable=False),
        sa.Column("status", sa.Enum("open", "answered", "customer_reply", "on_hold", "closed", name="ticketstatus", native_enum=False, length=16), nullable=False),
        sa.Column("priority", sa.Integer(), nullable=False),
        sa.Column("source", sa.Enum("staff", "client", "mail", name="ticketsource", native_enum=False, length=16), nullable=False),
        sa.Column("assignee_id", sa.Integer(), nullable=True),
        sa.Column("author_type", sa.Enum("client", "staff", name="authortype", native_enum=False, length=16), nullable=False),
        sa.Column("author_name", sa.String(length=255), nullable=False),
        sa.Column("created_by_user_id", sa.Integer(), nullable=True),
        sa.Column("sender", sa.String(length=254), nullable=True),
        sa.Column("mail_token", sa.String(length=32), nullable=False),
        sa.Column("waiting_since", sa.DateTime(), nullable=True),
        sa.Column("due_at", sa.DateTime(), nullable=True),
        sa.Column("first_replied_at", sa.DateTime(), nullable=True),
        sa.Column("last_reply_at", sa.DateTime(), nullable=True),
        sa.Column("closed_at", sa.DateTime(), nullable=True),
        sa.Column("merged_into_id", sa.Integer(), nullable=True),
        sa.Column("subject_sort", sa.String(length=255).with_variant(sa.String(length=255, collation="C"), "postgresql"), nullable=True),
        sa.Column("search_text", sa.Text(), nullable=True),
        sa.Column("merchant_id", sa.Integer(), nullable=False),
        sa.Column("test", sa.Boolean(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("created_at", sa.DateTime(), nullable=False),
        sa.Column("updated_at", sa.DateTime(), nullable=False),
        sa.CheckConstraint("priority BETWEEN 1 AND 4", name="ck_tickets_priority_known"),
        sa.ForeignKeyConstraint(["assignee_id"], ["users.id"], name="fk_tickets_assignee_id_users"),
        sa.ForeignKeyConstraint(["created_by_user_id"], ["users.id"], name="fk_tickets_created_by_user_id_users"),
        sa.ForeignKeyConstraint(["customer_id"], ["customers.id"], name="fk_tickets_customer_id_customers"),
        sa.ForeignKeyConstraint(["department_id"], ["departments.id"], name="fk_tickets_department_id_departments"),
        sa.ForeignKeyConstraint(["merchant_id"], ["merchants.id"], name="fk_tickets_merchant_id_merchants"),
        sa.ForeignKeyConstraint(["merged_into_id"], ["tickets.id"], name="fk_tickets_merged_into_id_tickets"),
        sa.PrimaryKeyConstraint("id", name="pk_tickets"),
        sa.UniqueConstraint("mail_token", name="uq_tickets_mail_token"),
        sa.UniqueConstraint("number", name="uq_tickets_number"),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_tickets_assignee_id_status", "tickets", ["assignee_id", "status", "test", "due_at"])
    op.create_index("ix_tickets_created_at_id_test", "tickets", ["created_at", "id", "test"])
    op.create_index("ix_tickets_customer_id_test", "tickets", ["customer_id", "test", "created_at"])
    op.create_index("ix_tickets_department_id", "tickets", ["department_id"])
    op.create_index("ix_tickets_merchant_id", "tickets", ["merchant_id"])
    op.create_index("ix_tickets_merchant_id_test_created_at", "tickets", ["merchant_id", "test", "created_at", "id", "status"])
    op.create_index("ix_tickets_merged_into_id", "tickets", ["merged_into_id"])
    op.create_index("ix_tickets_status_test_merchant_id", "tickets", ["status", "test", "merchant_id", "due_at", "id"])
    op.create_table(
        "ticket_links",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("ticket_id", sa.Integer(), nullable=False),
        sa.Column("noun", sa.String(length=16), nullable=False),
        sa.Column("key", sa.String(length=64), nullable=False),
        sa.Column("created_at", sa.DateTime(), nullable=False),
        sa.Column("merchant_id", sa.Integer(), nullable=False),
        sa.Column("test", sa.Boolean(), nullable=False),
        sa.ForeignKeyConstraint(["merchant_id"], ["merchants.id"], name="fk_ticket_links_merchant_id_merchants"),
        sa.ForeignKeyConstraint(["ticket_id"], ["tickets.id"], name="fk_ticket_links_ticket_id_tickets"),
        sa.PrimaryKeyConstraint("id", name="pk_ticket_links"),
        sa.UniqueConstraint("ticket_id", "noun", "key", name="uq_ticket_links_ticket_id_noun_key"),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_ticket_links_merchant_id", "ticket_links", ["merchant_id"])
    op.create_index("ix_ticket_links_noun_key", "ticket_links", ["noun", "key"])
    op.create_table(
        "ticket_replies",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("ticket_id", sa.Integer(), nullable=False),
        sa.Column("author_type", sa.Enum("client", "staff", name="authortype", native_enum=False, length=16), nullable=False),
        sa.Column("author_name", sa.String(length=255), nullable=False),
        sa.Column("user_id", sa.Integer(), nullable=True),
        sa.Column("source", sa.Enum("staff", "client", "mail", name="ticketsource", native_enum=False, length=16), nullable=False),
        sa.Column("sender", sa.String(length=254), nullable=True),
        sa.Column("message", sa.Text(), nullable=False),
        sa.Column("internal", sa.Boolean(), nullable=False),
        sa.Column("created_at", sa.DateTime(), nullable=False),
        sa.Column("search_text", sa.Text(), nullable=True),
        sa.Column("merchant_id", sa.Integer(), nullable=False),
        sa.Column("test", sa.Boolean(), nullable=False),
        sa.ForeignKeyConstraint(["merchant_id"], ["merchants.id"], name="fk_ticket_replies_merchant_id_merchants"),
        sa.ForeignKeyConstraint(["ticket_id"], ["tickets.id"], name="fk_ticket_replies_ticket_id_tickets"),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name="fk_ticket_replies_user_id_users"),
        sa.PrimaryKeyConstraint("id", name="pk_ticket_replies"),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_ticket_replies_merchant_id", "ticket_replies", ["merchant_id"])
    op.create_index("ix_ticket_replies_ticket_id", "ticket_replies", ["ticket_id", "id"])
    op.create_table(
        "ticket_attachments",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("ticket_id", sa.Integer(), nullable=False),
        sa.Column("reply_id", sa.Integer(), nullable=True),
        sa.Column("name", sa.String(length=200), nullable=False),
        sa.Column("mime_type", sa.String(length=100), nullable=False),
        sa.Column("size", sa.Integer(), nullable=False),
        sa.Column("digest", sa.String(length=64), nullable=False),
        sa.Column("created_at", sa.DateTime(), nullable=False),
        sa.Column("merchant_id", sa.Integer(), nullable=False),
        sa.Column("test", sa.Boolean(), nullable=False),
        sa.ForeignKeyConstraint(["merchant_id"], ["merchants.id"], name="fk_ticket_attachments_merchant_id_merchants"),
        sa.ForeignKeyConstraint(["reply_id"], ["ticket_replies.id"], name="fk_ticket_attachments_reply_id_ticket_replies"),
        sa.ForeignKeyConstraint(["ticket_id"], ["tickets.id"], name="fk_ticket_attachments_ticket_id_tickets"),
        sa.PrimaryKeyConstraint("id", name="pk_ticket_attachments"),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_ticket_attachments_digest", "ticket_attachments", ["digest"])
    op.create_index("ix_ticket_attachments_merchant_id", "ticket_attachments", ["merchant_id"])
    op.create_index("ix_ticket_attachments_reply_id", "ticket_attachments", ["reply_id"])
    op.create_index("ix_ticket_attachments_ticket_id", "ticket_attachments", ["ticket_id", "id"])


def downgrade(bind_name: str) -> None:
    if bind_name != "default":
        return
    op.drop_table("ticket_attachments")
    op.drop_table("ticket_replies")
    op.drop_table("ticket_links")
    op.drop_table("tickets")
    op.drop_table("departments")


def seed_departments() -> None:
    """Every merchant has three departments."""
    now = datetime.now(UTC).replace(tzinfo=None)
    times = [sa.column(name, sa.DateTime()) for name in ("created_at", "updated_at")]
    names = ("merchant_id", "number", "name", "active", "name_sort", "search_text", "version")
    departments, merchants = sa.table("departments", *map(sa.column, names), *times), sa.table("merchants", sa.column("id"))
    bind = op.get_bind()
    rows = [
        {"merchant_id": key, "number": number, "name": name, "active": True, "name_sort": name.lower(),
         "search_text": name.lower(), "version": 1, "created_at": now, "updated_at": now}
        for key in bind.scalars(sa.select(merchants.c.id).order_by(merchants.c.id))
        for number, name in enumerate(DEPARTMENTS, 1)
    ]
    if rows:
        bind.execute(sa.insert(departments), rows)
