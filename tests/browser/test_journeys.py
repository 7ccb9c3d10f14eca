"""Typical tasks from the first click to the last, in a browser."""

import json
import re
import urllib.error
import urllib.request

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import press_in_turn

pytestmark = [pytest.mark.browser, pytest.mark.files]


def call(base, key, path="/v1/api/public/products?limit=1"):
    """One call of the Public API: its status, its request id."""
    request = urllib.request.Request(base + path, headers={"Authorization": f"Bearer {key}"})
    try:
        with urllib.request.urlopen(request, timeout=10) as reply:
            return reply.status, reply.headers["X-Request-Id"], json.load(reply)
    except urllib.error.HTTPError as error:
        return error.code, error.headers["X-Request-Id"], None


def test_a_key_is_made_used_seen_and_revoked(window, place):
    page = window().page
    page.goto("/admin/keys")
    page.get_by_role("link", name="Create key").click()
    dialog = page.get_by_role("dialog")
    dialog.get_by_label("Name").fill("Journey")
    dialog.get_by_role("button", name="Create key").wait_for()
    merchant = dialog.get_by_label("Merchant profile")
    if merchant.count():
        merchant.select_option(index=1)
    dialog.get_by_role("button", name="Create key").click()
    secret = page.locator("#secret").inner_text()
    assert re.fullmatch(r"bk_live_\w{48}", secret)
    expect(page.get_by_role("button", name="Done")).to_be_disabled()
    page.keyboard.press("Escape")
    expect(page.locator("#secret")).to_be_visible()
    page.get_by_label("I have stored this key").check()
    page.get_by_role("button", name="Done").click()
    expect(page.locator("#list")).to_contain_text("Journey")
    assert secret not in page.content()

    status, request_id, _ = call(place.base, secret)
    assert status == 200
    page.reload()
    row = page.locator("tr", has_text="Journey")
    expect(row).not_to_contain_text("Never used")
    row.get_by_role("link", name="1", exact=True).click()
    expect(page).to_have_url(re.compile("/admin/requests"))
    expect(page.locator("main")).to_contain_text("/v1/api/public/products")
    page.goto(f"/admin/requests?q={request_id}")
    page.locator("main table tbody a").first.click()
    expect(page.locator("main")).to_contain_text(request_id)

    page.goto("/admin/keys")
    page.get_by_role("link", name="Journey", exact=True).click()
    page.get_by_role("link", name="Revoke").click()
    button = page.get_by_role("button", name="Revoke API key")
    expect(button).to_be_disabled()
    page.get_by_label("to confirm").fill("Journey")
    button.click()
    expect(page.get_by_role("heading", level=1)).to_contain_text("Revoked")
    assert call(place.base, secret)[0] == 401


def test_a_bar_of_the_dashboard_leads_to_its_requests(window):
    page = window().page
    page.goto("/admin/analytics?range=7d")
    bars = page.locator("#plot-requests .barlayer .point path")
    expect(page.locator("#plot-requests .picture rect").first).to_be_attached()
    expect(page.locator("#plot-volume svg")).to_have_count(0)       # not in view yet
    page.locator("#plot-volume").scroll_into_view_if_needed()
    expect(page.locator("#plot-volume .picture")).to_be_attached()
    page.locator("#plot-volume").hover()
    expect(page.locator("#plot-volume .barlayer")).to_be_attached()
    page.locator("#plot-requests").hover()
    expect(bars.first).to_be_attached()
    table = page.get_by_role("button", name="Table of requests")
    table.click()
    expect(page.locator("#c-requests .cht tbody a").first).to_be_visible()
    table.click()
    expect(page.locator("#c-requests .cht")).to_have_count(0)
    box = tallest(bars)
    page.mouse.click(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
    expect(page).to_have_url(re.compile(r"/admin/requests\?.*from="))
    expect(page.locator("main table")).to_be_visible()


def test_the_first_picture_of_a_chart_is_what_plotly_draws(window):
    page = window().page
    page.goto("/admin/analytics?range=7d")
    picture = page.locator("#plot-requests .picture")
    expect(picture).to_be_attached()
    assert page.evaluate("window.Plotly === undefined")             # nothing waits for it
    drawn = tallest(page.locator("#plot-requests .picture rect[data-bucket]"))
    page.locator("#plot-requests").hover()
    expect(page.locator("#plot-requests .barlayer .point path").first).to_be_attached()
    expect(picture).to_have_count(0)
    chart = tallest(page.locator("#plot-requests .barlayer .point path"))
    assert all(abs(drawn[side] - chart[side]) < 6 for side in ("x", "y", "width", "height")), (drawn, chart)


def tallest(bars):
    """Where the tallest of the bars is. At some hours of the night nothing happened: those have no height."""
    boxes = [box for place in range(bars.count()) if (box := bars.nth(place).bounding_box())]
    return max(boxes, key=lambda one: one["height"])


def test_a_bar_of_the_first_picture_leads_to_its_requests(window):
    page = window().page
    page.route("**/plotly*.js*", lambda route: None)                # it never comes
    page.goto("/admin/analytics?range=7d")
    expect(page.locator("#plot-requests .picture")).to_be_attached()
    box = tallest(page.locator("#plot-requests .picture rect[data-bucket]"))
    page.mouse.click(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
    expect(page).to_have_url(re.compile(r"/admin/requests\?.*from="))


def test_a_list_is_searched_sorted_paged_and_remembered(window):
    page = window().page
    page.goto("/admin/customers")
    first = page.locator("#list tbody tr").first.inner_text()
    word = page.locator("#list tbody a.rowlink").first.inner_text().split()[0].lower()
    page.get_by_role("searchbox").fill(word)
    expect(page).to_have_url(re.compile("q="))
    expect(page.get_by_role("searchbox")).to_be_focused()
    page.locator("th a", has_text="Name").click()
    expect(page.locator("th[aria-sort=ascending]")).to_be_visible()
    expect(page).to_have_url(re.compile("q=.*sort=name|sort=name.*q="))
    page.go_back()
    page.go_back()
    expect(page.locator("#list tbody tr").first).to_have_text(re.compile(re.escape(first.split("\n")[0].strip())))
    expect(page.locator("nav[aria-label=Main]")).to_be_visible()


def test_a_cell_is_changed_and_put_back(window):
    page = window().page
    page.goto("/admin/customers?sort=name")
    row = page.locator("#list tbody tr").first
    row.hover()
    old = row.locator("td").nth(2).inner_text().strip()
    row.locator("a.edit").first.click()
    cell = page.locator(".cell-edit input[name=value]")
    cell.fill("nonsense")
    cell.press("Enter")
    expect(page.locator(".cell-edit .err")).to_contain_text("is not a valid e-mail address")
    cell.fill("changed@journey.example")
    cell.press("Enter")
    expect(row).to_contain_text("changed@journey.example")
    page.get_by_role("button", name="Undo").click()
    expect(page.locator(".toast-x")).to_contain_text("was restored")
    expect(page.locator("#list tbody tr").first).to_contain_text(old)


def test_rows_are_chosen_archived_and_brought_back(window):
    page = window().page
    page.goto("/admin/customers?status=active")
    for number in range(2):
        page.locator("#list tbody .cb").nth(number).check()
    bar = page.locator(".bulk")
    expect(bar).to_contain_text("2 selected")
    bar.get_by_role("button", name="Archive").click()
    expect(page.locator(".toast-x")).to_contain_text("2 customers were archived.")
    page.get_by_role("button", name="Undo").click()
    expect(page.locator(".toast-x")).to_contain_text("2 customers were restored.")


def test_the_palette_is_worked_by_keys_alone(window):
    page = window().page
    page.goto("/admin/")
    page.keyboard.press("Control+k")
    expect(page.get_by_role("combobox", name="Command or search")).to_be_focused()
    page.keyboard.type("audit")
    expect(page.get_by_role("option")).to_have_count(1)
    page.keyboard.press("Enter")
    page.wait_for_url(re.compile("/admin/audit"))       # until its scripts listen: the address changes before
    press_in_turn(page, "gb", lambda patience: page.wait_for_url(re.compile("/admin/budgets"), timeout=patience))
    page.keyboard.press("/")
    expect(page.get_by_role("searchbox")).to_be_focused()
    page.keyboard.type("gk")                            # typing is not a shortcut
    expect(page).to_have_url(re.compile("/admin/budgets"))
    page.goto("/admin/customers/1")
    page.goto("/admin/products/1")
    page.keyboard.press("Control+k")
    expect(page.get_by_role("option").first).to_have_attribute("href", "/admin/customers/1")
    page.keyboard.press("Enter")                        # what was open before
    expect(page).to_have_url(re.compile("/admin/customers/1$"))


def test_the_palette_opened_before_htmx_has_begun_is_filled_when_it_begins(window):
    page = window().page
    late = "const at = setTimeout; window.setTimeout = (run, ms = 0, ...more) => at(run, ms + 700, ...more)"
    page.add_init_script(late)
    page.goto("/admin/")
    page.keyboard.press("Control+k")
    expect(page.get_by_role("combobox", name="Command or search")).to_be_focused()
    expect(page.get_by_role("option").first).to_be_visible()


def test_a_budget_is_written_and_approved(window):
    page = window().page
    page.goto("/admin/customers?status=active")
    page.locator("#list tbody a.rowlink").first.click()
    page.get_by_role("link", name="New budget").click()
    page.get_by_label("Description of line 1").fill("Consulting")
    page.get_by_label("Unit price of line 1").fill("99.90")
    page.get_by_role("button", name="Add line").click()
    page.get_by_label("Description of line 2").fill("Travel")
    page.get_by_label("Unit price of line 2").fill("0.10")
    expect(page.locator("[data-total]")).to_contain_text("100.00 ")
    page.get_by_role("button", name="Remove line 2").click()
    expect(page.locator("[data-total]")).to_contain_text("99.90 ")
    page.get_by_role("button", name="Create budget").click()
    expect(page.locator("main")).to_contain_text("99.90")
    page.get_by_role("link", name="Approve").click()
    page.get_by_role("dialog").get_by_role("button", name="Approve budget").click()
    expect(page.get_by_role("heading", level=1)).to_contain_text("Approved")


def test_the_drawer_opens_and_closes_on_a_narrow_screen(window):
    page = window(width=390).page
    page.goto("/admin/customers")
    expect(page.get_by_role("navigation", name="Main")).to_be_hidden()
    page.get_by_role("button", name="Open navigation").click()
    page.get_by_role("link", name="Products").click()
    expect(page).to_have_url(re.compile("/admin/products"))
    page.get_by_role("button", name="Open navigation").click()
    expect(page.get_by_role("navigation", name="Main")).to_be_visible()
    page.keyboard.press("Escape")
    expect(page.get_by_role("navigation", name="Main")).to_be_hidden()
    expect(page.get_by_role("button", name="Open navigation")).to_be_focused()


def test_colours_are_remembered(window):
    page = window("light").page
    page.goto("/admin/")
    page.get_by_role("button", name="Switch colour theme").click()
    expect(page.locator("html")).to_have_attribute("data-bs-theme", "dark")
    page.goto("/admin/customers")
    expect(page.locator("html")).to_have_attribute("data-bs-theme", "dark")


def test_signing_out_leaves_nothing_open(window, place):
    page = window(signed_in=False).page
    page.goto("/admin/budgets")
    expect(page).to_have_url(re.compile("/login"))
    page.get_by_label("E-mail").fill(place.email)
    page.get_by_label("Password").fill(place.password)
    page.get_by_role("button", name="Sign in").click()
    expect(page).to_have_url(re.compile("/admin/budgets"))
    page.get_by_role("button", name="Account of").click()
    page.get_by_role("button", name="Sign out").click()
    expect(page).to_have_url(re.compile("/login"))
    page.go_back()
    expect(page).to_have_url(re.compile("/login"))


def test_a_double_click_makes_one_customer(window):
    page = window().page
    page.goto("/admin/customers/new")
    if page.get_by_text("Choose the merchant profile").count():
        page.locator(".choose a").first.click()
    page.get_by_label("Name", exact=True).fill("Twice Clicked")
    page.get_by_role("button", name="Create customer").dblclick()
    expect(page.get_by_role("heading", level=1)).to_contain_text("Twice Clicked")
    page.goto("/admin/customers?q=Twice+Clicked")
    expect(page.locator("#list tbody tr")).to_have_count(1)
