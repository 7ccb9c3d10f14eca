"""What the Core API adds: exchange rates, currencies of the past, things that can be removed.

Revision ID: 0003
Revises: 0002
"""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

REMOVABLE = ("users", "merchants", "credentials")
HISTORIC = (
    (191, "HRK", "Croatian Kuna", 2), (196, "CYP", "Cyprus Pound", 2), (233, "EEK", "Kroon", 2),
    (428, "LVL", "Latvian Lats", 2), (440, "LTL", "Lithuanian Litas", 2), (470, "MTL", "Maltese Lira", 2),
    (642, "ROL", "Old Leu", 2), (703, "SKK", "Slovak Koruna", 2), (705, "SIT", "Tolar", 2),
    (792, "TRL", "Old Turkish Lira", 2), (975, "BGN", "Bulgarian Lev", 2),
)


def upgrade(bind_name: str) -> None:
    if bind_name != "default":
        return
    for table in REMOVABLE:
        op.add_column(table, sa.Column("deleted_at", sa.DateTime(), nullable=True))
    op.add_column("budgets", sa.Column("archived_at", sa.DateTime(), nullable=True))
    op.add_column("currencies", sa.Column("historic", sa.Boolean(), nullable=False, server_default=sa.false()))
    with op.batch_alter_table("currencies") as batch:
        batch.alter_column("historic", server_default=None, existing_type=sa.Boolean(), existing_nullable=False)
    op.create_table(
        "exchange_rates",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("from_id", sa.Integer(), nullable=False),
        sa.Column("to_id", sa.Integer(), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("rate", sa.String(length=40), nullable=False),
        sa.Column("source", sa.String(length=40), nullable=True),
        sa.Column("created_at", sa.DateTime(), nullable=False),
        sa.ForeignKeyConstraint(["from_id"], ["currencies.id"], name=op.f("fk_exchange_rates_from_id_currencies")),
        sa.ForeignKeyConstraint(["to_id"], ["currencies.id"], name=op.f("fk_exchange_rates_to_id_currencies")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_exchange_rates")),
        sa.UniqueConstraint("from_id", "to_id", "day", name=op.f("uq_exchange_rates_from_id_to_id_day")),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_exchange_rates_to_id_from_id_day", "exchange_rates", ["to_id", "from_id", "day"])
    add_historic()


def add_historic() -> None:
    """Currencies that were money once: old rates name them."""
    table = sa.table(
        "currencies", sa.column("id"), sa.column("code"), sa.column("name"), sa.column("exponent"),
        sa.column("rates_precision"), sa.column("details_precision"), sa.column("historic", sa.Boolean()),
    )
    known = {row[0] for row in op.get_bind().execute(sa.select(table.c.id))}
    rows = [
        {"id": number, "code": code, "name": name, "exponent": exponent, "rates_precision": 6,
         "details_precision": 6, "historic": True}
        for number, code, name, exponent in HISTORIC if number not in known
    ]
    op.bulk_insert(table, rows)


def downgrade(bind_name: str) -> None:
    if bind_name != "default":
        return
    op.drop_table("exchange_rates")
    op.execute("DELETE FROM currencies WHERE historic")
    op.drop_column("currencies", "historic")
    op.drop_column("budgets", "archived_at")
    for table in REMOVABLE:
        op.drop_column(table, "deleted_at")
