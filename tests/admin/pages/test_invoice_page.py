"""The page of an invoice: its lines, what is open, and whose it is."""

from tests import cast, invoicing
from tests.admin.page_text import text_of


def test_a_draft_shows_its_lines_and_when_it_will_be_due(admin, alder):
    key = invoicing.make_draft(alder, items=[
        invoicing.line(100, 2, discount=10), invoicing.line("0.5", 1, rate=0, tax_category="E", tax_reason="Training")])
    page = text_of(admin.get(f"/admin/invoices/{key}").text)
    for fact in ("228.50", "14 days after it is issued", "Training", "Discount", "20 %"):
        assert fact in page, fact
    assert "Credited" not in page
    empty = invoicing.make_draft(alder, items=[])
    assert "No lines yet" in admin.get(f"/admin/invoices/{empty}").text


def test_an_issued_one_shows_what_is_open_after_a_credit(admin, alder):
    key = invoicing.make_issued(alder, items=[invoicing.line(100, 2)])
    invoicing.credit(key, [{"item_id": 1, "quantity": 1}])
    page = text_of(admin.get(f"/admin/invoices/{key}").text)
    for fact in ("240.00", "−120.00", "Credited", "Issued", "see what is missing"):
        assert fact in page, fact


def test_links_name_only_what_the_user_may_read(signed_in, alder):
    key = invoicing.make_issued(alder)
    page = signed_in("normal_user", [alder]).get(f"/admin/invoices/{key}")
    assert page.status_code == 200
    assert 'href="/admin/customers/' in page.text


def test_lists_of_all_merchants_say_whose_each_row_is(signed_in, alder, birch):
    for merchant in (alder, birch):
        cast.make_customer(merchant, f"Buyer {merchant}")
    both = signed_in("admin_user", [alder, birch])
    page = both.get("/admin/customers").text
    assert '<th scope="col">Merchant</th>' in page
    assert "Birch" in text_of(page)
    both.post("/admin/switch", {"merchant": str(alder)})
    assert '<th scope="col">Merchant</th>' not in both.get("/admin/customers").text
    one = signed_in("admin_user", [alder], email="one@alder.example")
    assert '<th scope="col">Merchant</th>' not in one.get("/admin/customers").text
