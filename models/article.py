"""The knowledge base: categories, articles, the texts that articles had before, and whether they helped."""

from datetime import datetime
from enum import StrEnum

from sqlalchemy import ForeignKey, Index, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from database import Model, constraints, long_text, partial_index, pk, word
from database.text_keys import search_key, sort_key
from database.word_index import grams
from models.owned import Owned, Removable, Versioned, undeleted


class ArticleStatus(StrEnum):
    DRAFT = "draft"                      # nobody but staff reads it; also one that was withdrawn
    PUBLISHED = "published"


class ArticleCategory(Owned, Versioned, Removable, Model):
    """What articles are grouped by."""

    __tablename__ = "article_categories"

    id: Mapped[pk]
    name: Mapped[str] = mapped_column(String(100))
    description: Mapped[str | None] = mapped_column(String(500))
    created_by_user_id: Mapped[int | None] = mapped_column(ForeignKey("users.id"))
    name_sort: Mapped[str | None] = sort_key("name")
    search_text: Mapped[str | None] = search_key("name", "description")


class Article(Owned, Versioned, Removable, Model):
    """An article, written in Markdown. The long texts are the last columns: SQLite reads the others without them."""

    __tablename__ = "articles"
    __table_args__ = constraints(
        partial_index(
            "uq_articles_merchant_id_test_slug", "merchant_id", "test", "slug", unique=True,
            where="deleted_at IS NULL",
        ),
        undeleted("merchant_id", "test", "created_at", "id"),
        # All that a search needs to put what it found in order.
        partial_index(
            "ix_articles_search", "merchant_id", "test", "status", "views", "id", "title_sort", "category_id",
            where="deleted_at IS NULL",
        ),
        Index(
            "ix_articles_search_grams", "search_grams", postgresql_using="gin",
            postgresql_with={"fastupdate": "off"},      # entries that are put off would be read by every search
            info={"dialect": "postgresql"},
        ),
    )

    id: Mapped[pk]
    category_id: Mapped[int | None] = mapped_column(ForeignKey("article_categories.id"), index=True)
    slug: Mapped[str] = mapped_column(String(100))                           # its name in addresses
    title: Mapped[str] = mapped_column(String(200))
    status: Mapped[ArticleStatus] = mapped_column(word(ArticleStatus))
    published_at: Mapped[datetime | None]                                    # for the first time
    views: Mapped[int] = mapped_column(default=0)
    helped: Mapped[int] = mapped_column(default=0)                           # customers who said yes
    not_helped: Mapped[int] = mapped_column(default=0)
    text_number: Mapped[int] = mapped_column(default=1)                      # of the present text
    written_by: Mapped[str]                                                  # who saved the present text
    written_at: Mapped[datetime]
    created_by_user_id: Mapped[int | None] = mapped_column(ForeignKey("users.id"))
    title_sort: Mapped[str | None] = sort_key("title")
    content: Mapped[long_text]                                               # Markdown
    plain_text: Mapped[long_text]                                            # the content without markup
    search_text: Mapped[str | None] = search_key("title", "plain_text")
    search_grams: Mapped[str | None] = grams("title", "plain_text")

    category: Mapped[ArticleCategory | None] = relationship()


class ArticleVersion(Owned, Model):
    """A text that an article had before."""

    __tablename__ = "article_versions"
    __table_args__ = constraints(UniqueConstraint("article_id", "number"))

    id: Mapped[pk]
    article_id: Mapped[int] = mapped_column(ForeignKey("articles.id"))
    number: Mapped[int]                                                      # from 1 with each article
    title: Mapped[str] = mapped_column(String(200))
    written_by: Mapped[str]
    created_at: Mapped[datetime]                                             # when this text was saved
    content: Mapped[long_text]


class ArticleVote(Owned, Model):
    """Whether an article helped a customer."""

    __tablename__ = "article_votes"
    __table_args__ = constraints(UniqueConstraint("article_id", "customer_id"))

    id: Mapped[pk]
    article_id: Mapped[int] = mapped_column(ForeignKey("articles.id"))
    customer_id: Mapped[int] = mapped_column(ForeignKey("customers.id"), index=True)
    helped: Mapped[bool]
    created_at: Mapped[datetime]
