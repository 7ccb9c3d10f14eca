"""The dashboard in test mode. That no page reaches the other world: test_between_worlds.py."""

import pytest

from domain.integrations import webhooks
from domain.pages import Query
from domain.people import customers
from models.customer import Customer
from tests import cast
from tests.admin.forms.test_forms import FILLED, customer


def switch(browser, *, test):
    assert browser.post("/admin/mode", {"test": "on"} if test else {}).status_code == 303


@pytest.fixture
def rows(alder):
    """A customer, a product and a budget of each world."""
    made = {}
    for test in (False, True):
        actor = cast.actor_for(alder).in_world(test=test)
        word = "Sandbox" if test else "Genuine"
        buyer = cast.make_customer(alder, f"{word} buyer", actor=actor)
        made[test] = {
            "customers": buyer, "products": cast.make_product(alder, f"{word} lamp", actor=actor),
            "budgets": cast.make_budget(alder, buyer, actor=actor),
        }
    return made


def test_what_is_made_in_test_mode_is_of_the_test_world(admin, alder):
    switch(admin, test=True)
    assert admin.post("/admin/customers", FILLED).status_code == 303
    assert customer(1).test is True
    assert webhooks.LISTING.count(cast.actor_for(alder)) == 0


def test_a_row_that_test_mode_hides_says_that_it_may_be_of_the_live_world(admin, rows):
    path = f"/admin/customers/{rows[False]['customers']}"
    switch(admin, test=True)
    page = admin.get(path)
    assert (page.status_code, "Test mode is on: if it is of the live world" in page.text) == (404, True)
    switch(admin, test=False)
    assert admin.get(path).status_code == 200
    assert "Test mode is on" not in admin.get("/admin/customers/999").text


def test_a_customer_is_copied_to_test_from_its_page(admin, alder):
    key = cast.make_customer(alder, "Ada")
    assert f"/admin/customers/{key}/copy_to_test" in admin.get(f"/admin/customers/{key}").text
    assert admin.post(f"/admin/customers/{key}/copy_to_test").status_code == 303
    assert [one.name for one in customers.LISTING.page(cast.actor_for(alder).in_world(test=True), Query()).records] == [
        "Ada"
    ]
    assert cast.count(Customer) == 2


def test_the_audit_log_says_what_was_changed_in_the_test_world(admin, alder, rows):
    table = admin.get("/admin/audit?kind=customer").text
    live = next(one for one in table.split("<tr") if f'href="/admin/customers/{rows[False]["customers"]}"' in one)
    assert f'href="/admin/customers/{rows[True]["customers"]}"' not in table
    assert (table.count(">Test<"), ">Test<" in live) == (1, False)
    switch(admin, test=True)
    table = admin.get("/admin/audit?kind=customer").text
    assert f'href="/admin/customers/{rows[True]["customers"]}"' in table
    assert f'href="/admin/customers/{rows[False]["customers"]}"' not in table
    assert ",test,ip," in admin.get("/admin/audit.csv").text


def test_the_page_of_a_test_budget_says_that_it_is_one(admin, rows):
    switch(admin, test=True)
    key = rows[True]["budgets"]
    assert f"Budget TEST-{key}" in admin.get(f"/admin/budgets/{key}").text
    assert f"TEST-{key}" in admin.get("/admin/budgets").text
    for verb in ("reject", "reopen", "archive", "delete"):         # whatever is said of it
        admin.post(f"/admin/budgets/{key}/{verb}", {"valid_until": "2099-01-01"})
        text = admin.get("/admin/budgets").text
        assert f"Budget {key} " not in text, verb
        assert (f"Budget TEST-{key} was" in text) or verb == "archive", verb


def test_both_tokens_are_on_the_users_page(admin, alder):
    key = cast.make_user("ada@alder.example", merchant_ids=[alder])
    page = admin.get(f"/admin/users/{key}").text
    assert f"/admin/users/{key}/token/reveal?world=test" in page
    shown = [admin.post(f"/admin/users/{key}/token/reveal{more}").text for more in ("", "?world=test")]
    assert "Test API token of" in shown[1]
    assert "Test API token of" not in shown[0]
    assert "test API token" in admin.get(f"/admin/users/{key}/token/end?world=test").text
    assert admin.post(f"/admin/users/{key}/token/revoke?world=test").status_code == 303
    assert admin.post(f"/admin/users/{key}/token/reveal?world=test").status_code == 404
    assert admin.post(f"/admin/users/{key}/token/reveal").status_code == 200
