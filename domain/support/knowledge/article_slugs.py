"""Names articles in addresses: lower-case letters and digits with hyphens, once in a merchant's world."""

import unicodedata
from typing import Annotated

from pydantic import AfterValidator
from sqlalchemy import select

from database import db
from database.searching import fold
from domain.errors import Conflict, Problem
from domain.inputs import Text
from domain.inputs.validators import wrong
from models.article import Article

LONGEST = 80                            # characters, before a number
NAMELESS = "article"                    # the slug of a title without letters and digits


def folded(text: str) -> str:
    """The letters and digits of a text, folded, with hyphens between its words."""
    kept = "".join(char if unicodedata.category(char)[0] in "LMN" else " " for char in fold(text))
    return "-".join(kept.split())[:LONGEST].strip("-")


def _slug(value: str) -> str:
    if value and folded(value) != value:
        raise wrong("invalid", "must be lower-case letters and digits with hyphens, such as refunds-and-credit")
    return value


Slug = Annotated[str, Text(LONGEST, 1), AfterValidator(_slug)]


def fresh(article: Article, title: str) -> str:
    """A slug from the title that no other article has: refunds, then refunds-2."""
    first = folded(title) or NAMELESS
    taken = set(_others(article, Article.slug.startswith(first, autoescape=True)))
    return first if first not in taken else next(
        slug for number in range(2, len(taken) + 3) if (slug := f"{first}-{number}") not in taken)


def chosen(article: Article, slug: str) -> str:
    """The slug; raises Conflict when another article has it."""
    if _others(article, Article.slug == slug):
        raise Conflict(
            "There is an article with this address already.",
            fields={"slug": Problem("taken", "is the address of another article")})
    return slug


def _others(article: Article, like: object) -> list[str]:
    """The slugs of the merchant's other articles that fit."""
    found = select(Article.slug).where(
        Article.merchant_id == article.merchant_id, Article.test == article.test, Article.deleted_at.is_(None),
        Article.id != (article.id or 0), like,      # type: ignore[arg-type]
    )
    with db.session.no_autoflush:            # the row is not complete yet
        return list(db.session.scalars(found))
