"""Pages of canned answers."""

from typing import Any

from blueprints.admin.crud.form_fields import Field, Section, unsaid
from blueprints.admin.crud.list_filters import ListFilter
from blueprints.admin.crud.listing import Column, ListPage
from domain.support import canned_answers
from models.canned_answer import CannedAnswer

ON_OFF = (("true", "Active"), ("false", "Switched off"))


def values(row: CannedAnswer) -> dict[str, Any]:
    """An answer's values for the form."""
    return {"title": row.title, "text": row.text, "active": row.active}


PAGE = ListPage(
    resource=canned_answers.RESOURCE,
    title="Canned answers",
    group="Support",
    position=188,
    icon="note",
    about="Answers that you write once and put into tickets with one click.",
    columns=(
        Column(name="title", kind="link", sort="title"),
        Column(name="active", kind="flag"),
        Column(name="created_at", title="Since", kind="day", sort="created_at", minor=True),
    ),
    list_filters=(ListFilter(name="active", choices=ON_OFF, read=lambda text: text == "true"),),
    sections=(
        Section("Canned answer", (
            Field(name="title", required=True, hint="As your users choose it."),
            Field(name="text", kind="area", required=True, wide=True,
                  hint="{customer}, {number}, {subject} and {agent} are filled in."),
            Field(name="active", label="Offered in tickets", kind="check", fact=unsaid),
        )),
    ),
    values=values,
    sort="title",
    name=lambda row: row.title,
)
