"""Lists in a browser: keyboard, rows, selection, filters."""

import re
from functools import partial

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import press_in_turn

pytestmark = [pytest.mark.browser, pytest.mark.files]


def rows(page):
    return page.locator("#list tbody tr")


def link(page, number):
    return rows(page).nth(number).locator("a.rowlink").first


def test_a_list_is_worked_by_keys_alone(window):
    page = window().page
    page.goto("/admin/budgets?status=PENDING&sort=id")
    for _ in range(3):
        page.keyboard.press("j")
    page.keyboard.press("k")
    expect(link(page, 1)).to_be_focused()
    page.keyboard.press("x")
    box = rows(page).nth(1).locator(".cb")
    expect(box).to_be_checked()

    box.focus()                                         # from a ticked box: on, back, and open
    page.keyboard.press("j")
    expect(link(page, 2)).to_be_focused()
    page.keyboard.press("x")
    expect(page.locator(".bulk")).to_contain_text("2 selected")
    address = link(page, 1).get_attribute("href")
    box.focus()
    page.keyboard.press("Enter")
    expect(page).to_have_url(re.compile(re.escape(address) + r"$"))

    page.go_back()
    rows(page).nth(1).get_by_role("button", name="Actions for").click()
    expect(page.locator("[popover]:popover-open")).to_have_count(1)
    page.keyboard.press("j")                            # from a row's open menu
    expect(link(page, 2)).to_be_focused()
    expect(page.locator("[popover]:popover-open")).to_have_count(0)
    page.keyboard.press("e")
    expect(page).to_have_url(re.compile(r"/admin/budgets/\d+/edit$"))


def wait_for_form(page, path, patience):
    """For keys a dialog, or the page of the same form where htmx was not ready for so quick a key."""
    if path == "keys":
        page.get_by_role("button", name="Create key").wait_for(timeout=patience)
    else:
        page.wait_for_url(re.compile(f"/admin/{path}/new"), timeout=patience)


def test_c_c_creates_on_every_list_but_not_while_typing(window):
    page = window().page
    for path in ("budgets", "products/rules", "keys"):
        page.goto(f"/admin/{path}")
        page.keyboard.press("/")
        page.keyboard.type("ccn?")
        expect(page.get_by_role("searchbox", name="Search")).to_have_value("ccn?")
        page.goto(f"/admin/{path}")
        press_in_turn(page, "cc", partial(wait_for_form, page, path))


def test_the_focus_stays_in_a_row_whose_cell_was_edited(window):
    page = window().page
    page.goto("/admin/customers?sort=name")
    rows(page).nth(2).hover()
    rows(page).nth(2).locator("a.edit").first.click()
    page.locator(".cell-edit input[name=value]").press("Escape")
    expect(page.locator(".cell-edit")).to_have_count(0)
    expect(link(page, 2)).to_be_focused()
    page.keyboard.press("j")
    expect(link(page, 3)).to_be_focused()


def test_filters_are_added_changed_and_removed_by_keys_and_the_order_stays(window):
    page = window(width=390).page
    page.goto("/admin/budgets")
    page.set_viewport_size({"width": 1440, "height": 900})
    page.locator("th a", has_text="Total").click()
    expect(page).to_have_url(re.compile("sort=total"))
    expect(page.locator("th a", has_text="Total")).to_be_focused()
    page.set_viewport_size({"width": 390, "height": 900})
    page.keyboard.press("f")
    expect(page.locator("#filters-off summary").first).to_be_focused()
    page.keyboard.press("Enter")                        # the first filter opens
    page.get_by_role("link", name="Approved").press("Enter")
    expect(page).to_have_url(re.compile("sort=total&status=APPROVED"))
    chip = page.locator("#chip-status")
    expect(chip).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.locator("#filter-status a").first).to_be_focused()
    page.get_by_role("link", name="Pending").press("Enter")
    expect(chip).to_contain_text("Pending")
    page.locator("#add-filter").click()
    page.locator("#filters-off summary", has_text="Created from").click()
    page.get_by_label("Created from").fill("2020-01-31")
    page.get_by_label("Created from").press("Enter")
    expect(page.locator("#chip-created_after")).to_be_focused()
    expect(page.locator("#chip-created_after")).to_contain_text("31 Jan 2020")
    page.get_by_role("searchbox", name="Search budgets").fill("a")
    expect(page).to_have_url(re.compile("q=a"))
    assert all(part in page.url for part in ("sort=total", "status=PENDING", "created_after=2020-01-31")), page.url
    page.get_by_label("Remove the filter Status").click()
    expect(chip).to_have_count(0)
    expect(page.locator("#add-filter")).to_be_focused()
    page.get_by_role("link", name="Clear all").click()
    expect(page).to_have_url(re.compile("/admin/budgets$"))


def test_all_that_match_are_changed_and_put_back(window):
    page = window().page
    page.goto("/admin/products?status=active")
    number = re.search(r"[\d,]+", page.locator(".count-of").inner_text())[0]
    page.keyboard.press("j")
    page.keyboard.press("x")
    page.locator("[data-matching]").check()
    expect(page.locator("[data-count]")).to_have_text(f"{number} selected")
    page.locator(".bulk").get_by_role("button", name="Deactivate").click()
    page.get_by_role("dialog").get_by_role("button", name=f"Deactivate {number} products").click()
    expect(page.locator(".toast-x")).to_contain_text(f"{number} products were deactivated.")
    expect(page.locator(".count-of")).to_have_text("0 products")
    page.get_by_role("button", name="Undo").click()
    expect(page.locator(".toast-x")).to_contain_text(f"{number} products were restored.")
    expect(page.locator(".count-of")).to_have_text(f"{number} products")


def test_filters_of_the_request_log_are_added_by_keys_while_it_renews_itself(window):
    page = window().page
    page.goto("/admin/requests?range=7d")
    page.keyboard.press("f")
    expect(page.locator("#filters-off summary").first).to_be_focused()
    page.keyboard.press("Enter")
    page.get_by_role("link", name="All failures").press("Enter")
    expect(page).to_have_url(re.compile("status=failed"))
    expect(page.locator("#chip-status")).to_be_focused()
    expect(page.locator(".chips .menu:popover-open")).to_have_count(0)
    page.locator("#add-filter").click()
    page.locator("#filters-off summary", has_text="IP address").click()
    page.get_by_label("IP address").fill("203.0.113.40")
    with page.expect_response(re.compile("seen=")):     # the log asks again; what is being typed stays
        pass
    expect(page.get_by_label("IP address")).to_have_value("203.0.113.40")
    page.get_by_label("IP address").press("Enter")
    expect(page.locator("#chip-ip")).to_be_focused()
    assert all(part in page.url for part in ("ip=203.0.113.40", "status=failed", "range=7d")), page.url


def test_filters_of_the_audit_log_stay_while_somebody_searches(window):
    page = window().page
    page.goto("/admin/audit")
    page.locator("#add-filter").click()
    page.locator("#filters-off summary", has_text="Object").click()
    page.get_by_role("link", name="Customer", exact=True).click()
    expect(page.locator("#chip-kind")).to_contain_text("Customer")
    page.get_by_role("searchbox").fill("created")
    expect(page).to_have_url(re.compile("kind=customer&q=created|q=created&kind=customer"))
    expect(page.locator("#chip-kind")).to_be_visible()


@pytest.mark.parametrize("width", [1350, 1200, 390])
def test_nothing_sticks_out_of_a_panel_of_analytics(window, width):
    one = window(width=width)
    one.page.goto("/admin/analytics")
    expect(one.page.locator(".incident .acts a").first).to_be_visible()
    assert one.run("""[...document.querySelectorAll(".panel > header *")].filter((part) =>
        part.getBoundingClientRect().right > part.closest(".panel").getBoundingClientRect().right + 0.5).length""") == 0
