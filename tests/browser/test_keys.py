"""API keys in a browser: the check-up and the expiry by the keyboard alone, with undo by the toast."""

import re

import pytest
from playwright.sync_api import expect

pytestmark = [pytest.mark.browser, pytest.mark.files]
CHECK_UP = "/admin/keys/check-up"


def concerns(page):
    return page.locator(".mends li")


def press(page, control, key="Enter"):
    control.focus()
    page.keyboard.press(key)


def undo(page):
    """Press Undo in the toast."""
    press(page, page.locator(".toast-x").get_by_role("button", name="Undo"))


def test_each_concern_is_mended_by_a_key_press_and_undone_by_the_toast(window):
    page = window().page
    for show, button, said in (
        ("wide", "Remove ", "The scopes of"), ("endless", "Expire on ", " expires on "),
    ):
        page.goto(f"{CHECK_UP}?show={show}")
        before = concerns(page).count()
        press(page, page.get_by_role("button", name=re.compile(button)).first)
        expect(page.locator(".toast-x")).to_contain_text(said)
        expect(concerns(page)).to_have_count(before - 1)
        undo(page)
        expect(page.locator(".toast-x")).to_contain_text("restored")
        expect(concerns(page)).to_have_count(before)
        assert page.url.endswith(f"{CHECK_UP}?show={show}")


def test_addresses_are_chosen_in_a_dialog_that_the_keyboard_works(window):
    at = window()
    page = at.page
    page.goto(f"{CHECK_UP}?show=anywhere")
    before = concerns(page).count()
    press(page, page.get_by_role("link", name=re.compile("Choose addresses")).first)
    dialog = page.locator("dialog[open]")
    expect(dialog.get_by_role("checkbox").first).to_be_checked()
    assert at.faults() == []
    page.keyboard.press("Escape")
    expect(dialog).to_have_count(0)
    press(page, page.get_by_role("link", name=re.compile("Choose addresses")).first)
    press(page, dialog.get_by_role("button", name="Allow only these"))
    expect(page.locator(".toast-x")).to_contain_text("only.")
    expect(concerns(page)).to_have_count(before - 1)
    undo(page)
    expect(concerns(page)).to_have_count(before)


def test_an_expiry_is_typed_and_taken_back(window):
    at = window()
    page = at.page
    page.goto("/admin/keys?tab=expiring")
    page.locator("#list a.rowlink").first.click()
    expect(page).to_have_url(re.compile(r"/admin/keys/\d+$"))
    press(page, page.locator(".pgh").get_by_role("link", name="Extend"))
    day = page.locator("dialog[open] #day")
    day.fill("2020-01-31")
    press(page, day)
    expect(page.locator("#day-wrong")).to_have_text("must be in the future")
    assert at.faults() == []
    page.locator("dialog[open] #day").fill("2030-01-31")
    press(page, page.locator("dialog[open] #day"))
    expect(page.locator(".toast-x")).to_contain_text("expires on 31 Jan 2030")
    undo(page)
    expect(page.locator(".toast-x")).to_contain_text("was restored")
