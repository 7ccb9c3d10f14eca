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


def test_the_running_total_is_the_one_that_the_server_computes(window):
    one = window()
    page = one.page
    page.goto("/admin/budgets/new?merchant_id=1")
    total, left = page.locator("[data-total]"), page.locator("[data-left-out]")
    field = lambda name: page.locator(f"[id='{name}']")         # noqa: E731
    page.get_by_label("Currency").select_option("EUR")
    field("items.0.description").fill("Work")
    field("items.0.quantity").fill("3")
    field("items.0.unit_price").fill("1.005")
    expect(total).to_have_text("3.02")
    field("discount").fill("1")
    field("tax").fill("0.50")
    expect(total).to_have_text("2.52")
    expect(left).to_have_text("")
    page.get_by_role("button", name="Add line").click()
    product = page.locator("#products option").first
    field("items.1.product_id").fill(product.get_attribute("value"))
    price = float(product.get_attribute("data-price"))
    expect(total).to_have_text(f"{2.52 + price:,.2f}")
    field("items.1.product_id").fill("Something else")
    expect(total).to_have_text("2.52")
    expect(left).to_contain_text("without line 2 and the catalogue’s taxes")
    page.get_by_label("Currency").select_option("JPY")
    field("discount").fill("")
    field("tax").fill("")
    expect(total).to_have_text("3")
    assert one.faults() == []


def test_two_tabs_with_one_budget_lose_nothing(edited):
    first = edited.page
    second = first.context.new_page()
    second.goto(first.url)
    first.locator("[id='items.0.quantity']").fill("7")
    first.get_by_role("button", name="Save changes").click()
    expect(first).to_have_url(re.compile(r"/admin/budgets/\d+$"))
    second.get_by_label("Notes").fill("Said in the other tab")
    second.get_by_role("button", name="Save changes").click()
    expect(second.locator("main")).to_contain_text("Somebody else changed this")
    expect(second.locator("[id='items.0.quantity']")).to_have_value("7")
    edited.page = second
    assert edited.faults() == []
    second.get_by_role("button", name="Save changes").click()
    expect(second).to_have_url(re.compile(r"/admin/budgets/\d+$"))
    expect(second.locator("main")).to_contain_text("Said in the other tab")
    expect(second.locator("section[aria-labelledby=lines] tbody tr").first).to_contain_text("7")
