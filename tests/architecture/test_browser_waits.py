"""Tests in the browser wait for what a page shows: who looks right after a click sees the page of before.

On a quick machine the answer is there in time, on a busy one it is not: such a test fails now and then.
"""

import ast

import pytest

from tests.architecture.source import ROOT

WAIT = ("wait_for", "to_", "not_to_")                       # of a locator, of a page, of expect()
LOADS = {"goto", "reload", "faults_of"}
ACTS = {"click", "dblclick", "check", "uncheck", "fill", "press", "press_sequentially", "type", "select_option",
        "go_back", "go_forward"}
LOOKS = {"content", "count", "all", "all_inner_texts", "all_text_contents", "bounding_box", "title", "evaluate",
         "run", "faults", "overflow", "query_selector", "query_selector_all", "url"}
IN_EXPECT_ONLY = {"inner_text", "text_content", "inner_html", "input_value", "get_attribute", "is_visible", "is_hidden",
                  "is_enabled", "is_disabled", "is_checked"}
FILES = sorted((ROOT / "tests/browser").glob("*.py"))


def functions(text):
    return [node for node in ast.walk(ast.parse(text)) if isinstance(node, ast.FunctionDef)]


def in_order(function):
    """What a function asks of its objects, in the order of the text."""
    found = [node for node in ast.walk(function) if isinstance(node, ast.Attribute)]
    return sorted(found, key=lambda node: (node.end_lineno, node.end_col_offset))


def is_keyboard(node):
    return isinstance(node.value, ast.Attribute) and node.value.attr == "keyboard"


def early_looks(function):
    """Lines that look at a page between an act and a wait."""
    last = ""
    for node in in_order(function):
        looks = node.attr in LOOKS or (is_keyboard(node) and last != "keyboard")
        if looks and last and (last, node.attr) != ("address", "url"):
            yield node.lineno
        if node.attr == "to_have_url":
            last = "address"
        elif node.attr.startswith(WAIT) or node.attr in LOADS:
            last = ""
        elif node.attr in ACTS:
            last = "keyboard" if is_keyboard(node) else "act"


def asserted_looks(function):
    """Lines that assert what a page shows at that instant."""
    for statement in ast.walk(function):
        if isinstance(statement, ast.Assert):
            yield from (node.lineno for node in in_order(statement) if node.attr in IN_EXPECT_ONLY)


def faults_of(text):
    return sorted({line for one in functions(text) for line in (*early_looks(one), *asserted_looks(one))})


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.name)
def test_no_test_looks_at_a_page_before_its_answer_came(path):
    lines = [f"{path.relative_to(ROOT)}:{line}" for line in faults_of(path.read_text())]
    assert lines == [], (
        "Wait for what the page will show, by expect(...), locator.wait_for() or, for a new page, page.wait_for_url(): "
        + ", ".join(lines))


@pytest.mark.parametrize("body", [
    "page.click('x'); assert page.locator('y').count() == 1",
    "page.click('x'); wrong = one.faults()",
    "page.keyboard.press('x'); assert 'a' in page.url",
    "link.click(); page.keyboard.press('x')",
    "link.click(); expect(page).to_have_url('/x'); page.keyboard.press('x')",
    "page.goto('/'); assert page.locator('x').is_visible()",
    "page.goto('/'); assert page.locator('x').inner_text() == 'a'",
])
def test_an_early_look_is_found(body):
    assert faults_of(f"def test(): {body}") == [1]


@pytest.mark.parametrize("body", [
    "page.click('x'); expect(page.locator('y')).to_have_count(1); assert one.faults() == []",
    "page.click('x'); page.locator('y').wait_for(); wrong = one.faults()",
    "link.click(); page.wait_for_url('/x'); page.keyboard.press('x')",
    "page.keyboard.press('c'); page.keyboard.press('c')",
    "link.click(); secret = page.locator('#secret').inner_text()",
])
def test_a_look_that_waits_is_none(body):
    assert faults_of(f"def test(): {body}") == []
