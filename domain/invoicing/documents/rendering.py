"""Makes the PDF of a document, and pictures of its pages. Needs no database: end the transaction before.

One compiler is kept for each process: the first document takes 60 ms, a later one some milliseconds.
"""

import base64
import json
import logging
from datetime import UTC, datetime, time
from functools import cache
from threading import Lock
from typing import Any

from domain.invoicing.documents import fonts
from domain.invoicing.documents.document import Document, Picture
from domain.invoicing.documents.languages import TEMPLATES
from domain.invoicing.documents.layout import Layout
from domain.invoicing.documents.letters import Letters

log = logging.getLogger("countinghouse.documents")
STANDARD = "a-3b"                            # the one that may carry an e-invoice
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


def pdf(document: Document) -> bytes:
    """The document as PDF/A-3b. The same document gives the same bytes."""
    made: bytes = _compiled(document, format="pdf", pdf_standards=STANDARD)
    return made


def pictures(document: Document, ppi: float = SCREEN_PPI) -> list[bytes]:
    """Its pages as PNG, for a preview."""
    made = _compiled(document, format="png", ppi=ppi)
    return [made] if isinstance(made, bytes) else list(made)


def _compiled(document: Document, **wanted: Any) -> Any:
    letters = Letters()
    texts: dict[str, Any] = letters.prepared(Layout(document).texts())
    texts["fonts"] = fonts.families()
    texts["logo_svg"] = _svg(document.brand.logo)
    letters.report(f"{document.kind} {document.number}")
    try:
        return _run(document, texts, wanted)
    except RuntimeError as error:
        # A logo that cannot be read, or letters that only together have no glyph: better a plain document than none.
        log.warning("%s %s: %s", document.kind, document.number, error)
        plain = wanted | ({"pdf_standards": "1.7"} if "pdf_standards" in wanted else {})
        return _run(document, texts | {"logo_svg": ""}, plain)


def _run(document: Document, texts: dict[str, Any], wanted: dict[str, Any]) -> Any:
    made_at = datetime.combine(document.made_on, time(), UTC)
    template, said = str(TEMPLATES / f"{document.kind}.typ"), {"json": json.dumps(texts)}
    with _one_at_a_time:
        return _compiler().compile(template, sys_inputs=said, timestamp=made_at, **wanted)


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
