"""Gives an issued document its e-invoice: alone, and in its PDF. Needs no database."""

import logging

from domain.errors import DomainError
from domain.invoicing.documents import rendering
from domain.invoicing.documents.document import Document
from domain.invoicing.e_invoice import checking, cii

log = logging.getLogger("countinghouse.documents")


def xml(document: Document) -> bytes:
    """The XML of a document with facts; Conflict with what is missing where it cannot have one."""
    assert document.facts is not None        # invoices and credit notes have them
    return cii.xml(document.facts, document.way.account if document.way is not None else None)


def pdf(document: Document) -> bytes:
    """The PDF, with the e-invoice in it where the document has everything for it."""
    facts = document.facts
    if facts is None or facts.number is None or facts.lacks:
        return rendering.pdf(document)
    try:
        made = xml(document)
    except DomainError as refused:
        log.warning("%s %s has no e-invoice: %s", document.kind, document.number, refused)
        return rendering.pdf(document)
    wrong = [one.rule for one in checking.mistakes(made) if not one.is_warning]
    if wrong:
        log.error("the e-invoice of %s %s breaks %s", document.kind, document.number, ", ".join(wrong))
        return rendering.pdf(document)
    return rendering.pdf(document, made)
