"""Says in the metadata of a PDF that it carries an e-invoice, as Factur-X and ZUGFeRD want it.

Typst attaches the file and has no way to say this. It is appended as an incremental update: a newer version of the
metadata and a table with its place. A library that writes PDF anew takes half a second for it.
"""

import re
from typing import NamedTuple

FILE = "factur-x.xml"
NAMESPACE = "urn:factur-x:pdfa:CrossIndustryDocument:invoice:1p0#"
VALUES = {"DocumentType": "INVOICE", "DocumentFileName": FILE, "Version": "1.0", "ConformanceLevel": "EN 16931"}
MEANINGS = {
    "DocumentType": "The type of the hybrid document", "DocumentFileName": "The name of the embedded XML document",
    "Version": "The version of the standard that the embedded XML document follows",
    "ConformanceLevel": "The conformance level of the embedded XML document",
}
END_OF_SCHEMAS, END = b"</rdf:Bag></pdfaExtension:schemas>", b"</rdf:RDF>"
TRAILER = re.compile(rb"trailer\s*<<(?P<entries>.*)>>\s*startxref\s+(?P<table>\d+)\s+%%EOF\s*\Z", re.DOTALL)
METADATA = re.compile(rb"/Metadata (\d+) 0 R")


class Place(NamedTuple):
    """Where a PDF keeps its metadata: the number of the object, and the text in it."""

    number: int
    xmp: bytes


def marked(pdf: bytes) -> bytes:
    """The PDF with the properties of Factur-X, and the schema that PDF/A wants for them."""
    trailer = TRAILER.search(pdf, max(0, len(pdf) - 2048))
    place = _metadata(pdf)
    if trailer is None or place.xmp.count(END_OF_SCHEMAS) != 1 or place.xmp.count(END) != 1:
        raise ValueError("This PDF is not written as typst writes it.")
    xmp = place.xmp.replace(END_OF_SCHEMAS, _schema() + END_OF_SCHEMAS).replace(END, _values() + END)
    made = b"%d 0 obj\n<</Type/Metadata/Subtype/XML/Length %d>>\nstream\n%b\nendstream\nendobj\n" % (
        place.number, len(xmp), xmp)
    start = pdf if pdf.endswith(b"\n") else pdf + b"\n"
    table = len(start) + len(made)
    return b"".join((
        start, made, b"xref\n%d 1\n%010d 00000 n \n" % (place.number, len(start)),
        b"trailer\n<<%b/Prev %b>>\nstartxref\n%d\n%%%%EOF\n" % (trailer["entries"], trailer["table"], table),
    ))


def _metadata(pdf: bytes) -> Place:
    number = METADATA.search(pdf, max(0, pdf.rfind(b"/Catalog") - 2048))
    if number is None:
        raise ValueError("This PDF has no metadata.")
    head = re.compile(rb"(?:\A|\s)%b 0 obj\s*<<[^>]*/Length (\d+)[^>]*>>\s*stream\r?\n" % number[1]).search(pdf)
    if head is None:
        raise ValueError("The metadata of this PDF are not as typst writes them.")
    return Place(int(number[1]), pdf[head.end():head.end() + int(head[1])])


def _values() -> bytes:
    properties = "".join(f"<fx:{name}>{value}</fx:{name}>" for name, value in VALUES.items())
    return f'<rdf:Description rdf:about="" xmlns:fx="{NAMESPACE}">{properties}</rdf:Description>'.encode()


def _schema() -> bytes:
    properties = "".join(
        '<rdf:li rdf:parseType="Resource"><pdfaProperty:category>external</pdfaProperty:category>'
        f"<pdfaProperty:description>{meaning}</pdfaProperty:description><pdfaProperty:name>{name}</pdfaProperty:name>"
        "<pdfaProperty:valueType>Text</pdfaProperty:valueType></rdf:li>" for name, meaning in MEANINGS.items()
    )
    return (
        '<rdf:li rdf:parseType="Resource"><pdfaSchema:schema>Factur-X PDFA Extension Schema</pdfaSchema:schema>'
        f"<pdfaSchema:namespaceURI>{NAMESPACE}</pdfaSchema:namespaceURI><pdfaSchema:prefix>fx</pdfaSchema:prefix>"
        f"<pdfaSchema:property><rdf:Seq>{properties}</rdf:Seq></pdfaSchema:property></rdf:li>"
    ).encode()
