"""Several users of a customer, each with sessions, a password and a second factor of their own.

The address of each customer becomes the first user's.

Revision ID: 0056
Revises: 0055
"""

import sqlalchemy as sa
from alembic import op

revision = "0056"
down_revision = "0055"
branch_labels = None
depends_on = None

OF_LOGINS = ("customer_sign_ins", "customer_sessions")
FIRST = """
    INSERT INTO customer_users (merchant_id, test, customer_id, email, email_key, is_first, email_sort, search_text,
                                version, created_at, updated_at)
    SELECT merchant_id, test, id, email, email_key, :yes, email_sort, email_sort, 1, created_at, updated_at
    FROM customers WHERE deleted_at IS NULL AND email IS NOT NULL AND email_key IS NOT NULL ORDER BY id
"""
WORDS = (                               # as the lists of 0053 have them
    "CREATE VIRTUAL TABLE customer_users_words USING fts5(search_text, content='customer_users', content_rowid='id', "
    "tokenize='trigram case_sensitive 1')",
    "INSERT INTO customer_users_words(customer_users_words) VALUES ('rebuild')",
    "CREATE TRIGGER customer_users_words_insert AFTER INSERT ON customer_users BEGIN "
    "INSERT INTO customer_users_words(rowid, search_text) VALUES (new.id, new.search_text); END",
    "CREATE TRIGGER customer_users_words_delete AFTER DELETE ON customer_users BEGIN "
    "INSERT INTO customer_users_words(customer_users_words, rowid, search_text) "
    "VALUES ('delete', old.id, old.search_text); END",
    "CREATE TRIGGER customer_users_words_update AFTER UPDATE OF search_text ON customer_users BEGIN "
    "INSERT INTO customer_users_words(customer_users_words, rowid, search_text) "
    "VALUES ('delete', old.id, old.search_text); "
    "INSERT INTO customer_users_words(rowid, search_text) VALUES (new.id, new.search_text); END",
)


def upgrade(bind_name: str) -> None:
    if bind_name != "default":
        return
    create_users()
    op.get_bind().execute(sa.text(FIRST).bindparams(sa.bindparam("yes", True, sa.Boolean())))
    index_words()
    for table in OF_LOGINS:
        add_user(table)
    add_with_value("needs_code", sa.false())
    add_with_value("by_link", sa.true())


def downgrade(bind_name: str) -> None:
    """Only the first users can still sign in, by the customers' addresses: the program before this knows no others."""
    if bind_name != "default":
        return
    for statement in (
        "DELETE FROM customer_sessions WHERE needs_code OR customer_user_id NOT IN (SELECT id FROM customer_users "
        "WHERE is_first)",
        "DELETE FROM customer_sign_ins WHERE customer_user_id NOT IN (SELECT id FROM customer_users WHERE is_first)",
    ):
        op.execute(statement)
    for name in ("by_link", "needs_code"):
        op.drop_column("customer_sessions", name)
    for table in OF_LOGINS:
        op.drop_index(f"ix_{table}_customer_user_id", table_name=table)
        if op.get_bind().dialect.name == "postgresql":          # SQLite drops the reference with its column
            op.drop_constraint(f"fk_{table}_customer_user_id_customer_users", table, type_="foreignkey")
        op.drop_column(table, "customer_user_id")
    op.drop_table("customer_recovery_codes")
    if op.get_bind().dialect.name == "sqlite":
        for kind in ("insert", "delete", "update"):
            op.execute(f"DROP TRIGGER customer_users_words_{kind}")
        op.execute("DROP TABLE customer_users_words")
    op.drop_table("customer_users")


def create_users() -> None:
    bytes_of = sa.String(length=255).with_variant(sa.String(length=255, collation="C"), "postgresql")
    op.create_table(
        "customer_users",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("customer_id", sa.Integer(), nullable=False),
        sa.Column("email", sa.String(), nullable=False),
        sa.Column("email_key", sa.String(), nullable=True),
        sa.Column("name", sa.String(length=100), nullable=True),
        sa.Column("is_first", sa.Boolean(), nullable=False),
        sa.Column("signed_in_at", sa.DateTime(), nullable=True),
        sa.Column("password_hash", sa.String(length=255), nullable=True),
        sa.Column("totp_secret", sa.String(length=255), nullable=True),
        sa.Column("totp_step", sa.Integer(), nullable=True),
        sa.Column("two_factor_at", sa.DateTime(), nullable=True),
        sa.Column("email_sort", bytes_of, nullable=True),
        sa.Column("search_text", sa.Text(), nullable=True),
        sa.Column("merchant_id", sa.Integer(), nullable=False),
        sa.Column("test", sa.Boolean(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("created_at", sa.DateTime(), nullable=False),
        sa.Column("updated_at", sa.DateTime(), nullable=False),
        sa.Column("deleted_at", sa.DateTime(), nullable=True),
        sa.ForeignKeyConstraint(["customer_id"], ["customers.id"], name="fk_customer_users_customer_id_customers"),
        sa.ForeignKeyConstraint(["merchant_id"], ["merchants.id"], name="fk_customer_users_merchant_id_merchants"),
        sa.PrimaryKeyConstraint("id", name="pk_customer_users"),
        sa.UniqueConstraint("merchant_id", "test", "email_key", name="uq_customer_users_merchant_id_test_email_key"),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_customer_users_customer_id", "customer_users", ["customer_id", "deleted_at"])
    op.create_index("ix_customer_users_merchant_id", "customer_users", ["merchant_id"])
    op.create_table(
        "customer_recovery_codes",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("customer_user_id", sa.Integer(), nullable=False),
        sa.Column("digest", sa.String(length=64), nullable=False),
        sa.Column("used_at", sa.DateTime(), nullable=True),
        sa.ForeignKeyConstraint(
            ["customer_user_id"], ["customer_users.id"], name="fk_customer_recovery_codes_customer_user_id_customer_users"),
        sa.PrimaryKeyConstraint("id", name="pk_customer_recovery_codes"),
        sa.UniqueConstraint("digest", name="uq_customer_recovery_codes_digest"),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_customer_recovery_codes_customer_user_id", "customer_recovery_codes", ["customer_user_id"])


def index_words() -> None:
    """The index by which the list is searched, as far as the database has such."""
    bind = op.get_bind()
    if bind.dialect.name == "sqlite":
        for statement in WORDS:
            op.execute(statement)
    elif bind.exec_driver_sql("SELECT 1 FROM pg_opclass WHERE opcname = 'gin_trgm_ops'").first():
        op.create_index(
            "ix_customer_users_search_text_trigrams", "customer_users", ["search_text"], postgresql_using="gin",
            postgresql_ops={"search_text": "gin_trgm_ops"}, postgresql_with={"gin_pending_list_limit": 256})


def add_user(table: str) -> None:
    """Whose it is: the only user that there was."""
    name = f"fk_{table}_customer_user_id_customer_users"
    if op.get_bind().dialect.name == "postgresql":
        op.add_column(table, sa.Column("customer_user_id", sa.Integer(), nullable=True))
        op.create_foreign_key(name, table, "customer_users", ["customer_user_id"], ["id"])
    else:                                        # SQLite adds the reference with the column
        op.execute(
            f"ALTER TABLE {table} ADD COLUMN customer_user_id INTEGER CONSTRAINT {name} REFERENCES customer_users (id)")
    op.execute(
        f"UPDATE {table} SET customer_user_id = (SELECT id FROM customer_users "        # noqa: S608  (names of this file)
        f"WHERE customer_users.customer_id = {table}.customer_id)")
    op.create_index(f"ix_{table}_customer_user_id", table, ["customer_user_id"])


def add_with_value(name: str, value: object) -> None:
    """Add a column that may not be null; sessions of before get the value."""
    op.add_column("customer_sessions", sa.Column(name, sa.Boolean(), nullable=False, server_default=value))
    if op.get_bind().dialect.name == "postgresql":          # SQLite would have to copy the table for it
        op.alter_column("customer_sessions", name, server_default=None)
