"""A kept answer belongs to a merchant or to a user, and to one call of a batch.

Revision ID: 0012
Revises: 0008
"""

import sqlalchemy as sa
from alembic import op

revision = "0012"
down_revision = "0008"
branch_labels = None
depends_on = None

TABLE = "idempotent_replies"
OLD, NEW = ["merchant_id", "test", "contract", "key"], ["owner", "test", "contract", "key", "part"]


def name_of(columns: list[str]) -> str:
    return "_".join(("uq", TABLE, *columns))


def upgrade(bind_name: str) -> None:
    if bind_name != "default":
        return
    op.add_column(TABLE, sa.Column("owner", sa.String(40), nullable=True))
    op.add_column(TABLE, sa.Column("part", sa.Integer(), nullable=True))
    op.execute(f"UPDATE {TABLE} SET owner = 'merchant:' || merchant_id, part = 0")
    with op.batch_alter_table(TABLE, table_kwargs={"sqlite_autoincrement": True}) as table:
        table.drop_constraint(name_of(OLD), type_="unique")
        table.drop_constraint(f"fk_{TABLE}_merchant_id_merchants", type_="foreignkey")
        table.drop_column("merchant_id")
        table.alter_column("owner", existing_type=sa.String(40), nullable=False)
        table.alter_column("part", existing_type=sa.Integer(), nullable=False)
        table.create_unique_constraint(name_of(NEW), NEW)


def downgrade(bind_name: str) -> None:
    if bind_name != "default":
        return
    # Answers of users and of single calls have no place in the old table.
    op.execute(f"DELETE FROM {TABLE} WHERE owner NOT LIKE 'merchant%' OR part > 0")
    op.add_column(TABLE, sa.Column("merchant_id", sa.Integer(), nullable=True))
    op.execute(f"UPDATE {TABLE} SET merchant_id = CAST(substr(owner, 10) AS INTEGER)")
    with op.batch_alter_table(TABLE, table_kwargs={"sqlite_autoincrement": True}) as table:
        table.drop_constraint(name_of(NEW), type_="unique")
        table.drop_column("owner")
        table.drop_column("part")
        table.alter_column("merchant_id", existing_type=sa.Integer(), nullable=False)
        table.create_foreign_key(f"fk_{TABLE}_merchant_id_merchants", "merchants", ["merchant_id"], ["id"])
        table.create_unique_constraint(name_of(OLD), OLD)
