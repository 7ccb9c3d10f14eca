"""The documents of records as customers get them: a tab that shows their pages, and the PDF."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from flask import Response, abort, request, url_for
from werkzeug.wrappers import Response as BaseResponse

from blueprints.admin import budgets, credit_notes, invoices, payments
from blueprints.admin.crud import tabs
from blueprints.admin.crud.listing import ListPage
from blueprints.admin.crud.tabs import Tab
from blueprints.pages.session import need, wide_actor
from blueprints.pay import printing
from blueprints.services import own_url
from database import end_reads
from domain.actor import Actor
from domain.errors import NotFound
from domain.invoicing import e_invoice_needs, invoice_facts
from domain.invoicing.documents import budget_document, invoice_document, receipt_document, rendering
from domain.invoicing.documents.document import Document
from domain.invoicing.e_invoice import files
from domain.sales.budgets import budget_links
from models.budget import Budget
from models.payment import PaymentStatus

PART = "document"


@dataclass(frozen=True, slots=True)
class Printed:
    """The records of a page that have a document; `is_ready` tells of a record whether it has one yet."""

    page: ListPage
    make: Callable[[Any], Document]
    is_ready: Callable[[Any], bool] = lambda record: True

    @property
    def name(self) -> str:
        """The beginning of the names of its addresses."""
        return self.page.resource.name


def quote(budget: Budget) -> Document:
    """The document of a budget, with the address under which its customer answers, if it was shared."""
    token = budget_links.token_of(budget.id)
    url = own_url(request.host_url) + url_for("pay.quote", token=token) if token else None
    return budget_document.document(budget, url)


PRINTED = (
    Printed(budgets.PAGE, quote),
    Printed(invoices.PAGE, lambda row: invoice_document.document(invoice_facts.of_invoice(row))),
    Printed(credit_notes.PAGE, lambda row: invoice_document.document(invoice_facts.of_credit_note(row))),
    Printed(payments.PAGE, receipt_document.document, lambda record: record.status == PaymentStatus.APPROVED),
)


def register(bp: Any) -> None:
    """Register the tab and the addresses."""
    tabs.add(15, provide)
    for one in PRINTED:
        read, path = need(one.page.resource.read_scope), f"{one.page.path}/<int:key>/document"
        pdf, picture = read(_pdf(one)), read(_picture(one))
        bp.add_url_rule(f"{path}.pdf", f"{one.name}_pdf", pdf, methods=["GET"])
        bp.add_url_rule(f"{path}.xml", f"{one.name}_xml", read(_xml(one)), methods=["GET"])
        bp.add_url_rule(f"{path}/<int:number>.png", f"{one.name}_picture", picture, methods=["GET"])


def provide(here: ListPage, record: Any, who: Actor) -> Iterator[Tab]:
    """The tab of a record that has a document."""
    for one in PRINTED:
        if here is one.page and one.is_ready(record):
            yield Tab(name=PART, title="Document", template="admin/_document.html", context=_shown(one, record.id))


def _shown(one: Printed, key: int) -> Callable[[], dict[str, Any]]:
    def context() -> dict[str, Any]:
        document = _document(one, key)
        lacks = _lacks(document)
        end_reads()
        return {
            "pages": len(rendering.pictures(document)), "lacks": e_invoice_needs.in_words(lacks) if lacks else None,
            "xml_url": url_for(f"admin.{one.name}_xml", key=key) if lacks == () else None,
            "pdf_url": url_for(f"admin.{one.name}_pdf", key=key),
            "page_url": lambda number: url_for(f"admin.{one.name}_picture", key=key, number=number),
        }

    return context


def _lacks(document: Document) -> Sequence[str] | None:
    """What an issued document lacks for an e-invoice; None where it can have none."""
    facts = document.facts
    return None if facts is None or facts.number is None else tuple(facts.lacks)


def _document(one: Printed, key: int) -> Document:
    row = one.page.resource.listing.get(wide_actor(), key)
    if not one.is_ready(row):
        raise NotFound(one.page.resource.noun, key)
    return one.make(row)


def _pages(one: Printed, key: int) -> tuple[bytes, ...]:
    document = _document(one, key)
    end_reads()
    return rendering.pictures(document)


def _pdf(one: Printed) -> Callable[[int], BaseResponse]:
    def show(key: int) -> BaseResponse:
        """The PDF as its customer gets it."""
        return printing.send(_document(one, key))

    return show


def _xml(one: Printed) -> Callable[[int], BaseResponse]:
    def show(key: int) -> BaseResponse:
        """The e-invoice alone."""
        document = _document(one, key)
        if _lacks(document) != ():
            raise NotFound(one.page.resource.noun, key)
        return printing.send_file_of(files.xml(document))

    return show


def _picture(one: Printed) -> Callable[[int, int], BaseResponse]:
    def show(key: int, number: int) -> BaseResponse:
        """One page as a picture, counted from one."""
        pages = _pages(one, key)
        if not 1 <= number <= len(pages):
            abort(404)
        return Response(pages[number - 1], mimetype="image/png")

    return show
