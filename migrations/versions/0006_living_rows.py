"""Lists are counted in an index of the rows that are not deleted.

Revision ID: 0006
Revises: 0005
"""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None

TABLES = ("budgets", "customers", "products")
LIVING = sa.text("deleted_at IS NULL")


def upgrade(bind_name: str) -> None:
    if bind_name == "default":
        for table in TABLES:
            name = f"ix_{table}_merchant_id_created_at"
            op.drop_index(name, table_name=table)
            op.create_index(
                name, table, ["merchant_id", "created_at"], sqlite_where=LIVING, postgresql_where=LIVING
            )


def downgrade(bind_name: str) -> None:
    if bind_name == "default":
        for table in TABLES:
            name = f"ix_{table}_merchant_id_created_at"
            op.drop_index(name, table_name=table)
            op.create_index(name, table, ["merchant_id", "created_at"])
