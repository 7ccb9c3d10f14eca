"""Rows of merchants say which world they are of: live, as all rows of before, or test.

What belongs to a test key, its endpoint and what was delivered there, is of the test world.

Revision ID: 0008
Revises: 0010
"""

from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0010"
branch_labels = None
depends_on = None

LIVING = sa.text("deleted_at IS NULL")
TABLES = (
    "customers", "products", "product_groups", "price_rules", "budgets", "webhook_endpoints", "webhook_deliveries",
    "outbox_tasks", "idempotent_replies",
)
# table, columns before, columns now, other options of the index
INDEXES: tuple[tuple[str, tuple[str, ...], tuple[str, ...], dict[str, Any]], ...] = (
    ("customers", ("merchant_id", "email_key"), ("merchant_id", "test", "email_key"),
     {"where": LIVING, "unique": True}),
    ("products", ("merchant_id", "sku_key"), ("merchant_id", "test", "sku_key"), {"where": LIVING, "unique": True}),
    ("products", ("merchant_id", "created_at"), ("merchant_id", "test", "created_at"), {"where": LIVING}),
    ("products", ("merchant_id", "name_sort", "id"), ("merchant_id", "test", "name_sort", "id"), {"where": LIVING}),
    ("budgets", ("merchant_id", "created_at"), ("merchant_id", "test", "created_at"), {"where": LIVING}),
    ("webhook_deliveries", ("merchant_id", "created_at"), ("merchant_id", "test", "created_at"), {}),
    *(
        ("customers", columns, (*columns[:place], "test", *columns[place:]), {"where": LIVING})
        for order in ("created_at", "name_sort", "email_sort")
        for place, columns in (
            (1, ("merchant_id", order, "id", "status")), (0, (order, "id", "status", "merchant_id")),
        )
    ),
)
# table, columns that were unique together
UNIQUE: tuple[tuple[str, tuple[str, ...]], ...] = (
    ("product_groups", ("merchant_id", "name")),
    ("price_rules", ("merchant_id", "kind", "name")),
    ("idempotent_replies", ("merchant_id", "contract", "key")),
)


def upgrade(bind_name: str) -> None:
    if bind_name != "default":
        return
    for table in TABLES:
        op.add_column(table, sa.Column("test", sa.Boolean(), nullable=False, server_default=sa.false()))
    op.add_column("audit_entries", sa.Column("test", sa.Boolean(), nullable=True))
    for statement in OF_TEST_KEYS:
        op.execute(statement)
    for table, before, now, options in INDEXES:
        swap(table, before, now, **options)
    for table, columns in UNIQUE:
        unite(table, columns, ("merchant_id", "test", *columns[1:]))
    if op.get_bind().dialect.name == "postgresql":          # SQLite would have to copy every table for it
        for table in TABLES:
            op.alter_column(table, "test", server_default=None)


def downgrade(bind_name: str) -> None:
    """Rows of the test world must not become live ones: they are deleted, as far as rows can be kept so."""
    if bind_name != "default":
        return
    for statement in ENDS:
        op.execute(statement)
    for table, columns in UNIQUE:
        unite(table, ("merchant_id", "test", *columns[1:]), columns)
    for table, before, now, options in INDEXES:
        swap(table, now, before, **options)
    op.drop_column("audit_entries", "test")
    for table in TABLES:
        op.drop_column(table, "test")


def swap(table: str, old: tuple[str, ...], new: tuple[str, ...], *, where: Any = None, unique: bool = False) -> None:
    """One index instead of another."""
    op.drop_index(name_of(table, old, unique=unique), table_name=table)
    op.create_index(
        name_of(table, new, unique=unique), table, list(new), unique=unique, sqlite_where=where, postgresql_where=where
    )


def name_of(table: str, columns: tuple[str, ...], *, unique: bool) -> str:
    """The name of an index; one was called without its last column."""
    name = "_".join(("uq" if unique else "ix", table, *columns))
    return name.removesuffix("_id") if columns[-2:] == ("name_sort", "id") else name


def unite(table: str, old: tuple[str, ...], new: tuple[str, ...]) -> None:
    """Other columns are unique together. SQLite recreates the table, and still gives no id twice."""
    bind = op.get_bind()
    sqlite = bind.dialect.name == "sqlite"
    given = {"table": table}
    last = bind.scalar(sa.text("SELECT seq FROM sqlite_sequence WHERE name = :table"), given) if sqlite else None
    with op.batch_alter_table(table, table_kwargs={"sqlite_autoincrement": True}) as batch:
        batch.drop_constraint(op.f("_".join(("uq", table, *old))), type_="unique")
        batch.create_unique_constraint(op.f("_".join(("uq", table, *new))), list(new))
    if last is not None:
        bind.execute(sa.text("DELETE FROM sqlite_sequence WHERE name = :table"), given)
        bind.execute(sa.text("INSERT INTO sqlite_sequence (name, seq) VALUES (:table, :last)"), given | {"last": last})


OF_TEST_KEYS = (
    "UPDATE webhook_endpoints SET test = TRUE WHERE credential_id IN (SELECT id FROM credentials WHERE mode = 'test')",
    "UPDATE webhook_deliveries SET test = TRUE WHERE endpoint_id IN (SELECT id FROM webhook_endpoints WHERE test)",
    "UPDATE outbox_tasks SET test = TRUE WHERE id IN (SELECT task_id FROM webhook_deliveries WHERE test)",
)
ENDS = (
    *(
        f"UPDATE {table} SET deleted_at = CURRENT_TIMESTAMP WHERE test AND deleted_at IS NULL"  # noqa: S608
        for table in ("customers", "products", "budgets")
    ),
    "UPDATE webhook_endpoints SET deleted_at = CURRENT_TIMESTAMP "
    "WHERE test AND deleted_at IS NULL AND credential_id IS NULL",
    "UPDATE products SET group_id = NULL, tax_id = NULL, discount_id = NULL, fee_id = NULL WHERE test",
    "DELETE FROM product_groups WHERE test",
    "DELETE FROM price_rules WHERE test",
    "DELETE FROM idempotent_replies WHERE test",
    "UPDATE credentials SET revoked_at = CURRENT_TIMESTAMP, ciphertext = NULL "
    "WHERE kind = 'user' AND mode = 'test' AND revoked_at IS NULL",
)
