"""A customer answers a quote on a telephone, and the merchant sees it; every state of the page is sound."""

import re

import pytest

pytestmark = [pytest.mark.browser, pytest.mark.files]


def pending(window):
    """The ids of budgets that can be shared."""
    window.page.goto("/admin/budgets?status=PENDING")
    return re.findall(r"/admin/budgets/(\d+)\"", window.page.content())


def share(window, budget):
    """The link, as the dashboard gives it."""
    window.page.goto(f"/admin/budgets/{budget}")
    window.page.get_by_role("button", name="Share").click()
    link = window.page.locator("#secret").text_content()
    assert re.search(r"/quote/[\w-]{43}$", link)
    return link


@pytest.fixture
def shared(window):
    """Three links to budgets, and the window of the merchant."""
    merchant = window()
    budgets = list(dict.fromkeys(pending(merchant)))[:3]
    return merchant, {budget: share(merchant, budget) for budget in budgets}


@pytest.mark.timeout(300)
@pytest.mark.parametrize("theme", ["light", "dark"])
def test_a_quote_is_accepted_and_another_declined_on_a_telephone(window, shared, theme):
    merchant, links = shared
    customer, wrong = window(theme, 390, signed_in=False), []
    (first, accepted), (second, declined), (third, withdrawn) = links.items()
    wrong += customer.faults_of(accepted)

    customer.page.set_viewport_size({"width": 390, "height": 900})
    customer.page.get_by_label("Your name").fill("Ada Lovelace")
    customer.page.get_by_role("button", name="Accept quote").click()
    customer.page.get_by_role("heading", name="You accepted this quote").wait_for()
    wrong += customer.faults_of(accepted)

    customer.page.goto(declined)
    customer.page.get_by_label("Your name").fill("Grace Hopper")
    customer.page.get_by_label("Comment").fill("Too many lamps")
    customer.page.get_by_role("button", name="Decline").click()
    customer.page.get_by_role("heading", name="You declined this quote").wait_for()
    wrong += customer.faults_of(declined)

    merchant.page.goto(f"/admin/budgets/{first}")
    assert "by Ada Lovelace" in merchant.page.content()
    merchant.page.goto(f"/admin/budgets/{second}")
    assert "Too many lamps" in merchant.page.content()
    merchant.page.goto(f"/admin/budgets/{third}")
    merchant.page.get_by_role("link", name="Withdraw…").click()
    merchant.page.get_by_role("button", name="Withdraw link").click()
    merchant.page.get_by_text("The link was withdrawn").first.wait_for()
    wrong += customer.faults_of(withdrawn)
    customer.page.get_by_role("heading", name="This link was withdrawn").wait_for()
    wrong += customer.faults_of("/quote/nothing")
    assert wrong == []
