"""Lists under all merchants, and descending ones of PostgreSQL, come in the order of an index.

Revision ID: 0017
Revises: 0016
"""

import sqlalchemy as sa
from alembic import op

revision = "0017"
down_revision = "0016"
branch_labels = None
depends_on = None

LIVING = sa.text("deleted_at IS NULL")
UNDER_ALL = (("products", ("test", "created_at")), ("products", ("test", "name_sort", "id")),
             ("budgets", ("created_at", "id", "test")))
DELIVERIES = "ix_webhook_deliveries_created_at_id_test"
DOWN = (("customers", "name_sort"), ("customers", "email_sort"), ("products", "name_sort"))


def upgrade(bind_name: str) -> None:
    if bind_name != "default":
        return
    for table, columns in UNDER_ALL:
        op.create_index(name_of(table, columns), table, columns, sqlite_where=LIVING, postgresql_where=LIVING)
    op.create_index(DELIVERIES, "webhook_deliveries", ["created_at", "id", "test"])
    if op.get_bind().dialect.name == "postgresql":
        for table, column in DOWN:
            order = [sa.text(f"{column} DESC NULLS LAST"), sa.text("id DESC")]
            op.create_index(f"ix_{table}_{column}_down", table, ["merchant_id", "test", *order], postgresql_where=LIVING)
            op.create_index(f"ix_{table}_{column}_all_down", table, ["test", *order], postgresql_where=LIVING)


def downgrade(bind_name: str) -> None:
    if bind_name != "default":
        return
    if op.get_bind().dialect.name == "postgresql":
        for table, column in DOWN:
            op.drop_index(f"ix_{table}_{column}_all_down", table_name=table)
            op.drop_index(f"ix_{table}_{column}_down", table_name=table)
    op.drop_index(DELIVERIES, table_name="webhook_deliveries")
    for table, columns in UNDER_ALL:
        op.drop_index(name_of(table, columns), table_name=table)


def name_of(table: str, columns: tuple[str, ...]) -> str:
    return "_".join(("ix", table, *columns))
