"""Sends the PDF of a document. It is made after the reads have ended: no transaction waits for it."""

from io import BytesIO

from flask import Response, send_file

from database import end_reads
from domain.invoicing.documents import rendering
from domain.invoicing.documents.document import Document


def send(document: Document) -> Response:
    """The document as a download."""
    end_reads()
    response = send_file(
        BytesIO(rendering.pdf(document)), mimetype="application/pdf", as_attachment=True,
        download_name=rendering.file_name(document), etag=False,
    )
    response.headers["Cache-Control"] = "no-store"
    return response
