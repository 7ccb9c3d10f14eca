"""Adds, changes, removes and restores rows of every noun, with audit entry and event."""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from database import db
from database.inserting import flush_new
from domain import audit, clock
from domain.actor import Actor
from domain.inputs import Input, changes
from domain.listing import touch

Undo = Callable[[Actor, Any, Mapping[str, Any]], Any]


@dataclass(slots=True)
class Change:
    """A change in progress: the row's values before it, and the verb of the audit entry and the event."""

    before: dict[str, Any]
    verb: str


@dataclass(frozen=True, kw_only=True)
class Lifecycle:
    """Declared once by each noun; nothing here commits.

    `noun` begins the names of audit entries and events. `emit_event` emits an event; without it the noun has
    none; `silent` are verbs without one. `merchant_of` names the merchant whose trail shows the entry, where the row
    has no `merchant_id`.
    """

    noun: str
    emit_event: Callable[[Actor, str, Any], Any] | None = None
    silent: frozenset[str] = frozenset()
    snapshot: Callable[[Any], dict[str, Any]] = audit.snapshot
    merchant_of: Callable[[Any], int | None] = lambda row: None

    def add(self, actor: Actor, row: Any) -> None:
        """Store a new row, which gives it its id, and record its creation."""
        now = clock.now()
        row.created_at, row.updated_at, row.version = row.created_at or now, row.updated_at or now, 1
        if hasattr(row, "created_by_user_id"):
            row.created_by_user_id = actor.user_id
        session = db.session()
        session.add(row)
        flush_new(session)
        self.note(actor, "created", row, after=self.snapshot(row))
        self.emit(actor, "created", row)

    @contextmanager
    def changing(self, actor: Actor, row: Any, verb: str = "updated", event: str | None = "") -> Iterator[Change]:
        """Context of a change of the row. The event has the verb's name or the one given; None emits none."""
        change = Change(self.snapshot(row), verb)
        yield change
        touch(row)
        db.session.flush()       # a taken name shows here, inside the caller's transaction
        self.note(actor, change.verb, row, before=change.before, after=self.snapshot(row))
        if event is not None:
            self.emit(actor, event or change.verb, row)

    @contextmanager
    def removing(self, actor: Actor, row: Any) -> Iterator[Change]:
        """Context of a deletion: the row is marked as deleted. Its event shows it as it was."""
        self.emit(actor, "deleted", row)
        change = Change(self.snapshot(row), "deleted")
        row.deleted_at = clock.now()
        yield change
        touch(row)
        self.note(actor, change.verb, row, before=change.before, after=self.snapshot(row))

    def remove(self, actor: Actor, row: Any) -> None:
        """Mark the row as deleted."""
        with self.removing(actor, row):
            pass

    def erase(self, actor: Actor, row: Any) -> None:
        """Delete the row for good; only the audit trail keeps its values."""
        self.note(actor, "deleted", row, before=self.snapshot(row))
        db.session.delete(row)

    @contextmanager
    def restoring(self, actor: Actor, row: Any) -> Iterator[Change]:
        """Context of undoing a deletion."""
        with self.changing(actor, row, "restored", event="updated") as change:
            row.deleted_at = None
            yield change

    def note(
        self, actor: Actor, verb: str, row: Any, *, before: dict[str, Any] | None = None,
        after: dict[str, Any] | None = None,
    ) -> None:
        """Write an audit entry about the row."""
        audit.record(
            actor, f"{self.noun}.{verb}", row, before=before, after=after, merchant_id=self.merchant_of(row)
        )

    def emit(self, actor: Actor, verb: str, row: Any) -> None:
        """Emit the event of the verb, where the noun has events."""
        if self.emit_event is not None and verb not in self.silent:
            self.emit_event(actor, f"{self.noun}.{verb}", row)


def put_back(update: Callable[[Actor, Any, dict[str, Any]], Any], model: type[Input]) -> Undo:
    """An undo that restores the values of input fields; raises Invalid for values that fail validation."""
    def undo(actor: Actor, row: Any, was: Mapping[str, Any]) -> Any:
        return update(actor, row, changes(model, dict(was)))

    return undo
