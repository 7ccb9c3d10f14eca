"""Lists of customers are found and counted in an index alone, under one merchant and under all.

Revision ID: 0007
Revises: 0006
"""

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None

LIVING = sa.text("deleted_at IS NULL")
INDEXES = (
    ("merchant_id", "created_at", "id", "status"),
    ("created_at", "id", "status", "merchant_id"),
    ("merchant_id", "name", "id", "status"),
    ("name", "id", "status", "merchant_id"),
    ("email", "id", "status", "merchant_id"),
)


def upgrade(bind_name: str) -> None:
    if bind_name == "default":
        for columns in INDEXES:
            name = "_".join(("ix_customers", *columns))
            op.create_index(name, "customers", columns, sqlite_where=LIVING, postgresql_where=LIVING)
        op.drop_index("ix_customers_merchant_id_created_at", table_name="customers")
        op.drop_index("ix_customers_merchant_id_name", table_name="customers")


def downgrade(bind_name: str) -> None:
    if bind_name == "default":
        op.create_index("ix_customers_merchant_id_name", "customers", ["merchant_id", "name"])
        op.create_index(
            "ix_customers_merchant_id_created_at", "customers", ["merchant_id", "created_at"],
            sqlite_where=LIVING, postgresql_where=LIVING,
        )
        for columns in INDEXES:
            op.drop_index("_".join(("ix_customers", *columns)), table_name="customers")
