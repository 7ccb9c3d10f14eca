"""Refuses changes of issued invoices and of credit notes, whichever part of the program tries.

The chain of the books shows a change that was made past the program.
"""

from typing import Any

from sqlalchemy import event, inspect
from sqlalchemy.orm import ORMExecuteState, Session

from models.credit_note import CreditNote, CreditNoteItem
from models.invoice import CHANGING, Invoice, InvoiceItem, InvoiceState

NEVER = (CreditNote, CreditNoteItem)
ISSUED = (Invoice, InvoiceItem, *NEVER)


class IssuedRow(RuntimeError):
    """An issued document would be changed: a mistake in the program."""


@event.listens_for(Session, "before_flush")
def _refuse(session: Session, *_: Any) -> None:
    """Refuse a flush that changes or deletes what was issued before it, or adds to it."""
    with session.no_autoflush:
        for row in (*session.dirty, *session.deleted, *session.new):
            if isinstance(row, ISSUED) and _is_final(session, row) and _changed(session, row):
                raise IssuedRow(f"{type(row).__name__} {row.id} is issued and never changes")


def _is_final(session: Session, row: Any) -> bool:
    """Whether the stored row is part of something issued."""
    if isinstance(row, Invoice):
        history = inspect(row).attrs.state.load_history()
        return row not in session.new and InvoiceState.ISSUED in (history.deleted or history.unchanged)
    if isinstance(row, InvoiceItem):
        invoice = session.get(Invoice, row.invoice_id) if row.invoice_id is not None else None
        return invoice is not None and _is_final(session, invoice)
    return row not in session.new


def _changed(session: Session, row: Any) -> bool:
    """Whether the row comes or goes, or anything changes in it that never does."""
    if row in session.deleted or row in session.new:
        return True
    state = inspect(row)
    free = CHANGING if isinstance(row, Invoice) else frozenset({"search_text", "version", "updated_at"})
    names = [one.key for one in state.mapper.attrs if one.key not in free]
    return any(state.attrs[name].history.has_changes() for name in names)


@event.listens_for(Session, "do_orm_execute")
def _refuse_statement(execution: ORMExecuteState) -> None:
    """Refuse statements over whole tables of issued rows: nothing in the program needs one."""
    if execution.is_update or execution.is_delete:
        mapper = execution.bind_mapper
        if mapper is not None and mapper.class_ in ISSUED:
            raise IssuedRow(f"{mapper.class_.__name__}: issued rows are changed one by one")
