"""The files of documents. The reads made so far end before they are made, so that no transaction waits for them."""

from dataclasses import dataclass

from database import end_reads
from domain.invoicing.documents import rendering
from domain.invoicing.documents.document import Document
from domain.invoicing.e_invoice import embedding

PDF, XML = "application/pdf", "application/xml"


@dataclass(frozen=True, slots=True)
class DocumentFile:
    """A file to send."""

    name: str
    media: str
    body: bytes


def pdf(document: Document) -> DocumentFile:
    """The PDF, with the e-invoice in it where there is one."""
    end_reads()
    return DocumentFile(rendering.file_name(document), PDF, embedding.pdf(document))


def xml(document: Document) -> DocumentFile:
    """The e-invoice alone; Conflict where the document cannot have one."""
    end_reads()
    return DocumentFile(rendering.file_name(document, "xml"), XML, embedding.xml(document))
