"""Pages of bank statements: the movements that were read, what is unsure, and uploading a file."""

import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from functools import partial
from typing import Any

from flask import Response, flash, make_response, render_template, request, url_for
from sqlalchemy import select

from blueprints.admin import choices, invoices
from blueprints.admin.crud.form_fields import Field, Section, pairs
from blueprints.admin.crud.list_filters import ListFilter
from blueprints.admin.crud.listing import Column, ListPage
from blueprints.admin.order_events import page_of
from blueprints.pages.htmx import redirect_to
from blueprints.pages.session import actor, need
from database import db, transaction
from domain.actor import Actor
from domain.errors import DomainError, Invalid, LimitExceeded
from domain.invoicing.bank import bank_candidates, bank_import, bank_invoices, bank_statement_rows
from domain.invoicing.bank.bank_import import Imported
from domain.payments.bank.formats.bank_csv import CsvForm
from domain.payments.bank.formats.bank_csv_heads import PARTS
from domain.payments.bank.formats.bank_statements import MOST_BYTES
from models.invoice import Invoice
from models.statement_row import StatementState

BESIDE_THE_FILE = 64 * 1024                # bytes of the form's other fields
LONGEST = 20.0                             # seconds of storing movements; what is left is read from the same file again
WAIT = 30                                  # seconds until a refused upload should be repeated
_place = threading.Lock()                  # a large statement takes memory and a thread for long: one in each process
ORDERS = (("", "Found in the file"), ("day", "Day first: 31/12"), ("month", "Month first: 12/31"))
MARKS = (("", "Found in the file"), (",", "Comma: 1.234,50"), (".", "Point: 1,234.50"))
PAYS = ("scheduled_payment_id", "invoice_ids")


def named(record: Any) -> Sequence[Invoice]:
    """The invoices that a movement pays, or may pay."""
    keys = record.invoice_ids or ()
    return db.session.scalars(select(Invoice).where(Invoice.id.in_(keys)).order_by(Invoice.id)).all() if keys else ()


def pays(record: Any) -> str:
    """The order or the invoices that a movement pays, or may pay."""
    if record.order_id is not None:
        return f"Order {record.order_id}"
    return ", ".join(str(one.number) for one in named(record))


def links(record: Any) -> list[tuple[str, str | None]]:
    """The numbers of its invoices, with their pages for who may read them."""
    may_read = actor().can("READ_INVOICES")
    return [(str(one.number), invoices.PAGE.at(one.id) if may_read else None) for one in named(record)]


def pages(record: Any) -> dict[str, str | None]:
    """The pages of what a movement pays, for who may read them."""
    who = actor()
    named = (("order", "order", record.order_id), ("scheduled", "scheduled_payment", record.scheduled_payment_id),
             ("payment", "payment", record.payment_id))
    return {name: page_of(noun, key, who) if key is not None else None for name, noun, key in named}


PAGE = ListPage(
    resource=bank_statement_rows.RESOURCE,
    title="Bank statements",
    tabs=(("Movements", "admin.statement_rows_list"), ("Upload a statement", "admin.statement_upload")),
    group="Billing",
    position=160,
    icon="table",
    details="admin/_statement_row.html",
    about="Movements of your bank account. Transfers with a matching reference or number of an invoice, and the amount "
          "that is open, are booked automatically.",
    sort="-booked_on",
    name=lambda row: f"Movement {row.id}",
    row_words=("movement", "movements"),
    columns=(
        Column(name="id", title="Movement", kind="link"),
        Column(name="booked_on", title="Booked", kind="day", sort="booked_on"),
        Column(name="payer_name", title="Payer"),
        Column(name="amount_minor", title="Amount", kind="money", sort="amount"),
        Column(name="state", kind="tag", sort="state"),
        Column(name="reason", title="Why", minor=True),
        Column(name="order_id", title="For", minor=True, shown=pays),
    ),
    list_filters=(ListFilter(name="state", choices=pairs(StatementState), read=StatementState),),
    sections=(
        Section("What it pays", (
            Field(name="scheduled_payment_id", label="Scheduled payment", kind="number"),
            Field(name="invoice_ids", label="Invoice", kind="number"),
        )),
    ),
    values=lambda row: dict.fromkeys(PAYS),                  # choosing what was suggested is a change, too
    context=lambda record: {"invoices": links(record), "pays": pages(record)},
    form="admin/statement_assign.html",
    edit_title="Assign",
    choices=lambda who: {
        "candidates": partial(bank_candidates.find, who), "invoices_of": partial(bank_invoices.candidates, who),
    },
    can_edit=lambda record: bool(record.state == StatementState.UNSURE and record.amount_minor > 0),
    tones={"booked": "ok", "unsure": "warn", "ignored": ""},
)


def register(bp: Any) -> None:
    """Register the page that takes a file."""
    write = need("WRITE_PAYMENTS")
    bp.url_value_preprocessor(allow_a_file)
    bp.add_url_rule("/statement_upload", "statement_upload", write(show_upload), methods=["GET"])
    bp.add_url_rule("/statement_upload", "statement_read", write(upload), methods=["POST"])


def allow_a_file(endpoint: str | None, _: Any) -> None:
    """A statement may be larger than other forms. This runs before anything reads the form."""
    if endpoint == "admin.statement_read":
        request.max_content_length = MOST_BYTES + BESIDE_THE_FILE


def show_upload(wrong: DomainError | None = None) -> Response:
    """The form for a file, with what a CSV file may not say itself."""
    page = render_template(
        "admin/statement_upload.html", here=PAGE, wrong=wrong, typed=request.form, parts=PARTS, orders=ORDERS,
        marks=MARKS, currencies=choices.currencies, who=actor(), most=MOST_BYTES // 1024**2,
        must_choose=not actor().has_one_merchant,
    )
    return make_response(page, 422 if wrong else 200)


def upload() -> Any:
    """Read the file and book what is sure; a file that cannot be read says where and why."""
    file = request.files.get("file")
    who = actor()
    if file is None or not file.filename:
        return show_upload(Invalid("Choose a file."))
    if not who.has_one_merchant:
        return show_upload(Invalid("Choose a merchant profile first: a bank account belongs to one."))
    try:
        with one_at_a_time(), closing(file):
            done, left = import_within(LONGEST, who, file.read(MOST_BYTES + 1), file.filename, form_of(request.form))
    except LimitExceeded:
        raise
    except DomainError as error:
        return show_upload(error)
    flash(f"{done.words}.")
    if left:
        flash(f"Left to be read: {left}. It takes too long for one upload: upload the same file again.", "bad")
        return redirect_to(url_for("admin.statement_upload"))
    return redirect_to(PAGE.url("list", state="unsure") if done.unsure else PAGE.url("list"))


@contextmanager
def one_at_a_time() -> Iterator[None]:
    """Reserve the place in which a statement is read, or raise LimitExceeded at once."""
    if not _place.acquire(blocking=False):
        raise LimitExceeded(
            "Another statement is being read. Upload this one again in a moment.", details={"retry_after": WAIT})
    try:
        yield
    finally:
        _place.release()


def import_within(seconds: float, who: Actor, raw: bytes, name: str, form: CsvForm) -> tuple[Imported, int]:
    """Read a file and store it in portions, each in a transaction of its own; how many movements are left."""
    statement, done, began = bank_import.read(who, raw, name, form), Imported(), time.monotonic()
    for rows in statement.portions():
        with transaction():
            done += bank_import.store(who, statement, rows)
        if time.monotonic() - began > seconds:
            break
    return done, len(statement.file.rows) - done.read


def form_of(typed: Any) -> CsvForm:
    """What was typed about a CSV file."""
    named = {part: head for part in PARTS if (head := typed.get(f"column_{part}", "").strip()[:200])}
    order = typed.get("day_first", "")
    return CsvForm(
        columns=named, day_first={"day": True, "month": False}.get(order),
        decimal_mark=mark if (mark := typed.get("decimal_mark", "")) in (",", ".") else "",
        currency=typed.get("currency", "").strip().upper()[:3],
    )
