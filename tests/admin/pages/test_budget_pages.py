"""Pages of budgets: lines with and without JavaScript, approval with a confirmation."""

import html
import re
from datetime import UTC, datetime

from database import db, transaction
from domain import clock
from models.budget import Budget, BudgetStatus
from models.product import PriceRule, PriceRuleKind
from tests import cast

LINE = {"items.0.description": "Work", "items.0.quantity": "3", "items.0.unit_price": "12.345"}


def budget(key=1):
    db.session.expire_all()
    return db.session.get(Budget, key)


def said(admin, reply, key, words):
    """Refused with words on the record's page."""
    assert reply.status_code == 303
    assert reply.headers["Location"] == f"/admin/budgets/{key}"
    page = admin.get(reply.headers["Location"]).text
    assert words in page.partition('data-flash="bad">')[2].partition("</p>")[0]


def test_a_budget_adds_up_from_its_form(admin, alder):
    customer, product = cast.make_customer(alder, "Ada"), cast.make_product(alder, "Lamp", price=10)
    reply = admin.post("/admin/budgets", LINE | {
        "customer_id": f"Ada ({customer})", "items.4.product_id": f"Lamp ({product})", "items.4.quantity": "2",
        "items.7.quantity": "1", "valid_until": "2099-12-31", "discount": "1", "notes": "Thanks"})
    assert reply.status_code == 303
    row = budget()
    assert [(item.description, item.total_minor) for item in row.items] == [("Work", 3704), ("Lamp", 2000)]
    assert (row.subtotal_minor, row.discount_minor, row.total_minor) == (5704, 100, 5604)
    assert row.valid_until.isoformat() == "2099-12-31T23:59:59+00:00"
    page = admin.get(reply.headers["Location"]).text
    assert "56.04 EUR" in page
    assert "Thanks" in page


def test_a_mistake_in_a_line_is_shown_at_the_line(admin, alder):
    customer = cast.make_customer(alder, "Ada")
    reply = admin.post("/admin/budgets", LINE | {
        "customer_id": str(customer), "items.0.quantity": "0", "items.1.description": "Free", "items.1.quantity": "1"})
    assert reply.status_code == 422
    assert 'id="items.0.quantity-wrong"' in reply.text
    assert 'value="Free"' in reply.text


def test_a_customer_of_others_does_not_exist(admin, birch):
    reply = admin.post("/admin/budgets", LINE | {"customer_id": str(cast.make_customer(birch, "Foreign"))})
    assert reply.status_code == 422
    assert "must exist" in reply.text


def test_lines_are_added_and_removed_without_javascript(admin, alder):
    cast.make_customer(alder, "Ada")
    more = admin.post("/admin/budgets/line", LINE | {"add_line": "1", "notes": "kept"})
    assert more.status_code == 200
    assert 'name="items.1.quantity"' in more.text
    assert 'value="12.345"' in more.text
    assert "kept" in more.text
    less = admin.post("/admin/budgets/line", LINE | {"items.1.description": "Other", "remove_line": "0"})
    assert 'name="items.0.description"' not in less.text
    assert 'value="Other"' in less.text


def test_approving_asks_for_confirmation_and_fixes_the_budget(admin, alder):
    key = cast.make_budget(alder, cast.make_customer(alder, "Ada"))
    assert "100.00 EUR" in admin.get(f"/admin/budgets/{key}/approve").text
    assert admin.part(f"/admin/budgets/{key}/reject").text.lstrip().startswith("<dialog")
    assert admin.post(f"/admin/budgets/{key}/approve", {"version": "1"}).status_code == 303
    assert budget().status is BudgetStatus.APPROVED
    assert budget().approved_by == "admin_user@alder.example"
    refused = admin.post(f"/admin/budgets/{key}", LINE | {"customer_id": "1"})
    assert refused.status_code == 422
    assert "can no longer be changed" in refused.text


def test_a_budget_that_changed_since_it_was_shown_is_not_approved(admin, alder):
    key = cast.make_budget(alder, cast.make_customer(alder, "Ada"))
    admin.post(f"/admin/budgets/{key}", LINE | {"customer_id": "1", "version": "1"})
    said(admin, admin.post(f"/admin/budgets/{key}/approve", {"version": "1"}), key, "Another user changed this")
    assert budget().status is BudgetStatus.PENDING


def test_the_form_suggests_own_customers_while_typing(admin, alder, birch):
    cast.make_customer(alder, "Ada Lovelace")
    cast.make_customer(birch, "Ada Foreign")
    part = admin.part("/admin/choices/customers?customer_id=ada").text
    assert "Ada Lovelace (1)" in part
    assert "Foreign" not in part


def test_a_rejected_budget_is_reopened_with_a_future_date(admin, alder):
    key = cast.make_budget(alder, cast.make_customer(alder, "Ada"))
    admin.post(f"/admin/budgets/{key}/reject")
    page = admin.get(f"/admin/budgets/{key}").text
    assert f"/admin/budgets/{key}/reopen" in page
    assert f"/admin/budgets/{key}/edit" not in page
    for day in ("", "2020-01-01", "soon"):
        refused = admin.post(f"/admin/budgets/{key}/reopen", {"valid_until": day, "version": "2"})
        assert refused.status_code == 422, day
        assert 'name="version" value="2"' in refused.text
        assert 'id="valid_until-wrong"' in refused.text, day
    assert admin.post(f"/admin/budgets/{key}/reopen", {"valid_until": "2099-01-01"}).status_code == 303
    assert budget().status is BudgetStatus.PENDING


def test_a_tax_that_follows_from_the_rate_follows_the_line(admin, alder):
    with transaction():
        db.session.add(PriceRule(merchant_id=alder, test=False, kind=PriceRuleKind.TAX, name="VAT",
                                 percent_ten_thousandths=200_000,
                                 version=1, created_at=clock.now(), updated_at=clock.now()))
    product = cast.make_product(alder, "Lamp", price=10, tax_id=1)
    key = cast.make_budget(alder, cast.make_customer(alder, "Ada"), [{"product_id": product, "quantity": 1}])
    form = admin.get(f"/admin/budgets/{key}/edit").text
    assert 'id="items.0.tax" name="items.0.tax" type="text" value="20 %"' in form
    admin.post(f"/admin/budgets/{key}", {
        "customer_id": "1", "items.0.product_id": str(product), "items.0.quantity": "5", "items.0.tax": "",
        "version": "1"})
    assert [item.tax_minor for item in budget(key).items] == [1000]


def test_a_budget_that_is_decided_has_no_form(admin, alder):
    key = cast.make_budget(alder, cast.make_customer(alder, "Ada"))
    admin.post(f"/admin/budgets/{key}/approve")
    said(admin, admin.get(f"/admin/budgets/{key}/edit"), key, f"Budget {key} can no longer be changed.")


def offered(admin, key):
    """What the budget's page and its row in the list offer."""
    page = admin.get(f"/admin/budgets/{key}").text
    row = admin.get("/admin/budgets").text.partition(f'id="row-{key}"')[2].partition("</tr>")[0]
    verbs = ("edit", "approve", "reject", "reopen", "archive", "activate", "delete")
    return {verb for verb in verbs if f"/admin/budgets/{key}/{verb}\"" in page + row}


def test_only_what_the_status_allows_is_offered_and_the_rest_refused_in_place(admin, alder):
    customer = cast.make_customer(alder, "Ada")
    pending, approved, rejected = (cast.make_budget(alder, customer) for _ in range(3))
    admin.post(f"/admin/budgets/{approved}/approve")
    admin.post(f"/admin/budgets/{rejected}/reject")
    assert offered(admin, pending) == {"edit", "approve", "reject", "delete"}
    assert offered(admin, approved) == set()
    assert offered(admin, rejected) == {"reopen", "delete"}
    for verb in ("approve", "reject"):
        refused = admin.get(f"/admin/budgets/{approved}/{verb}")
        said(admin, refused, approved, f"You cannot {verb} Budget {approved} now.")
    said(admin, admin.post(f"/admin/budgets/{approved}/reject"), approved, "APPROVED -&gt; REJECTED is not allowed.")
    said(admin, admin.post(f"/admin/budgets/{approved}/delete"), approved, "can no longer be deleted.")
    said(admin, admin.get(f"/admin/budgets/{pending}/reopen"), pending, "it cannot be reopened")
    for key in (pending, approved):
        day = {"valid_until": "2099-01-01"}
        said(admin, admin.post(f"/admin/budgets/{key}/reopen", day), key, "it cannot be reopened")
    part = admin.part(f"/admin/budgets/{approved}/approve")
    assert part.headers["HX-Redirect"] == f"/admin/budgets/{approved}"


def test_deleting_many_names_the_one_that_cannot_be_deleted_and_deletes_none(admin, alder):
    customer = cast.make_customer(alder, "Ada")
    pending, approved = cast.make_budget(alder, customer), cast.make_budget(alder, customer)
    admin.post(f"/admin/budgets/{approved}/approve")
    admin.post("/admin/budgets/bulk", {"verb": "delete", "ids": [str(pending), str(approved)]})
    page = admin.get("/admin/budgets").text
    assert f"Budget {approved}: Budget is APPROVED and can no longer be deleted. Nothing was changed." in page
    assert f'id="row-{pending}"' in page


def test_a_customer_is_known_by_the_whole_name_where_only_one_has_it(admin, alder, birch):
    for name in ("Ada Lovelace", "Grace", "Grace", "Ada Lovelace the younger"):
        cast.make_customer(alder, name)
    cast.make_customer(birch, "Ada Lovelace")
    lamp = cast.make_product(alder, "Lamp", price=10)
    lines = {"items.0.product_id": "lamp", "items.0.quantity": "1"}
    assert admin.post("/admin/budgets", lines | {"customer_id": " ada lovelace "}).status_code == 303
    assert (budget().customer_id, budget().items[0].product_id) == (1, lamp)
    for name in ("Grace", "Ada", "Nobody", "x" * 300):
        refused = admin.post("/admin/budgets", lines | {"customer_id": name, "items.0.product_id": "Chair"})
        assert refused.status_code == 422
        assert "choose a customer from the list" in refused.text, name
        assert "choose a product from the list" in refused.text, name
        assert "whole number" not in refused.text


def test_changing_the_notes_keeps_the_time_of_the_last_day(admin, alder):
    ends = datetime(2099, 5, 1, 2, 10, tzinfo=UTC)
    key = cast.make_budget(alder, cast.make_customer(alder, "Ada"), valid_until=ends)
    loaded = html.unescape(re.search(r'name="loaded" value="([^"]+)"', admin.get(f"/admin/budgets/{key}/edit").text)[1])
    form = LINE | {"customer_id": "1", "loaded": loaded, "notes": "Thanks"}
    assert admin.post(f"/admin/budgets/{key}", form | {"valid_until": "2099-05-01"}).status_code == 303
    assert budget(key).notes == "Thanks"
    assert budget(key).valid_until == ends
    admin.post(f"/admin/budgets/{key}", form | {"valid_until": "2099-05-02"})
    assert budget(key).valid_until.isoformat() == "2099-05-02T23:59:59+00:00"


def test_budgets_are_filtered_by_currency_and_by_the_day_until_which_they_are_valid(admin, alder):
    customer = cast.make_customer(alder)
    soon = cast.make_budget(alder, customer, valid_until="2099-01-31T12:00:00Z", currency="EUR")
    later = cast.make_budget(alder, customer, valid_until="2099-03-31T12:00:00Z", currency="USD")

    def found(query):
        page = admin.get(f"/admin/budgets?{query}").text
        return {key for key in (soon, later) if f'href="/admin/budgets/{key}"' in page}

    assert found("currency=USD") == {later}
    assert found("valid_after=2099-02-01") == {later}
    assert found("valid_before=2099-01-31") == {soon}
    assert found("currency=EUR&valid_after=2099-02-01") == set()
    assert found("currency=nothing&valid_before=never") == {soon, later}
