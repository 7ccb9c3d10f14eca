"""The API reference in a browser: every page in both colour schemes and widths, and Try it."""

import pytest
from playwright.sync_api import expect

pytestmark = [pytest.mark.browser, pytest.mark.files]
CONTENTS = "[...document.querySelectorAll('.ref-side nav > ul > li > a')].map(link => link.pathname)"


def pages(one):
    """Every page that the contents of the contracts name."""
    found = ["/docs", "/docs/webhooks"]
    for contract in ("public", "core"):
        one.page.goto(f"/docs/{contract}")
        found += one.run(CONTENTS)
    return found


def make_key(one):
    """A key for Try it, made on the pages as a person would."""
    one.page.goto("/admin/keys/new")
    one.page.fill("#name", "Try it")
    one.page.locator("main button[type=submit]").wait_for()
    if one.page.locator("#merchant_id").count():
        one.page.select_option("#merchant_id", index=1)
    one.page.click("main button[type=submit]")
    return one.page.locator("#secret").inner_text()


@pytest.mark.timeout(300)
def test_every_page_of_the_reference_is_sound(window):
    one, wrong = window(signed_in=False), []
    found = pages(one)
    assert len(found) > 10
    for address in found:
        one.page.goto(address)
        one.run("document.querySelectorAll('details').forEach(part => part.open = true)")
        for scheme, width in (("light", 1440), ("dark", 390)):
            one.show(scheme, width)
            wrong += [f"{address} in {scheme}: {fault}" for fault in one.faults()]
            if one.overflow() > 0:
                wrong.append(f"{address}: {one.overflow()} px too wide at {width}")
    assert wrong == []


@pytest.mark.timeout(120)
def test_try_it_calls_this_installation_and_keeps_no_key(window):
    one = window()
    key = make_key(one)
    one.page.goto("/docs/public/customers")
    one.page.fill("#credential", key)
    form = one.page.locator("#customers_list .ref-try")
    form.locator("summary").click()
    form.locator("[name=limit]").fill("2")
    form.locator("button").click()
    answer = form.locator(".ref-answer")
    answer.locator("pre").wait_for()
    expect(answer.locator(".tg")).to_have_text("200")
    expect(answer).to_contain_text('"limit": 2')
    expect(answer).to_contain_text("x-request-id")
    kept = one.run("JSON.stringify([{...localStorage}, {...sessionStorage}, document.cookie, location.href])")
    assert key not in kept
    one.page.reload()
    expect(one.page.locator("#credential")).to_have_value("")


@pytest.mark.timeout(120)
def test_the_core_api_is_tried_by_both_protocols_and_says_no_without_a_token(window):
    one = window()
    one.page.goto("/docs/core/clients")
    rest, rpc = one.page.locator("#clients_search .by-rest"), one.page.locator("#clients_search .by-rpc")
    rest.wait_for()
    rpc.wait_for(state="hidden")
    one.page.locator("#clients_search").get_by_text("JSON-RPC", exact=True).click()
    rpc.wait_for()
    rest.wait_for(state="hidden")
    rpc.locator("summary").click()
    rpc.locator("button[type=submit]").click()
    answer = rpc.locator(".ref-answer pre")
    expect(answer).to_contain_text('"error": {')
