"""An invoice is paid under its link on a telephone, and money is recorded in a dialog; every page is sound."""

import re

import pytest

pytestmark = [pytest.mark.browser, pytest.mark.files]


def open_invoices(window):
    """The ids of invoices that nobody has paid."""
    window.page.goto("/admin/invoices?status=unpaid")
    found = re.findall(r"/admin/invoices/(\d+)\"", window.page.content())
    window.page.goto("/admin/invoices?status=overdue")
    return list(dict.fromkeys(found + re.findall(r"/admin/invoices/(\d+)\"", window.page.content())))


@pytest.mark.timeout(300)
@pytest.mark.parametrize("theme", ["light", "dark"])
def test_an_invoice_has_a_payment_page_a_dialog_and_a_statement(window, theme):
    merchant, wrong = window(theme), []
    key = open_invoices(merchant)[0]
    merchant.page.goto(f"/admin/invoices/{key}")
    merchant.page.get_by_role("button", name="Payment link").click()
    link = merchant.page.locator("#secret").text_content()
    assert re.search(r"/pay/[\w-]{43}$", link)
    customer = window(theme, 390, signed_in=False)
    wrong += customer.faults_of(link)
    assert "What you pay" in customer.page.content()
    wrong += window(theme, 1440, signed_in=False).faults_of(link)

    wrong += merchant.faults_of(f"/admin/invoices/{key}/payment")
    merchant.page.goto(f"/admin/invoices/{key}")
    merchant.page.get_by_role("link", name="Record payment…").click()
    merchant.page.get_by_label("Amount in").fill("1")
    merchant.page.get_by_role("button", name="Record payment").click()
    merchant.page.get_by_text("The payment was recorded.").first.wait_for()
    wrong += merchant.faults_of(f"/admin/invoices/{key}")
    small = window(theme, 390)
    wrong += small.faults_of(f"/admin/invoices/{key}")
    merchant.page.goto(f"/admin/invoices/{key}")
    person = merchant.page.locator("dt:text-is('Customer') + dd a").first.get_attribute("href")
    for one in (merchant, small):
        wrong += one.faults_of(f"{person}?tab=statement")
    assert not wrong, "\n".join(wrong)
