"""The statement of account of a customer: a tab of its page, the PDF and the CSV."""

from collections.abc import Iterator
from decimal import Decimal
from typing import Any

from flask import Response, request, url_for
from werkzeug.wrappers import Response as BaseResponse

from blueprints.admin import choices
from blueprints.admin.crud import export, tabs
from blueprints.admin.crud.listing import ListPage
from blueprints.admin.crud.tabs import Tab
from blueprints.admin.customers import PAGE
from blueprints.pages.session import need, wide_actor
from blueprints.pay import printing
from domain import inputs
from domain.actor import Actor
from domain.errors import Invalid
from domain.invoicing.documents import statement_document
from domain.invoicing.paying import statements
from domain.invoicing.paying.statements import Statement, StatementInput
from models.money import Money

FIELDS = ("start", "until", "currency")
WORDS = {"invoice": "Invoice", "credit_note": "Credit note", "payment": "Payment", "refund": "Refund"}


def register(bp: Any) -> None:
    """Register the tab and the addresses."""
    tabs.add(16, provide)
    read, path = need("READ_INVOICES"), "/customers/<int:key>/statement"
    bp.add_url_rule(f"{path}.pdf", "statement_pdf", read(send_pdf), methods=["GET"])
    bp.add_url_rule(f"{path}.csv", "statement_csv", read(send_csv), methods=["GET"])


def provide(here: ListPage, record: Any, who: Actor) -> Iterator[Tab]:
    """The tab of a customer."""
    if here is PAGE and who.can("READ_INVOICES"):
        yield Tab(name="statement", title="Statement", template="admin/_statement.html",
                  context=lambda: shown(record.id))


def shown(key: int) -> dict[str, Any]:
    """The statement of the days in the address; with days that are wrong the usual one, and what is wrong."""
    wrong = None
    try:
        found = statement(key)
    except Invalid as error:
        wrong = error
        found = statements.asked(_customer(key), StatementInput())
    given: dict[str, Any] = {}
    if wrong is None:
        given = {name: request.args[name] for name in FIELDS if request.args.get(name)}
    return {
        "statement": found, "words_of": WORDS, "wrong": wrong, "currencies": choices.currencies(wide_actor()),
        "pdf_url": url_for("admin.statement_pdf", key=key, **given),
        "csv_url": url_for("admin.statement_csv", key=key, **given),
    }


def _customer(key: int) -> Any:
    return PAGE.resource.listing.get(wide_actor(), key)


def statement(key: int) -> Statement:
    """The statement of the days in the address; raises Invalid."""
    given = {name: request.args[name] for name in FIELDS if request.args.get(name)}
    return statements.asked(_customer(key), inputs.parse(StatementInput, given, text=True))


def send_pdf(key: int) -> BaseResponse:
    """The document."""
    return printing.send(statement_document.document(statement(key)))


def send_csv(key: int) -> Response:
    """The entries, with the balance after each."""
    found = statement(key)

    def amount(minor: int) -> Decimal:
        return Money(minor, found.currency).decimal

    rows = (
        [one.on.isoformat(), one.kind, one.number, amount(one.amount_minor), amount(one.balance_minor), found.currency]
        for one in found.entries
    )
    return export.send("statement", ["date", "kind", "number", "amount", "balance", "currency"], rows)
