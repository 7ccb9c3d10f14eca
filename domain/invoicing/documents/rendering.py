"""Makes the PDF of a document, and pictures of its pages. Needs no database: end the transaction before.

One compiler is kept for each process: the first document takes 60 ms, a later one some milliseconds.
"""

import base64
import json
import logging
import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, date, datetime, time
from functools import cache, lru_cache
from threading import Lock
from typing import Any

from domain.invoicing.documents import fonts, languages
from domain.invoicing.documents.document import Document, Kind, Picture
from domain.invoicing.documents.languages import TEMPLATES
from domain.invoicing.documents.layout import Layout
from domain.invoicing.documents.letters import Letters
from domain.invoicing.e_invoice import xmp

log = logging.getLogger("countinghouse.documents")
STANDARD, NO_STANDARD = "a-3b", "1.7"        # the first is the one that may carry an e-invoice
SCREEN_PPI = 110.0
_one_at_a_time = Lock()                      # a compiler is for one thread at a time


@cache
def _compiler() -> Any:
    import typst  # takes 20 ms to load, and most processes print nothing

    known = typst.Fonts(include_system_fonts=False, include_embedded_fonts=False,
                        font_paths=[str(folder) for folder in fonts.folders()])
    if lacking := set(fonts.families()) - set(known.families()):        # it would print nothing, and not say so
        raise RuntimeError(f"Documents lack the fonts {', '.join(sorted(lacking))}.")
    return typst.Compiler(root=str(TEMPLATES), font_paths=known, ignore_system_fonts=True)


@dataclass(frozen=True, slots=True)
class Prepared:
    """What a template gets: its name, the day of the document, and its texts as JSON."""

    kind: Kind
    number: str
    made_on: date
    texts: str


def pdf(document: Document, xml: bytes | None = None) -> bytes:
    """The document as PDF/A-3b, with its e-invoice, if there is one. The same document gives the same bytes."""
    made: bytes = _tried(document, lambda one, standard: _run(one, format="pdf", pdf_standards=standard), xml)
    return made if xml is None else xmp.marked(made)


def pictures(document: Document, ppi: float = SCREEN_PPI) -> tuple[bytes, ...]:
    """Its pages as PNG, for a preview. Those of some documents are kept, since each page is asked for alone."""
    made: tuple[bytes, ...] = _tried(document, lambda one, standard: _pages(one, ppi))
    return made


@lru_cache(8)
def _pages(prepared: Prepared, ppi: float) -> tuple[bytes, ...]:
    made = _run(prepared, format="png", ppi=ppi)
    return (made,) if isinstance(made, bytes) else tuple(made)


def file_name(document: Document, ending: str = "pdf") -> str:
    """The name of its file, such as Quote-12.pdf, of letters, digits and dashes."""
    said = f"{languages.words(document.language)[document.kind]} {document.number}"
    return "-".join(re.findall(r"[^\W_]+", said)) + f".{ending}"


def _tried(document: Document, run: Callable[[Prepared, str], Any], xml: bytes | None = None) -> Any:
    letters = Letters()
    texts: dict[str, Any] = letters.prepared(Layout(document).texts())
    letters.report(f"{document.kind} {document.number}")
    known = texts | {"fonts": fonts.families(), "logo_svg": _svg(document.brand.logo)}
    known |= {"xml": xml.decode()} if xml is not None else {}
    try:
        return run(_prepared(document, known), STANDARD)
    except RuntimeError as error:
        # A logo that cannot be read, or letters that only together have no glyph: better a plain document than none.
        log.warning("%s %s: %s", document.kind, document.number, error)
    plain = _prepared(document, known | {"logo_svg": ""})
    try:
        return run(plain, STANDARD)
    except RuntimeError:
        return run(plain, NO_STANDARD)


def _prepared(document: Document, texts: dict[str, Any]) -> Prepared:
    return Prepared(document.kind, document.number, document.made_on, json.dumps(texts))


def _run(prepared: Prepared, **wanted: Any) -> Any:
    made_at = datetime.combine(prepared.made_on, time(), UTC)
    template = str(TEMPLATES / f"{prepared.kind}.typ")
    with _one_at_a_time:
        return _compiler().compile(template, sys_inputs={"json": prepared.texts}, timestamp=made_at, **wanted)


def _svg(logo: Picture | None) -> str:
    """A logo inside an SVG element, since the template gets texts only."""
    if logo is None:
        return ""
    body = base64.b64encode(logo.body).decode()
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" xmlns:xlink="http://www.w3.org/1999/xlink" width="{logo.width}" '
        f'height="{logo.height}"><image width="{logo.width}" height="{logo.height}" '
        f'xlink:href="data:{logo.mime_type};base64,{body}"/></svg>'
    )
