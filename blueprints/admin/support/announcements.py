"""Pages of announcements: the list, the form with a preview, and for whom one is."""

import re
from typing import Any

from werkzeug.datastructures import MultiDict

from blueprints.admin import customers as customer_pages
from blueprints.admin.crud.form_fields import Field, Section, pairs, unsaid
from blueprints.admin.crud.list_filters import ListFilter
from blueprints.admin.crud.listing import Column, ListPage
from blueprints.admin.support.articles import WRITING
from blueprints.pages.format import zone
from blueprints.pages.session import wide_actor
from domain.errors import Problem
from domain.markdown import LONGEST
from domain.pages import Query
from domain.people import customers
from domain.support import announcements
from models.announcement import Announcement, AnnouncementStatus

RECIPIENTS = "customer_ids"
STATUS = pairs(AnnouncementStatus)
NAMES = "numbers or e-mail addresses of customers"
FORM = "%Y-%m-%dT%H:%M"


def values(row: Announcement) -> dict[str, Any]:
    """An announcement's values for the form."""
    at = row.published_at
    return {
        "title": row.title, "status": row.status, "content": row.content,
        "published_at": at.astimezone(zone()).strftime(FORM) if at else None,
        RECIPIENTS: [one.customer_id for one in row.recipients],
    }


def read(form: MultiDict[str, str]) -> MultiDict[str, str]:
    """The form with the numbers of customers who were named by their e-mail addresses."""
    if RECIPIENTS not in form:
        return form
    named = [word for text in form.getlist(RECIPIENTS) for word in re.split(r"[\s,;]+", text) if word]
    plain = MultiDict(form)
    plain[RECIPIENTS] = " ".join(number_of(word) if "@" in word else word.lstrip("#") for word in named)
    return plain


def number_of(email: str) -> str:
    """The number of the customer with this address; the address where there is none."""
    found = customers.LISTING.page(wide_actor(), Query(filters={"email": email}, sort="id", limit=2)).records
    return str(found[0].id) if len(found) == 1 else email


def explain(name: str, problem: Problem) -> tuple[str, Problem]:
    """A mistake in the list of customers, in this form's words."""
    if name.partition(".")[0] != RECIPIENTS:
        return name, problem
    texts = {"type": f"must be {NAMES}", "unknown": f"must exist: {NAMES}"}
    return RECIPIENTS, Problem(problem.code, texts.get(problem.code, problem.text))


def for_whom(row: Any) -> str:
    """All customers, or how many."""
    count = len(row.children["recipients"])
    return "All customers" if row.for_all else f"{count:,} customer{'s' if count != 1 else ''}"


PAGE = ListPage(
    resource=announcements.RESOURCE,
    title="Announcements",
    group="Support",
    position=186,
    icon="bell",
    about="News for your customers: at once, or from a time on.",
    columns=(
        Column(name="title", kind="link", sort="title"),
        Column(name="for_all", title="For", shown=for_whom),
        Column(name="state", title="Status", kind="tag"),
        Column(name="published_at", title="Published", kind="when", sort="published_at"),
        Column(name="updated_at", title="Changed", kind="ago", sort="updated_at", minor=True),
    ),
    list_filters=(ListFilter(name="status", choices=STATUS, read=AnnouncementStatus),),
    sections=(
        Section("Announcement", (
            Field(name="title", required=True),
            Field(name="status", kind="select", choices=STATUS),
            Field(name="published_at", label="Published from", kind="datetime-local",
                  hint="Empty: as soon as it is published.", fact=unsaid),
            Field(name=RECIPIENTS, label="Only for", kind="area", wide=True, fact=unsaid,
                  hint="Numbers or e-mail addresses of customers, one a line. Leave empty for all."),
            Field(name="content", kind="area", label="Text", required=True, wide=True, fact=unsaid,
                  hint=f"{WRITING} At most {LONGEST:,} characters."),
        )),
    ),
    values=values,
    read=read,
    explain=explain,
    tones={"draft": "", "planned": "acc", "published": "ok", "withdrawn": "warn"},
    name=lambda row: row.title,
    form="admin/article_form.html",
    show="admin/announcement.html",
    details="admin/_announcement.html",
    context=lambda record: {"customer_url": customer_pages.PAGE.at},
)
