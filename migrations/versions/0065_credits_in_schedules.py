"""What was credited of the invoice of an order is not collected by the order any more.

Revision ID: 0065
Revises: 0064
"""

import sqlalchemy as sa
from alembic import op

revision = "0065"
down_revision = "0064"
branch_labels = None
depends_on = None

# What orders that go on still collect beyond what is open of their invoices, where something was credited: the worker
# lowers it. Of subscriptions nobody can say whether it was.
BEFORE = """
UPDATE invoices SET to_count = :true, to_lower_minor = CASE WHEN credited_minor < excess THEN credited_minor ELSE excess END
FROM (
    SELECT invoices.id AS invoice_id, sum(due.amount_minor - due.paid_minor)
        - CASE WHEN invoices.total_minor > invoices.paid_minor + credited_minor
            THEN invoices.total_minor - invoices.paid_minor - credited_minor ELSE 0 END AS excess
    FROM invoices
    JOIN orders ON orders.id = invoices.order_id OR (invoices.order_id IS NULL AND orders.budget_id = invoices.budget_id)
    JOIN scheduled_payments AS due ON due.order_id = orders.id
    WHERE invoices.state = 'issued' AND invoices.deleted_at IS NULL AND credited_minor > 0
        AND (invoices.source IS NULL OR invoices.source NOT LIKE 'payment:%')
        AND orders.billing IN ('single_payment', 'instalment')
        AND orders.status NOT IN ('draft', 'cancelled', 'complete')
        AND due.status IN ('scheduled', 'processing', 'soft-declined', 'hard-declined', 'paused')
    GROUP BY invoices.id, invoices.total_minor, invoices.paid_minor, credited_minor
) AS found
WHERE invoices.id = found.invoice_id AND found.excess > 0
"""


def upgrade(bind_name: str) -> None:
    if bind_name != "default":
        return
    op.add_column("invoices", sa.Column("to_lower_minor", sa.BigInteger(), nullable=False, server_default="0"))
    if op.get_bind().dialect.name == "postgresql":          # SQLite would have to copy the table for it
        op.alter_column("invoices", "to_lower_minor", server_default=None)
    op.get_bind().execute(sa.text(BEFORE), {"true": True})


def downgrade(bind_name: str) -> None:
    if bind_name != "default":
        return
    op.drop_column("invoices", "to_lower_minor")
