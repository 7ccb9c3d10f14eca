"""Our checks beside the official style sheet, on the examples of the standard and on changes of them."""

import re
from decimal import Decimal
from random import Random

import pytest
from lxml import etree

from config import from_environment
from domain.invoicing.e_invoice import checking
from tests.domain.invoicing.e_invoice import official

EXAMPLES = from_environment({}).shared_data / "einvoice_cii"
NAMES = [f"CII_example{number}.xml" for number in range(1, 10)]
OURS = re.compile(r"BR-CO-(1[0-8]|26)|BR-(S|Z|E|AE|G|O)-(01|02|05|08|09|10|11)|PEPPOL-EN16931-R008")
NUMBER = re.compile(r"-?\d+(\.\d+)?")
REMOVED = ("SpecifiedTaxRegistration", "ExemptionReason", "SpecifiedTradeAllowanceCharge", "RateApplicablePercent",
           "TaxTotalAmount", "ExemptionReasonCode", "TotalPrepaidAmount")


@pytest.fixture(scope="module", autouse=True)
def examples():
    if not EXAMPLES.is_dir():
        pytest.skip(f"the examples of {EXAMPLES} are not on this machine")


def rules(xml):
    return {one.rule for one in checking.mistakes(xml)}


@pytest.mark.parametrize("name", NAMES)
def test_the_examples_of_the_standard_pass_or_fail_as_with_the_official_rules(name):
    xml = (EXAMPLES / name).read_bytes()
    assert rules(xml) == official.broken(xml)
    assert not [one for one in checking.mistakes(xml) if not one.is_warning]


def changed(tree, random):
    """Change a number or a category, or take something out."""
    nodes = [one for one in tree.iter() if isinstance(one.tag, str)]
    what = random.random()
    if what < 0.6:
        node = random.choice([
            one for one in nodes if re.search("Amount|Percent", one.tag) and NUMBER.fullmatch((one.text or "").strip())
        ])
        number = Decimal(node.text)
        node.text = str(number + random.choice([Decimal("0.01"), Decimal(5), Decimal("-1"), Decimal("1.5"), -number]))
    elif what < 0.8:
        node = random.choice([one for one in nodes if one.tag.endswith("}CategoryCode")])
        node.text = random.choice(["S", "Z", "E", "AE", "G", "O"])
    else:
        node = random.choice([one for one in nodes if one.tag.split("}")[1] in REMOVED])
        node.getparent().remove(node)


def test_changed_examples_break_the_same_of_our_rules_as_officially():
    random, seen, compared = Random(7), set(), 0
    for _ in range(90):
        tree = etree.fromstring((EXAMPLES / random.choice(NAMES)).read_bytes())
        changed(tree, random)
        xml = etree.tostring(tree)
        found = rules(xml)
        if checking.FORM in found:
            continue
        expected = {one for one in official.broken(xml) if OURS.fullmatch(one)}
        assert found == expected
        seen |= found
        compared += 1
    assert compared > 60
    assert len(seen) > 20


@pytest.mark.parametrize("xml", [b"", b"no xml", b"<a/>", b"<!DOCTYPE x [<!ENTITY e SYSTEM 'file:///etc/passwd'>]><x>&e;</x>"])
def test_what_is_no_e_invoice_breaks_the_schema(xml):
    assert rules(xml) == {checking.FORM}
