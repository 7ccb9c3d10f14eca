"""Pages of announcements: the list, the form with a preview, and for whom one is."""

import re
from collections.abc import Sequence
from typing import Any

from flask import request
from sqlalchemy import select
from werkzeug.datastructures import MultiDict

from blueprints.admin import customers as customer_pages
from blueprints.admin import line_forms
from blueprints.admin.crud.form_fields import Field, Section, pairs, unsaid
from blueprints.admin.crud.list_filters import ListFilter
from blueprints.admin.crud.listing import Column, ListPage
from blueprints.admin.row_field import held
from blueprints.admin.support.articles import WRITING
from blueprints.pages.format import zone
from blueprints.pages.session import wide_actor
from database import db
from domain.errors import Problem
from domain.markdown import LONGEST
from domain.pages import Query
from domain.people import customers
from domain.support import announcements
from models.announcement import Announcement, AnnouncementStatus
from models.customer import Customer

RECIPIENTS, ADDED = "customer_ids", "add_customer"
STATUS = pairs(AnnouncementStatus)
NAMES = "customers from the list, their e-mail addresses or numbers"
FORM = "%Y-%m-%dT%H:%M"


def values(row: Announcement) -> dict[str, Any]:
    """An announcement's values for the form."""
    at = row.published_at
    return {
        "title": row.title, "status": row.status, "content": row.content,
        "published_at": at.astimezone(zone()).strftime(FORM) if at else None,
        RECIPIENTS: named([one.customer_id for one in row.recipients]),
    }


def named(keys: Sequence[int]) -> list[str]:
    """Customers as the form holds them: Ada Lovelace (42)."""
    found = db.session.execute(select(Customer.id, Customer.name).where(Customer.id.in_(keys)))
    names = {row.id: held(row) for row in found}
    return [names[key] for key in keys if key in names]


def read(form: MultiDict[str, str]) -> MultiDict[str, str]:
    """The form with the numbers of customers who were named otherwise, and of the one that was chosen last."""
    added = form.get(ADDED, "").strip()
    if RECIPIENTS not in form and not added:
        return form
    plain = form.copy()
    plain.pop(ADDED, None)
    texts = form.getlist(RECIPIENTS) or request.form.getlist(RECIPIENTS)
    lines = [line.strip() for text in (*texts, added) for line in re.split(r"[\r\n;]+", text)]
    found = dict.fromkeys(number for line in lines if line for number in numbers_of(line))
    plain[RECIPIENTS] = " ".join(found)
    return plain


def numbers_of(line: str) -> list[str]:
    """The numbers of the customers in a line: one by name, or several by addresses and numbers; else what it says."""
    parts = [part for part in re.split(r"[\s,]+", line) if part]
    if all("@" in part or part.lstrip("#").isdigit() for part in parts):
        return [number_of(part) if "@" in part else part.lstrip("#") for part in parts]
    return [line_forms.key_of(line, "customer_id", line_forms.acting()).replace(" ", "_")]


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
            Field(name=ADDED, label="Add a customer", kind="row", suggested="admin.choices_customers", fact=unsaid,
                  adds=RECIPIENTS, wide=True, hint="Choose from the list: it is for these customers only."),
            Field(name=RECIPIENTS, label="Only for", kind="area", wide=True, fact=unsaid,
                  hint="One customer a line; e-mail addresses and numbers will do. Leave empty for all."),
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
