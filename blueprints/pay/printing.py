"""Sends the PDF of a document. It is made after the reads have ended: no transaction waits for it."""

from io import BytesIO

from flask import Response, send_file

from domain.invoicing.documents.document import Document
from domain.invoicing.e_invoice import files
from domain.invoicing.e_invoice.files import DocumentFile


def send(document: Document) -> Response:
    """The document as a download."""
    return send_file_of(files.pdf(document))


def send_file_of(file: DocumentFile) -> Response:
    """A file of a document as a download."""
    response = send_file(
        BytesIO(file.body), mimetype=file.media, as_attachment=True, download_name=file.name, etag=False)
    response.headers["Cache-Control"] = "no-store"
    return response
