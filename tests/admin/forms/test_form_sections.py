"""Forms: what is required, sections that fold, and mistakes with links to their fields."""

import re

import pytest

from tests import cast

FORM = {"name": "Ada", "status": "active", "credit_limit": "0"}
SECTION = re.compile(r'<details class="panel fold"( open)?><summary><h2>([^<]+)</h2>')


def folded(page):
    """Which sections fold, and whether each is open."""
    return {title: bool(is_open) for is_open, title in SECTION.findall(page.text)}


def test_sections_are_open_when_something_is_in_them(admin, alder):
    titles = ["Organisation", "Billing", "Billing address", "Shipping address", "More"]
    assert folded(admin.get("/admin/customers/new")) == dict.fromkeys(titles, False)
    key = cast.make_customer(alder, billing_address={"city": "Paris"}, note="VIP")
    found = folded(admin.get(f"/admin/customers/{key}/edit"))
    assert [title for title, is_open in found.items() if is_open] == ["Billing address", "More"]


@pytest.mark.parametrize(("field", "value", "title"), [
    ("website", "nonsense", "Organisation"), ("credit_limit", "-1", "Billing"),
    ("shipping_address.country", "XX", "Shipping address"),
])
def test_a_section_with_a_mistake_is_open_and_the_summary_leads_to_it(admin, alder, field, value, title):
    page = admin.post("/admin/customers", FORM | {field: value})
    assert page.status_code == 422
    assert folded(page)[title] is True
    summary = page.text.partition('id="mistakes"')[2].partition("</div></div>")[0]
    assert f'<a href="#{field}">' in summary
    assert f'id="{field}"' in page.text


def test_the_summary_names_fields_as_their_labels_do(admin, alder):
    page = admin.post("/admin/customers", FORM | {"name": "", "email": "x", "billing_address.postal_code": "1" * 200})
    summary = page.text.partition('id="mistakes"')[2].partition("</div></div>")[0]
    assert '<a href="#name">Name</a> is required' in summary
    assert '<a href="#email">E-mail</a>' in summary
    assert '<a href="#billing_address.postal_code">Postal code</a>' in summary


def test_a_mistake_in_a_line_of_a_budget_has_a_link_too(admin, alder):
    customer = cast.make_customer(alder)
    page = admin.post("/admin/budgets", {
        "customer_id": str(customer), "items.0.description": "Work", "items.0.quantity": "-1"})
    assert page.status_code == 422
    assert '<a href="#items.0.quantity">Line 1 quantity</a>' in page.text


def test_required_fields_are_marked(admin, alder):
    page = admin.get("/admin/customers/new").text
    for name in ("name", "status", "credit_limit"):
        assert f'<label for="{name}" class="req">' in page, name
        assert re.search(rf'id="{name}"[^>]* required', page), name
    assert '<label for="email">' in page
    assert 'class="save-bar"' in page
