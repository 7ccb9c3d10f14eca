"""The audit log page: who changed what. Read only."""

from collections.abc import Callable
from typing import Any

from flask import Response, request, url_for
from sqlalchemy import ColumnElement, func, or_, select

from blueprints.admin.crud import export, history, related
from blueprints.admin.crud.list_filters import ListFilter
from blueprints.pages import navigation
from blueprints.pages.format import words
from blueprints.pages.htmx import is_partial, page_or_part
from blueprints.pages.navigation import Item
from blueprints.pages.session import actor, need, wide_actor
from blueprints.row_keys import page_number
from database import db
from database.ip_addresses import canonical
from domain.actor import Actor, All
from domain.pages import Page, Record
from models.audit import AuditEntry
from models.credential import Credential
from models.user import User

PER_PAGE = 50
MOST = 50_000                       # entries of one export
SOURCES = ("admin", "public", "client", "merchant", "core", "cli", "link", "system")
OTHER_KINDS = ("settings", "exchange_rate", "statement_row")         # of rows without pages of their own


def _kinds(_: Actor) -> list[tuple[str, str]]:
    """The kinds of row that have entries, by their names in the trail."""
    return sorted((one, words(one)) for one in {*related.trail_names(), *OTHER_KINDS})


FILTERS = (
    ListFilter(name="kind", title="Object", choices=_kinds),
    ListFilter(name="source", title="Made by", choices=[(one, words(one)) for one in SOURCES]),
    ListFilter(name="created_after", title="From day", kind="day"),
    ListFilter(name="created_before", title="Until day", kind="day"),
)
COMPARED: dict[str, Callable[[Any], ColumnElement[bool]]] = {
    "kind": AuditEntry.object_type.__eq__, "source": AuditEntry.source.__eq__,
    "created_after": AuditEntry.at.__ge__, "created_before": AuditEntry.at.__le__,
}


def register(bp: Any) -> None:
    """Register the log's URLs."""
    read = need("READ_AUDIT")
    navigation.add(Item(
        title="Audit log", icon="history", path="/admin/audit", position=350, group="Settings", scope="READ_AUDIT",
    ))
    bp.add_url_rule("/audit", "audit", read(show), methods=["GET"])
    bp.add_url_rule("/audit.csv", "audit_export", read(download), methods=["GET"])


def clauses(who: Actor) -> list[Any]:
    """The clauses for the actor's entries and the URL's filters. Only operators see entries of no merchant."""
    found: list[Any] = []
    if not isinstance(who.merchant_ids, All):
        found.append(AuditEntry.merchant_id.in_(who.merchant_ids))
    for one in FILTERS:
        value = one.value(who)
        if value is not None:
            found.append(COMPARED[one.name](value))
    sought = canonical(request.args.get("q", "").strip()[:100].replace("\x00", ""))
    if sought:
        found.append(_contains(sought))
    return found


def _contains(sought: str) -> ColumnElement[bool]:
    """Entries with these letters, also in the name of the person or of the key, as the page shows it."""
    def of(*columns: Any) -> ColumnElement[bool]:
        return or_(*(column.icontains(sought, autoescape=True) for column in columns))

    return or_(
        of(AuditEntry.actor, AuditEntry.action, AuditEntry.request_id, AuditEntry.ip),
        AuditEntry.user_id.in_(select(User.id).where(of(User.name, User.email))),
        AuditEntry.credential_id.in_(select(Credential.id).where(of(Credential.name))),
    )


def show() -> Response:
    """Entries, newest first; after the end the last page."""
    number = page_number(request.args.get("page", "1"))
    which = clauses(actor())
    total = db.session.scalar(select(func.count()).select_from(AuditEntry).where(*which)) or 0
    number = min(number, max(1, -(-total // PER_PAGE)))
    window = select(AuditEntry).where(*which).order_by(AuditEntry.id.desc()).limit(PER_PAGE)
    entries = db.session.scalars(window.offset((number - 1) * PER_PAGE)).all()
    rows = [Record(one, {}) for one in history.entries_of(wide_actor(), entries)]
    page = Page(rows, total, PER_PAGE, (number - 1) * PER_PAGE)
    response = page_or_part(
        "admin/audit.html", "admin/_audit_part.html", page=page, list_filters=FILTERS, link_with=link, who=actor(),
        narrowed=any(request.args.get(name) for name in ("q", *(one.name for one in FILTERS))))
    if is_partial() and not request.headers.get("HX-Current-URL", "").endswith(link()):
        response.headers["HX-Push-Url"] = link()                # without the empty fields of the form
    return response


def link(**changed: Any) -> str:
    """This list with other parameters; None drops one."""
    args = {name: value for name, value in {**request.args, **changed}.items() if value}
    return url_for("admin.audit", **args)


def download() -> Response:
    """The same entries as a file."""
    entries = db.session.scalars(
        select(AuditEntry).where(*clauses(actor())).order_by(AuditEntry.id.desc()).limit(MOST)
    )
    names = (
        "id", "at", "actor", "source", "action", "object_type", "object_id", "test", "ip", "request_id", "before",
        "after",
    )
    rows = ([_text(getattr(entry, name)) for name in names] for entry in entries)
    return export.send("audit", names, rows)


def _text(value: Any) -> Any:
    return str(value) if isinstance(value, dict) else value
