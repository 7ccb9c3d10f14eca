"""The form of a budget in a real browser: its keys, its lines, its running total."""

import re

import pytest
from playwright.sync_api import expect

pytestmark = [pytest.mark.browser, pytest.mark.files]


@pytest.fixture
def edited(window):
    """The form of a pending budget."""
    one = window()
    one.page.goto("/admin/budgets?status=PENDING")
    one.page.locator("main table a.rowlink").first.click()
    one.page.get_by_role("link", name="Edit").first.click()
    expect(one.page.locator("#lines")).to_be_visible()
    return one


def test_enter_in_a_field_saves_and_takes_no_line_away(edited):
    page = edited.page
    assert edited.faults() == []
    lines = page.locator("#lines [data-line]").count()
    page.locator("[id='items.0.description']").fill("Said with Enter")
    page.locator("[id='items.0.description']").press("Enter")
    expect(page).to_have_url(re.compile(r"/admin/budgets/\d+$"))
    expect(page.locator("main")).to_contain_text("Said with Enter")
    expect(page.locator("section[aria-labelledby=lines] tbody tr")).to_have_count(lines)
