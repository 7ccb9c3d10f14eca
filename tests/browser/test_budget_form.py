"""The form of a budget in a browser: keyboard, lines, running total."""

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
    expect(page.locator("section[aria-label=Lines] tbody tr")).to_have_count(lines)


def test_the_shown_sum_is_the_servers_and_a_product_fills_its_line(window):
    one = window()
    page = one.page
    page.goto("/admin/budgets/new?merchant_id=1")
    total, reason = page.locator("#sum [data-total]"), page.locator("#sum [data-reason]")
    field = lambda name: page.locator(f"[id='{name}']")         # noqa: E731
    expect(reason).to_have_text("No lines yet.")
    field("items.0.product_id").press_sequentially("express del")
    option = page.locator("#products option").first
    expect(page.locator("#products option")).to_have_count(1)
    field("items.0.product_id").fill(option.get_attribute("value"))
    expect(field("items.0.description")).to_have_value("Express delivery")
    expect(field("items.0.unit_price")).to_have_value("9.50")
    expect(field("items.0.tax")).to_have_value("20 %")
    expect(page.get_by_label("Currency")).to_have_value("GBP")
    field("items.0.quantity").fill("2.25")
    expect(total).to_have_text("25.66 GBP")                     # 21.38 and a fifth of it
    page.get_by_role("button", name="Add line").click()
    field("items.1.description").fill("Work")
    expect(reason).to_contain_text("Line 2 unit price is required")
    field("items.1.unit_price").fill("10")
    expect(total).to_have_text("35.66 GBP")
    field("items.1.product_id").press_sequentially("gift wr")
    expect(page.locator("#products option")).to_have_count(1)   # a line that was added searches as well
    field("items.1.product_id").fill("")
    field("discount").fill("31.38")
    expect(total).to_have_text("0.00 GBP")
    page.get_by_role("button", name="Remove line 2").click()
    expect(reason).to_contain_text("must not be more than the budget")
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
    expect(second.locator("main")).to_contain_text("Another user changed this")
    expect(second.locator("[id='items.0.quantity']")).to_have_value("7")
    edited.page = second
    assert edited.faults() == []
    second.get_by_role("button", name="Save changes").click()
    expect(second).to_have_url(re.compile(r"/admin/budgets/\d+$"))
    expect(second.locator("main")).to_contain_text("Said in the other tab")
    expect(second.locator("section[aria-label=Lines] tbody tr").first).to_contain_text("7")


def test_a_form_focuses_the_first_field_to_fill(window):
    page = window().page
    page.goto("/admin/customers/new?merchant_id=1")
    expect(page.get_by_label("Name", exact=True)).to_be_focused()
    page.keyboard.type("Ada")
    page.locator("summary", has_text="Organisation").click()
    page.get_by_label("Website").fill("nonsense")
    page.locator("summary", has_text="Shipping address").click()
    page.locator("[id='shipping_address.postal_code']").fill("1" * 200)
    page.get_by_role("button", name="Create customer").click()
    expect(page.get_by_label("Website")).to_be_focused()
    page.get_by_role("link", name="Postal code").click()
    code = page.locator("[id='shipping_address.postal_code']")
    expect(code).to_be_focused()

    page.set_viewport_size({"width": 390, "height": 700})
    page.emulate_media(reduced_motion="reduce")         # it scrolls at once
    bar = page.locator(".save-bar")
    for _ in range(12):                                 # no field with the focus is behind the bar
        page.keyboard.press("Tab")
        page.locator(":focus").wait_for()
        if page.locator(".save-bar :focus").count():
            break
        box = page.locator(":focus").bounding_box()
        assert box["y"] + box["height"] <= bar.bounding_box()["y"] + 1, box
    else:
        raise AssertionError("the bar was not reached")
