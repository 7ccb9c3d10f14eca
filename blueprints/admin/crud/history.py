"""Shows audit entries as sentences: who changed what of which row, from which value to which."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from flask import request, url_for
from sqlalchemy import func, select

from blueprints.admin.crud import changes, related
from blueprints.admin.crud.changes import Change
from blueprints.admin.crud.listing import ListPage
from blueprints.admin.crud.tabs import Tab
from blueprints.pages import navigation
from blueprints.pages.format import words
from blueprints.row_keys import page_number
from database import db
from domain.actor import Actor
from domain.errors import NotFound
from domain.pages import Page, Record
from models.audit import AuditEntry
from models.credential import Credential
from models.user import User

PER_PAGE = 30
VIA = {"public": "Public API", "client": "Client API", "merchant": "Merchant API", "core": "Core API",
       "cli": "command line", "link": "a link", "mail": "a mail"}
SELVES = {"operator": "The operator", "system": "The system"}
ICONS = {"created": "plus", "updated": "pencil", "deleted": "trash", "restored": "rotate", "archived": "archive",
         "approved": "circle-check", "rejected": "circle-x", "revoked": "ban", "expired": "clock"}


@dataclass(frozen=True, slots=True)
class Name:
    """The name of a person, a key or a row, with the URL of its page if the reader may open it."""

    text: str
    url: str | None = None


@dataclass(frozen=True, slots=True)
class HistoryEntry:
    """An audit entry as a sentence. `about` is the row that it is about."""

    entry: AuditEntry
    who: Name
    verb: str                       # approved, rotated the secret of
    noun: str                       # customer; empty if the name says it
    about: Name | None
    changes: tuple[Change, ...]
    via: str
    icon: str


class Names:
    """Reads the names for one page of entries, each row once."""

    def __init__(self, actor: Actor, entries: Sequence[AuditEntry]):
        self.actor = actor
        people = {one.user_id for one in entries if one.user_id}
        keys = {one.credential_id for one in entries if one.credential_id}
        self.people = _names(User, [User.id, User.name, User.email], people)
        self.keys = _names(Credential, [Credential.id, Credential.name, Credential.prefix], keys)
        self.rows: dict[tuple[str, int], Record | None] = {}

    def who(self, entry: AuditEntry) -> Name:
        """Who made the change: a user before the key that was used."""
        if entry.user_id in self.people:
            return Name(self.people[entry.user_id], self._url("user", entry.user_id))
        if entry.credential_id in self.keys:
            return Name(self.keys[entry.credential_id], self._url("api key", entry.credential_id))
        return Name(SELVES.get(entry.actor, entry.actor))

    def row(self, here: ListPage | None, key: int | None) -> Record | None:
        """The row that an entry is about; None if it is gone or another owner's."""
        if here is None or key is None or not self.actor.can(here.resource.read_scope):
            return None
        if (here.trail_name, key) not in self.rows:
            try:
                found = here.resource.listing.read(self.actor, key)
            except NotFound:
                found = None
            self.rows[here.trail_name, key] = found
        return self.rows[here.trail_name, key]

    def _url(self, noun: str, key: int | None) -> str | None:
        page = navigation.row_page(noun, self.actor)
        return f"{page.path}/{key}" if page is not None else None


def _names(model: Any, columns: list[Any], keys: set[Any]) -> dict[int | None, str]:
    """The names of rows, deleted ones too; the last column for those without a name."""
    if not keys:
        return {}
    return {key: name or other for key, name, other in db.session.execute(select(*columns).where(model.id.in_(keys)))}


def entries_of(actor: Actor, entries: Sequence[AuditEntry]) -> list[HistoryEntry]:
    """The entries as sentences."""
    names = Names(actor, entries)
    return [_entry_of(names, entry) for entry in entries]


def _entry_of(names: Names, entry: AuditEntry) -> HistoryEntry:
    noun, _, verb = entry.action.partition(".")
    here = related.page_of(noun)
    row = names.row(here, entry.object_id)
    changed = changes.of(entry, here, row, names.actor) if verb == "updated" else ()
    about = _about(here, row, entry)
    return HistoryEntry(
        entry=entry, who=names.who(entry), verb=_verb(here, verb), noun=_noun(noun, about, entry.object_id),
        about=about, changes=changed, via=_via(entry), icon=ICONS.get(verb, "history"),
    )


def _via(entry: AuditEntry) -> str:
    """Where the change was made. A customer's program has a token, a user in the client area has none."""
    return "client area" if entry.source == "client" and entry.credential_id is None else VIA.get(entry.source, "")


def _noun(slug: str, about: Name | None, key: int | None) -> str:
    """The noun within a sentence; empty before a name that says it, such as Budget 42."""
    noun = words(slug)
    if about is not None and about.text.startswith(noun) and about.text.endswith(str(key)):
        return ""
    return noun if noun[:2].isupper() else noun[:1].lower() + noun[1:]


def _verb(here: ListPage | None, verb: str) -> str:
    """The verb as text: approved; secret_rotated becomes rotated the secret of."""
    if here is not None and verb in here.audit_verbs:
        return here.audit_verbs[verb]
    *what, done = verb.split("_")
    return f"{done} the {' '.join(what)} of" if what else done


def _about(here: ListPage | None, row: Record | None, entry: AuditEntry) -> Name | None:
    """The row by its name; by the name that it had, if it is gone."""
    if entry.object_id is None:
        return None
    if here is not None and row is not None:
        return Name(here.name(row) or "(no name)", here.url("show", key=entry.object_id) if here.opens else None)
    had = (entry.before or {}) | (entry.after or {})
    return Name(str(had.get("name") or had.get("email") or had.get("url") or entry.object_id))


def signer(actor: Actor, text: str | None) -> Name | None:
    """The name of who is stored as the text of an actor: api_key_7, an e-mail."""
    noun, _, number = (text or "").rpartition("_")
    page = navigation.row_page(noun, actor) if number.isascii() and number.isdigit() else None
    name = page.name(actor, int(number)) if page is not None else None
    if page is not None and name is not None:
        return Name(name, f"{page.path}/{number}")
    known = db.session.scalar(select(User.name).where(User.email == text)) if text and "@" in text else None
    return Name(known or text) if text else None


# The tab of a record ------------------------------------------------------------------------------


def provide(here: ListPage, record: Any, who: Actor) -> Iterator[Tab]:
    """The history of a record, for those who may read the audit log."""
    if not who.can("READ_AUDIT"):
        return
    clauses = (AuditEntry.object_type == here.trail_name, AuditEntry.object_id == record.id)
    total = db.session.scalar(select(func.count()).select_from(AuditEntry).where(*clauses)) or 0
    yield Tab(
        name="history", title="History", count=f"{total:,}" if total else "", template="admin/_history.html",
        context=lambda: context(here, record, who, clauses, total),
    )


def context(here: ListPage, record: Any, who: Actor, clauses: Sequence[Any], total: int) -> dict[str, Any]:
    """A page of the record's entries, newest first."""
    number = page_number(request.args.get("page", "1"))
    offset = PER_PAGE * (min(number, max(1, -(-total // PER_PAGE))) - 1)
    newest = (AuditEntry.at.desc(), AuditEntry.id.desc())
    statement = select(AuditEntry).where(*clauses).order_by(*newest).limit(PER_PAGE).offset(offset)
    entries = db.session.scalars(statement).all()
    return {
        "entries": entries_of(who, entries),
        "page": Page([Record(one, {}) for one in entries], total, PER_PAGE, offset),
        "link": lambda at: url_for(here.endpoint("show"), key=record.id, tab="history", page=at if at > 1 else None),
    }
