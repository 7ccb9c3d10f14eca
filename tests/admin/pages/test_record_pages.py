"""A record's page: its tabs, each fact once, its history in sentences."""

import re
from decimal import Decimal

import pytest

from database import transaction
from domain.catalog import products
from domain.hosting import domain_names
from domain.people import customers
from domain.sales.budgets import budgets
from tests import cast
from tests.admin.page_text import text_of
from tests.api.conftest import Caller
from tests.cast import actor_for
from tests.rows import make


def sentences(page):
    """The entries of a history, newest first."""
    return [text_of(one).strip() for one in re.findall(r'<p class="what">(.*?)</p>', page, re.DOTALL)]


def tabs(page):
    """The tabs by title, with their counts and addresses."""
    count = r'(?:<span class="count">([\d,+]+)</span>)?'
    found = re.findall(r'<a id="tab-[\w-]+" href="([^"]+)"[^>]*>([^<]+?)\s*' + count + "</a>", page)
    return {title.strip(): (count, url) for url, title, count in found}


@pytest.fixture
def ada(alder):
    return cast.make_customer(alder, "Ada Lovelace", email="ada@example.org")


def test_each_tab_is_an_address_with_its_count(admin, alder, ada):
    for _ in range(3):
        cast.make_budget(alder, ada)
    known = tabs(admin.get(f"/admin/customers/{ada}").text)
    assert list(known) == [
        "Details", "Timeline", "Budgets", "Orders", "Scheduled payments", "Payments", "Invoices", "Services",
        "Domain names", "Tickets", "Announcements", "API keys", "Credit notes", "Client users", "Statement",
        "Calls", "History",
    ]
    assert known["Budgets"] == ("3", f"/admin/customers/{ada}?tab=budgets")
    assert known["History"][0] == "1"
    page = admin.get(known["Budgets"][1]).text
    assert page.count('class="rowlink"') == 3
    assert "ada@example.org" not in text_of(page)
    part = admin.part(known["Budgets"][1]).text
    assert part.lstrip().startswith("<div id=\"record\"") or '<div id="record">' in part
    assert "<html" not in part


def test_an_unknown_tab_is_the_first_one(admin, ada):
    assert "ada@example.org" in admin.get(f"/admin/customers/{ada}?tab=nothing").text


def test_a_list_in_a_tab_has_pages(admin, alder, ada):
    for _ in range(21):
        cast.make_budget(alder, ada)
    assert "1–20 of 21" in admin.get(f"/admin/customers/{ada}?tab=budgets").text
    assert "21–21 of 21" in admin.get(f"/admin/customers/{ada}?tab=budgets&page=2").text
    assert "21–21 of 21" in admin.get(f"/admin/customers/{ada}?tab=budgets&page=999").text
    assert admin.get(f"/admin/customers/{ada}?tab=history&page=999").status_code == 200


def test_a_merchant_shows_what_belongs_to_it_and_no_other(ops, alder, birch):
    cast.make_customer(alder, "Ada")
    cast.make_customer(birch, "Grace")
    known = tabs(ops.get(f"/admin/merchants/{alder}").text)
    assert {"Customers", "Products", "Budgets", "API keys", "Webhooks"} <= set(known)
    assert "Deliveries" not in known
    page = text_of(ops.get(known["Customers"][1]).text)
    assert "Ada" in page
    assert "Grace" not in page


def test_a_tab_needs_the_scope_of_its_list(signed_in, alder, ada):
    clerk = signed_in("normal_user", merchants=[alder], email="clerk@alder.example")
    cast.make_budget(alder, ada)
    assert clerk.get(f"/admin/customers/{ada}").status_code == 200
    assert not {"History", "Calls"} & set(tabs(clerk.get(f"/admin/customers/{ada}").text))
    assert "created this customer" not in clerk.get(f"/admin/customers/{ada}?tab=history").text


def test_each_fact_is_shown_once(admin, alder):
    key = cast.make_customer(alder, "Lumen Ltd", organisation="Lumen Ltd", email="hello@lumen.example")
    page = text_of(admin.get(f"/admin/customers/{key}").text)
    assert page.count("hello@lumen.example") == 1
    assert page.count("Lumen Ltd") == 2         # the path and the title
    assert "Credit limit" not in page
    assert page.count("Active") == 1


def test_days_of_a_record_are_written_as_in_lists(admin, alder):
    key = make(domain_names.RESOURCE, alder)
    page = text_of(admin.get(f"/admin/domain_names/{key}").text)
    assert "Expires 1 Jan 2025" in page
    assert "2025-01-01" not in page


def test_amounts_of_a_record_have_their_currency(admin, alder):
    key = cast.make_customer(alder, "Ada", credit_limit=1500, currency="USD")
    assert "1,500.00 USD" in text_of(admin.get(f"/admin/customers/{key}").text)


def test_a_customer_shows_pending_and_approved_money_by_currency(admin, alder, ada):
    cast.make_budget(alder, ada)
    cast.make_budget(alder, ada, currency="USD")
    done = cast.make_budget(alder, ada)
    with transaction():
        budgets.approve(actor_for(alder), budgets.RESOURCE.listing.get(actor_for(alder), done))
    page = text_of(admin.get(f"/admin/customers/{ada}").text)
    assert "Pending 100.00 EUR 1 budget 100.00 USD 1 budget" in page
    assert "Approved, 12 months 100.00 EUR 1 budget" in page


# History ------------------------------------------------------------------------------------------


def change(noun, alder, key, values, **who):
    actor = actor_for(alder, **who)
    with transaction():
        noun.update(actor, noun.LISTING.get(actor, key), values)


def test_a_change_is_a_sentence_with_a_name_and_money(admin, alder):
    anna = cast.make_user("anna@alder.example", merchant_ids=[alder], name="Anna Meyer")
    key = cast.make_product(alder, "Lamp", 10)
    change(products, alder, key, {"price": Decimal(12)}, user_id=anna, label="anna@alder.example")
    lines = sentences(admin.get(f"/admin/products/{key}?tab=history").text)
    assert lines[0] == "Anna Meyer changed price from 10.00 EUR to 12.00 EUR"
    assert lines[1] == "tester created this product"


def test_a_key_is_named_and_linked_with_its_api(ops, alder, ada):
    key, _ = cast.make_key(alder, name="ERP connector")
    change(customers, alder, ada, {"phone": "+49 30 555"}, credential_id=key, label=f"api_key_{key}", source="public")
    page = ops.get(f"/admin/customers/{ada}?tab=history").text
    assert sentences(page)[0] == "ERP connector set phone to +49 30 555"
    assert f'href="/admin/keys/{key}"' in page
    assert "By the Public API" in text_of(page)


def test_a_change_by_an_api_leads_to_its_request(app, ops, alder):
    made = Caller(app, cast.make_key(alder)[1]).post("/products", {"name": "Lamp", "price": 10})
    key = made.json["data"]["id"].removeprefix("product_")
    page = ops.get(f"/admin/products/{key}?tab=history")
    assert page.status_code == 200
    assert "By the Public API, request" in text_of(page.text)
    assert "/admin/requests?q=req_" in page.text


def test_choices_and_names_are_shown_instead_of_values_and_ids(admin, alder):
    key = cast.make_customer(alder, "Ada", email="ada@example.org")
    change(customers, alder, key, {"status": customers.CustomerStatus.STOPPED, "email": None})
    page = text_of(admin.get(f"/admin/customers/{key}?tab=history").text)
    assert "changed 2 values" in page
    assert "Status from Active to Stopped" in page
    assert "E-mail ada@example.org removed" in page


def test_another_verb_than_updated_needs_no_list_of_columns(admin, alder, ada):
    key = cast.make_budget(alder, ada)
    with transaction():
        budgets.approve(actor_for(alder), budgets.RESOURCE.listing.get(actor_for(alder), key))
    page = admin.get(f"/admin/budgets/{key}?tab=history").text
    assert sentences(page)[0] == "tester approved this budget"
    assert "approved_at" not in page


def test_the_audit_log_names_the_row_and_links_it(ops, alder, ada):
    change(customers, alder, ada, {"phone": "+49 30 555"})
    page = ops.get("/admin/audit").text
    assert "Set phone of customer Ada Lovelace to +49 30 555" in text_of(page)
    assert f'href="/admin/customers/{ada}"' in page


def test_who_approved_is_shown_by_name(ops, alder, ada):
    key, _ = cast.make_key(alder, name="ERP connector")
    budget = cast.make_budget(alder, ada)
    actor = actor_for(alder, label=f"api_key_{key}")
    with transaction():
        budgets.approve(actor, budgets.RESOURCE.listing.get(actor, budget))
    page = text_of(ops.get(f"/admin/budgets/{budget}").text)
    assert "by ERP connector" in page
