"""Pages of categories: what articles are grouped by."""

from typing import Any

from blueprints.admin.crud.form_fields import Field, Section
from blueprints.admin.crud.listing import Column, ListPage
from blueprints.admin.support.articles import TABS
from domain.support.knowledge import article_categories
from models.article import ArticleCategory


def values(row: ArticleCategory) -> dict[str, Any]:
    """A category's values for the form."""
    return {"name": row.name, "description": row.description}


PAGE = ListPage(
    resource=article_categories.RESOURCE,
    tabs=TABS,
    apart="It is a tab of Articles.",
    title="Article categories",
    icon="category",
    about="What articles are grouped by in the client area.",
    columns=(
        Column(name="name", kind="link", sort="name"),
        Column(name="description"),
        Column(name="articles", kind="number"),
    ),
    sections=(
        Section("Category", (
            Field(name="name", required=True, hint="As customers read it."),
            Field(name="description", kind="area", wide=True, hint="What its articles are about, in a sentence."),
        )),
    ),
    values=values,
    sort="name",
)
