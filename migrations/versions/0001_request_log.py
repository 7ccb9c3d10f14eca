"""The request log: requests, their shapes, roll-ups, the spools' positions.

Revision ID: 0001
Revises:
"""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

LONG = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
HAS_PARENT = sa.text("parent_id IS NOT NULL")


def upgrade(bind_name: str) -> None:
    if bind_name == "log":
        create_requests()
        create_shapes()
        create_rollups()
        create_bookkeeping()


def downgrade(bind_name: str) -> None:
    if bind_name != "log":
        return
    for table in (
        "request_imported_lines", "request_spools", "request_state", "request_keys",
        "request_histograms", "request_cells", "request_shapes", "requests",
    ):
        op.drop_table(table)


def create_requests() -> None:
    op.create_table(
        "requests",
        sa.Column("id", LONG, autoincrement=False, nullable=False),
        sa.Column("at_us", sa.BigInteger(), nullable=False),
        sa.Column("duration_us", sa.BigInteger(), nullable=True),
        sa.Column("shape_id", sa.Integer(), nullable=False),
        sa.Column("request_bytes", sa.BigInteger(), nullable=False),
        sa.Column("response_bytes", sa.BigInteger(), nullable=False),
        sa.Column("ip", sa.String(45), nullable=False),
        sa.Column("user_agent", sa.String(300), nullable=False),
        sa.Column("request_id", sa.String(64), nullable=False),
        sa.Column("path", sa.String(300), nullable=False),
        sa.Column("query", sa.String(500), nullable=False),
        sa.Column("user_id", sa.Integer(), nullable=True),
        sa.Column("customer_id", sa.Integer(), nullable=True),
        sa.Column("idempotent", sa.Boolean(), nullable=False),
        sa.Column("parent_id", LONG, nullable=True),
        sa.PrimaryKeyConstraint("id", name="pk_requests"),
    )
    op.create_index("ix_requests_at", "requests", ["at_us", "id"])
    op.create_index("ix_requests_shape", "requests", ["shape_id", "at_us", "id"])
    op.create_index("ix_requests_ip", "requests", ["ip", "at_us"])
    op.create_index("ix_requests_request_id", "requests", ["request_id"])
    op.create_index(
        "ix_requests_parent", "requests", ["parent_id"], sqlite_where=HAS_PARENT, postgresql_where=HAS_PARENT
    )


def create_shapes() -> None:
    op.create_table(
        "request_shapes",
        sa.Column("id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("digest", sa.String(40), nullable=False),
        sa.Column("grain", sa.SmallInteger(), nullable=False),
        sa.Column("kind", sa.SmallInteger(), nullable=False),
        sa.Column("source", sa.String(80), nullable=False),
        sa.Column("mode", sa.String(8), nullable=False),
        sa.Column("merchant_id", sa.Integer(), nullable=True),
        sa.Column("key_id", sa.Integer(), nullable=True),
        sa.Column("contract", sa.String(16), nullable=True),
        sa.Column("operation", sa.String(80), nullable=True),
        sa.Column("method", sa.String(16), nullable=True),
        sa.Column("endpoint", sa.String(200), nullable=True),
        sa.Column("status_class", sa.SmallInteger(), nullable=True),
        sa.Column("status", sa.SmallInteger(), nullable=True),
        sa.Column("error_code", sa.String(80), nullable=True),
        sa.PrimaryKeyConstraint("id", name="pk_request_shapes"),
        sa.UniqueConstraint("digest", name="uq_request_shapes_digest"),
    )
    op.create_index("ix_request_shapes_merchant", "request_shapes", ["grain", "merchant_id"])
    op.create_index("ix_request_shapes_key", "request_shapes", ["grain", "key_id"])


def create_rollups() -> None:
    op.create_table(
        "request_cells",
        sa.Column("shape_id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("level", sa.SmallInteger(), autoincrement=False, nullable=False),
        sa.Column("bucket", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("count", sa.BigInteger(), nullable=False),
        sa.Column("timed", sa.BigInteger(), nullable=False),
        sa.Column("throttled", sa.BigInteger(), nullable=False),
        sa.Column("sum_us", sa.BigInteger(), nullable=False),
        sa.Column("max_us", sa.BigInteger(), nullable=False),
        sa.Column("request_bytes", sa.BigInteger(), nullable=False),
        sa.Column("response_bytes", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("shape_id", "level", "bucket", name="pk_request_cells"),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "request_histograms",
        sa.Column("shape_id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("level", sa.SmallInteger(), autoincrement=False, nullable=False),
        sa.Column("bucket", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("counts", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("shape_id", "level", "bucket", name="pk_request_histograms"),
        sqlite_with_rowid=False,
    )


def create_bookkeeping() -> None:
    op.create_table(
        "request_keys",
        sa.Column("key_id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("last_at_us", sa.BigInteger(), nullable=False),
        sa.Column("last_ip", sa.String(45), nullable=False),
        sa.PrimaryKeyConstraint("key_id", name="pk_request_keys"),
    )
    op.create_table(
        "request_state",
        sa.Column("name", sa.String(40), nullable=False),
        sa.Column("value", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("name", name="pk_request_state"),
    )
    op.create_table(
        "request_spools",
        sa.Column("name", sa.String(80), nullable=False),
        sa.Column("position", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("name", name="pk_request_spools"),
    )
    op.create_table(
        "request_imported_lines",
        sa.Column("source", sa.String(80), nullable=False),
        sa.Column("digest", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("copies", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("source", "digest", name="pk_request_imported_lines"),
        sqlite_with_rowid=False,
    )
