"""Lists are searched by indexes of words: FTS5 with trigrams on SQLite, pg_trgm on PostgreSQL.

Where PostgreSQL has no pg_trgm, or it may not be installed, lists are searched without an index.

Revision ID: 0053
Revises: 0052
"""

from alembic import op

revision = "0053"
down_revision = "0052"
branch_labels = None
depends_on = None

TABLES = (
    "budget_items", "budgets", "credentials", "credit_notes", "customers", "domain_names", "invoices", "orders",
    "products", "statement_rows", "ticket_replies", "tickets",
)
# Names that are not qualified: the index keeps the trigrams of search_text, and the text stays in the table alone.
SQLITE = (
    "CREATE VIRTUAL TABLE {table}_words USING fts5(search_text, content='{table}', content_rowid='id', "
    "tokenize='trigram case_sensitive 1')",
    "INSERT INTO {table}_words({table}_words) VALUES ('rebuild')",
    "CREATE TRIGGER {table}_words_insert AFTER INSERT ON {table} BEGIN "
    "INSERT INTO {table}_words(rowid, search_text) VALUES (new.id, new.search_text); END",
    "CREATE TRIGGER {table}_words_delete AFTER DELETE ON {table} BEGIN "
    "INSERT INTO {table}_words({table}_words, rowid, search_text) VALUES ('delete', old.id, old.search_text); END",
    "CREATE TRIGGER {table}_words_update AFTER UPDATE OF search_text ON {table} BEGIN "
    "INSERT INTO {table}_words({table}_words, rowid, search_text) VALUES ('delete', old.id, old.search_text); "
    "INSERT INTO {table}_words(rowid, search_text) VALUES (new.id, new.search_text); END",
)
EXTENSION = """
DO $$ BEGIN
    CREATE EXTENSION IF NOT EXISTS pg_trgm;
EXCEPTION WHEN OTHERS THEN
    RAISE WARNING 'pg_trgm could not be installed, so lists are searched without an index: %', SQLERRM;
END $$
"""


def upgrade(bind_name: str) -> None:
    if bind_name != "default":
        return
    bind = op.get_bind()
    if bind.dialect.name == "sqlite":
        for table in TABLES:
            for statement in SQLITE:
                op.execute(statement.format(table=table))
        return
    op.execute(EXTENSION)
    if bind.exec_driver_sql("SELECT 1 FROM pg_opclass WHERE opcname = 'gin_trgm_ops'").first():
        for table in TABLES:
            op.create_index(
                f"ix_{table}_search_text_trigrams", table, ["search_text"], postgresql_using="gin",
                postgresql_ops={"search_text": "gin_trgm_ops"}, postgresql_with={"gin_pending_list_limit": 256},
            )


def downgrade(bind_name: str) -> None:
    if bind_name != "default":
        return
    for table in TABLES:
        if op.get_bind().dialect.name == "sqlite":
            for kind in ("insert", "delete", "update"):
                op.execute(f"DROP TRIGGER {table}_words_{kind}")
            op.execute(f"DROP TABLE {table}_words")
        else:
            op.execute(f"DROP INDEX IF EXISTS ix_{table}_search_text_trigrams")
