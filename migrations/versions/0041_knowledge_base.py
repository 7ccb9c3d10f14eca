"""The knowledge base: categories, articles with an index of their words, earlier texts, and whether they helped.

Revision ID: 0041
Revises: 0040
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import TSVECTOR

revision = "0041"
down_revision = "0040"
branch_labels = None
depends_on = None

# Names that are not qualified: the index keeps the trigrams of search_text, and the text stays in the table alone.
WORDS = (
    "CREATE VIRTUAL TABLE articles_words USING fts5(search_text, content='articles', content_rowid='id', "
    "tokenize='trigram case_sensitive 1')",
    "CREATE TRIGGER articles_words_insert AFTER INSERT ON articles BEGIN "
    "INSERT INTO articles_words(rowid, search_text) VALUES (new.id, new.search_text); END",
    "CREATE TRIGGER articles_words_delete AFTER DELETE ON articles BEGIN "
    "INSERT INTO articles_words(articles_words, rowid, search_text) VALUES ('delete', old.id, old.search_text); END",
    "CREATE TRIGGER articles_words_update AFTER UPDATE OF search_text ON articles BEGIN "
    "INSERT INTO articles_words(articles_words, rowid, search_text) VALUES ('delete', old.id, old.search_text); "
    "INSERT INTO articles_words(rowid, search_text) VALUES (new.id, new.search_text); END",
)


def upgrade(bind_name: str) -> None:
    if bind_name != "default":
        return
    create_categories()
    create_articles()
    create_versions()
    create_votes()
    if op.get_bind().dialect.name == "sqlite":
        for statement in WORDS:
            op.execute(statement)
    else:
        op.create_index("ix_articles_search_grams", "articles", ["search_grams"], postgresql_using="gin")


def downgrade(bind_name: str) -> None:
    if bind_name != "default":
        return
    op.drop_table("article_votes")
    op.drop_table("article_versions")
    if op.get_bind().dialect.name == "sqlite":
        op.execute("DROP TABLE articles_words")
    op.drop_table("articles")
    op.drop_table("article_categories")


def kind_of_key() -> sa.types.TypeEngine:
    return sa.String(length=255).with_variant(sa.String(length=255, collation="C"), "postgresql")


def owner() -> list[sa.Column]:
    return [sa.Column("merchant_id", sa.Integer(), nullable=False), sa.Column("test", sa.Boolean(), nullable=False)]


def history() -> list[sa.Column]:
    return [
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("created_at", sa.DateTime(), nullable=False),
        sa.Column("updated_at", sa.DateTime(), nullable=False),
        sa.Column("deleted_at", sa.DateTime(), nullable=True),
    ]


def refers(table: str, column: str, other: str) -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint([column], [f"{other}.id"], name=f"fk_{table}_{column}_{other}")


def undeleted(name: str, table: str, columns: list[str], *, unique: bool = False) -> None:
    kept = sa.text("deleted_at IS NULL")
    op.create_index(name, table, columns, unique=unique, sqlite_where=kept, postgresql_where=kept)


def create_categories() -> None:
    name = "article_categories"
    op.create_table(
        name,
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("name", sa.String(length=100), nullable=False),
        sa.Column("description", sa.String(length=500), nullable=True),
        sa.Column("created_by_user_id", sa.Integer(), nullable=True),
        sa.Column("name_sort", kind_of_key(), nullable=True),
        sa.Column("search_text", sa.Text(), nullable=True),
        *owner(),
        *history(),
        refers(name, "created_by_user_id", "users"),
        refers(name, "merchant_id", "merchants"),
        sa.PrimaryKeyConstraint("id", name=f"pk_{name}"),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_article_categories_merchant_id", name, ["merchant_id"])


def create_articles() -> None:
    name = "articles"
    op.create_table(
        name,
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("category_id", sa.Integer(), nullable=True),
        sa.Column("slug", sa.String(length=100), nullable=False),
        sa.Column("title", sa.String(length=200), nullable=False),
        sa.Column("status", sa.Enum("draft", "published", name="articlestatus", native_enum=False, length=16),
                  nullable=False),
        sa.Column("published_at", sa.DateTime(), nullable=True),
        sa.Column("views", sa.Integer(), nullable=False),
        sa.Column("helped", sa.Integer(), nullable=False),
        sa.Column("not_helped", sa.Integer(), nullable=False),
        sa.Column("text_number", sa.Integer(), nullable=False),
        sa.Column("written_by", sa.String(length=255), nullable=False),
        sa.Column("written_at", sa.DateTime(), nullable=False),
        sa.Column("created_by_user_id", sa.Integer(), nullable=True),
        sa.Column("title_sort", kind_of_key(), nullable=True),
        *owner(),
        *history(),
        sa.Column("content", sa.Text(), nullable=False),
        sa.Column("plain_text", sa.Text(), nullable=False),
        sa.Column("search_text", sa.Text(), nullable=True),
        sa.Column("search_grams", sa.Text().with_variant(TSVECTOR(), "postgresql"), nullable=True),
        refers(name, "category_id", "article_categories"),
        refers(name, "created_by_user_id", "users"),
        refers(name, "merchant_id", "merchants"),
        sa.PrimaryKeyConstraint("id", name=f"pk_{name}"),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_articles_merchant_id", name, ["merchant_id"])
    op.create_index("ix_articles_category_id", name, ["category_id"])
    undeleted("uq_articles_merchant_id_test_slug", name, ["merchant_id", "test", "slug"], unique=True)
    for columns in (["merchant_id", "test", "created_at", "id"], ["merchant_id", "test", "status", "views", "id"]):
        undeleted(f"ix_articles_{'_'.join(columns)}", name, columns)


def create_versions() -> None:
    name = "article_versions"
    op.create_table(
        name,
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("article_id", sa.Integer(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("title", sa.String(length=200), nullable=False),
        sa.Column("written_by", sa.String(length=255), nullable=False),
        sa.Column("created_at", sa.DateTime(), nullable=False),
        *owner(),
        sa.Column("content", sa.Text(), nullable=False),
        refers(name, "article_id", "articles"),
        refers(name, "merchant_id", "merchants"),
        sa.PrimaryKeyConstraint("id", name=f"pk_{name}"),
        sa.UniqueConstraint("article_id", "number", name=f"uq_{name}_article_id_number"),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_article_versions_merchant_id", name, ["merchant_id"])


def create_votes() -> None:
    name = "article_votes"
    op.create_table(
        name,
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("article_id", sa.Integer(), nullable=False),
        sa.Column("customer_id", sa.Integer(), nullable=False),
        sa.Column("helped", sa.Boolean(), nullable=False),
        sa.Column("created_at", sa.DateTime(), nullable=False),
        *owner(),
        refers(name, "article_id", "articles"),
        refers(name, "customer_id", "customers"),
        refers(name, "merchant_id", "merchants"),
        sa.PrimaryKeyConstraint("id", name=f"pk_{name}"),
        sa.UniqueConstraint("article_id", "customer_id", name=f"uq_{name}_article_id_customer_id"),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_article_votes_merchant_id", name, ["merchant_id"])
    op.create_index("ix_article_votes_customer_id", name, ["customer_id"])
