"""The audit log page: who changed what. Read only."""

from typing import Any

from flask import Response, request
from sqlalchemy import func, or_, select

from blueprints.admin.crud import export, history
from blueprints.pages import navigation
from blueprints.pages.htmx import page_or_part
from blueprints.pages.navigation import Item
from blueprints.pages.session import actor, need, wide_actor
from database import db
from database.ip_addresses import canonical
from domain.actor import Actor, All
from domain.pages import Page, Record
from models.audit import AuditEntry

PER_PAGE = 50
MOST = 50_000                       # entries of one export
SOURCES = ("admin", "public", "client", "merchant", "core", "cli", "link", "system")
KINDS = ("customer", "product", "budget", "api_key", "user", "merchant", "settings", "webhook", "delivery", "task",
         "price_rule", "product_group", "exchange_rate")


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
    if request.args.get("source") in SOURCES:
        found.append(AuditEntry.source == request.args["source"])
    if request.args.get("kind") in KINDS:
        found.append(AuditEntry.object_type == request.args["kind"])
    words = request.args.get("q", "").strip()[:100].replace("\x00", "")
    words = canonical(words)
    if words:
        columns = (AuditEntry.actor, AuditEntry.action, AuditEntry.request_id, AuditEntry.ip)
        found.append(or_(*(column.icontains(words, autoescape=True) for column in columns)))
    return found


def show() -> Response:
    """Entries, newest first; after the end the last page."""
    raw = request.args.get("page", "1")
    number = max(1, int(raw)) if raw.isascii() and raw.isdigit() and len(raw) < 7 else 1
    which = clauses(actor())
    total = db.session.scalar(select(func.count()).select_from(AuditEntry).where(*which)) or 0
    number = min(number, max(1, -(-total // PER_PAGE)))
    window = select(AuditEntry).where(*which).order_by(AuditEntry.id.desc()).limit(PER_PAGE)
    entries = db.session.scalars(window.offset((number - 1) * PER_PAGE)).all()
    rows = [Record(one, {}) for one in history.entries_of(wide_actor(), entries)]
    page = Page(rows, total, PER_PAGE, (number - 1) * PER_PAGE)
    return page_or_part("admin/audit.html", "admin/_audit.html", page=page, sources=SOURCES, kinds=KINDS,
                        narrowed=any(request.args.get(name) for name in ("q", "source", "kind")))


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
