"""Lists: search, filters, sorting, paging, export, and only the user's own rows."""

import csv
import html
import io
import re
from decimal import Decimal
from urllib.parse import quote

from blueprints.admin.crud import export
from blueprints.pages.format import words
from database import db, transaction
from domain.people import customers
from models.customer import Customer
from tests import cast, invoicing
from tests.architecture.nouns import pages

NAMES = ("Ada Lovelace", "Grace Hopper", "Alan Turing")


def people(merchant, names=NAMES):
    return [cast.make_customer(merchant, name, email=f"{name.split()[0].lower()}@example.org") for name in names]


def shown(page):
    return [name for name in NAMES if name in page.text]


def test_a_list_shows_own_rows_only(admin, alder, birch):
    people(alder, NAMES[:1])
    key = cast.make_customer(birch, "Grace Hopper")
    assert shown(admin.get("/admin/customers")) == ["Ada Lovelace"]
    assert admin.get(f"/admin/customers/{key}").status_code == 404
    assert admin.get(f"/admin/customers/{key}/edit").status_code == 404
    assert admin.post(f"/admin/customers/{key}/delete").status_code == 404
    assert admin.post(f"/admin/customers/{key}", {"name": "Mine"}).status_code == 404
    assert admin.post("/admin/customers/bulk", {"verb": "delete", "ids": str(key)}).status_code == 404


def test_restricted_users_see_what_they_made(signed_in, alder):
    people(alder, NAMES[:1])
    one = signed_in("restricted_user", [alder])
    form = {"name": "Grace Hopper", "status": "active", "credit_limit": "0"}
    assert one.post("/admin/customers", form).status_code == 303
    assert shown(one.get("/admin/customers")) == ["Grace Hopper"]


def test_search_filter_and_sort_are_in_the_address(admin, alder):
    people(alder)
    cast.make_customer(alder, "Ada Archived", status="archived")
    assert shown(admin.get("/admin/customers?q=gra")) == ["Grace Hopper"]
    assert "Ada Archived" not in admin.get("/admin/customers?status=active").text
    page = admin.get("/admin/customers?sort=name").text
    assert page.index("Ada Lovelace") < page.index("Alan Turing") < page.index("Grace Hopper")
    page = admin.get("/admin/customers?sort=-name").text
    assert page.index("Grace Hopper") < page.index("Alan Turing")
    assert 'aria-sort="descending"' in page


def test_what_an_address_says_wrongly_is_left_out(admin, alder):
    people(alder)
    for query in ("sort=password_hash", "sort=", "page=-1", "page=x", "page=99999999999", "status=nonsense",
                  "created_after=yesterday", "created_before=2026-02-30", "q=%00", "q=%25"):
        assert admin.get(f"/admin/customers?{query}").status_code == 200, query


def test_a_part_is_the_table_alone_and_keeps_a_clean_address(admin, alder):
    people(alder)
    part = admin.part("/admin/customers?q=ada&status=&sort=")
    assert part.text.lstrip().startswith('<div class="picks" id="list">')
    assert "<html" not in part.text
    assert part.headers["HX-Push-Url"] == "/admin/customers?q=ada"
    assert {"HX-Request", "HX-Request-Type"} <= set(part.vary)
    back = admin.get("/admin/customers", headers={"HX-History-Restore-Request": "true", "HX-Request-Type": "full"})
    assert "<html" in back.text


def test_the_order_stays_when_a_filter_follows(admin, alder):
    people(alder)
    field = re.compile(r'<input type="hidden" id="sort" name="sort" value="([^"]*)"( disabled)?([^>]*)>')
    assert field.search(admin.get("/admin/customers?sort=-name").text).groups() == ("-name", None, "")
    assert field.search(admin.get("/admin/customers").text).groups() == ("", " disabled", "")
    renewed = ("name", None, ' hx-swap-oob="true"')
    assert field.search(admin.part("/admin/customers?sort=name&q=zzz").text).groups() == renewed
    for other in ("keys", "webhooks", "currencies", "budgets"):
        assert field.search(admin.part(f"/admin/{other}?sort=name").text).groups() == renewed, other


def test_filters_are_chips_that_are_changed_and_removed_by_links(admin, alder):
    people(alder)
    query = "q=ada&sort=name&status=active&created_after=2026-01-31&created_before=nonsense"
    page = admin.get(f"/admin/customers?{query}").text
    chips = page.partition('id="chips"')[2].partition('id="list"')[0]
    assert 'id="chip-status"' in chips
    assert "<b>Active</b>" in chips
    assert "<b>31 Jan 2026</b>" in chips
    assert 'id="chip-created_before"' not in chips
    kept = "q=ada&amp;sort=name&amp;status=active&amp;created_before=nonsense"
    assert f'class="drop" href="/admin/customers?{kept}"' in chips
    assert 'href="/admin/customers?q=ada&amp;sort=name&amp;status=stopped&amp;created_after' in chips
    kept_by_search = page.partition('id="kept"')[2].partition("</span>")[0]
    assert '<input type="hidden" name="status" value="active">' in kept_by_search
    assert 'href="/admin/customers">Clear all</a>' in chips
    assert "1 customer<" in chips
    assert "Clear all" not in admin.get("/admin/customers?sort=name").text


def test_a_list_says_how_many_rows_it_has_in_their_own_word(ops, alder):
    for path, counted in (("customers", "0 customers"), ("merchants", "2 merchants"), ("outbox", "0 tasks"),
                          ("keys", "0 API keys"), ("products/rules", "0 price rules"), ("users", "1 user")):
        assert f'<span class="count-of">{counted}</span>' in ops.get(f"/admin/{path}").text, path


def test_a_part_renews_what_the_filters_keep(admin, alder):
    people(alder)
    part = admin.part("/admin/customers?status=active&sort=name").text
    for name in ("sort", "kept", "chips", "export"):
        assert re.search(rf'id="{name}"[^>]* hx-swap-oob="true"', part), name
    assert 'href="/admin/customers.csv?status=active&amp;sort=name"' in part


def test_pages_of_a_list_have_25_50_or_100_rows(admin, alder):
    for number in range(60):
        cast.make_customer(alder, f"Customer {number:02}")
    assert "1–50 of 60" in admin.get("/admin/customers?per=50").text
    assert "51–60 of 60" in admin.get("/admin/customers?per=50&page=2").text
    assert 'href="/admin/customers?per=50&amp;page=2"' in admin.get("/admin/customers?per=50").text
    for wrong in ("26", "-1", "100000", "x"):
        assert "1–25 of 60" in admin.get(f"/admin/customers?per={wrong}").text


def test_pages_of_a_list(admin, alder):
    for number in range(30):
        cast.make_customer(alder, f"Customer {number:02}")
    first = admin.get("/admin/customers?sort=name")
    assert "1–25 of 30" in first.text
    second = admin.get("/admin/customers?sort=name&page=2")
    assert "26–30 of 30" in second.text
    assert "Customer 29" in second.text
    assert "sort=name" in second.text


def test_a_page_after_the_end_is_the_last_page(admin, alder):
    for number in range(30):
        cast.make_customer(alder, f"Customer {number:02}")
    page = admin.get("/admin/customers?sort=name&page=999").text
    assert "26–30 of 30" in page
    assert "No customers yet" not in page
    assert "No customers yet" not in admin.part("/admin/customers?page=999").text
    log = admin.get("/admin/audit?page=999").text
    assert "Created customer" in log


def test_the_audit_log_distinguishes_empty_from_no_match(admin, alder):
    none = admin.get("/admin/audit").text
    assert "No changes yet" in none or "1–" in none
    assert "Clear filters" not in none
    found = admin.get("/admin/audit?q=zzzzzz").text
    assert "Nothing matches" in found
    assert "Clear filters" in found


def test_lists_distinguish_empty_from_no_match(admin, alder):
    assert "No customers yet" in admin.get("/admin/customers").text
    people(alder)
    page = admin.get("/admin/customers?q=zzz").text
    assert "Nothing matches" in page
    assert "Clear filters" in page


def test_an_export_is_what_the_list_finds_complete_and_safe(admin, alder):
    for name in ('=cmd|"/C calc"!A0', "Quote \"and\", comma", "Line\tbreak", "＝1+1", "Ada"):
        cast.make_customer(alder, name)
    reply = admin.get("/admin/customers.csv?sort=name")
    assert reply.mimetype == "text/csv"
    assert reply.content_length == len(reply.data)
    assert reply.data.startswith(b"\xef\xbb\xbf")
    rows = list(csv.DictReader(io.StringIO(reply.data.decode("utf-8-sig"))))
    names = {row["name"] for row in rows}
    assert names == {"'=cmd|\"/C calc\"!A0", "Quote \"and\", comma", "Line\tbreak", "'＝1+1", "Ada"}
    assert rows[0]["created_at"].endswith("+00:00")
    assert len(list(csv.reader(io.StringIO(admin.get("/admin/customers.csv?q=ada").text)))) == 2


def first_row(page):
    return next(csv.DictReader(io.StringIO(page.data.decode("utf-8-sig"))))


def test_an_export_has_amounts_with_their_currency(admin, alder):
    customer = cast.make_customer(alder)
    items = [{"description": "Work", "quantity": 1, "unit_price": 1250}]
    for currency, total in (("EUR", "1250.00"), ("JPY", "1250"), ("KWD", "1250.000")):
        key = cast.make_budget(alder, customer, items, currency=currency)
        page = admin.get("/admin/budgets.csv?sort=-id")
        assert page.data.decode("utf-8-sig").startswith("id,customer,status,total,currency,valid_until,created_at\r\n")
        row = first_row(page)
        assert (row["id"], row["customer"]) == (str(key), "Ada Lovelace")
        assert (row["total"], row["currency"]) == (total, currency)
    for price, currency, shown in (("12.345", "EUR", "12.345"), ("12", "EUR", "12.00"), ("70", "JPY", "70")):
        cast.make_product(alder, f"Lamp {price}", Decimal(price), currency=currency, sku=f"{price}{currency}")
        row = first_row(admin.get(f"/admin/products.csv?q={price}{currency}"))
        assert (row["price"], row["currency"]) == (shown, currency)


def test_no_export_names_a_column_twice(ops, alder):
    for name in ("customers", "products", "products/groups", "products/rules", "budgets", "keys", "users", "merchants",
                 "webhooks", "currencies", "audit", "requests"):
        names = next(csv.reader(io.StringIO(ops.get(f"/admin/{name}.csv").data.decode("utf-8-sig"))))
        assert len(set(names)) == len(names), name
        assert not [one for one in names if one.endswith(("_minor", "_micro", "_hundredths"))], name


def test_the_switcher_narrows_lists_but_not_single_records(ops, alder, birch):
    people(alder, NAMES[:1])
    people(birch, NAMES[1:2])
    assert shown(ops.get("/admin/customers")) == ["Ada Lovelace", "Grace Hopper"]
    assert ops.post("/admin/switch", {"merchant": str(birch), "next": "/admin/customers"}).status_code == 303
    assert shown(ops.get("/admin/customers")) == ["Grace Hopper"]
    record = ops.get("/admin/customers/1")
    assert record.status_code == 200
    assert "Alder ·" in record.text


def test_nobody_switches_to_a_merchant_of_others(admin, birch):
    assert admin.post("/admin/switch", {"merchant": str(birch)}).status_code == 404
    assert admin.post("/admin/switch", {"merchant": "999999"}).status_code == 404


def test_the_palette_finds_pages_actions_and_records(admin, alder):
    people(alder)
    part = admin.part("/admin/palette?q=grace")
    assert "Grace Hopper" in part.text
    assert part.text.count('role="option"') == 1
    assert "New API key" in admin.part("/admin/palette?q=api").text
    assert "<html" in admin.get("/admin/palette?q=grace").text


def test_the_palette_finds_the_calls_of_an_address_however_it_is_spelled(admin):
    for typed in ("203.0.113.9", "::ffff:203.0.113.9", "203.0.113.9:443"):
        found = admin.part(f"/admin/palette?q={quote(typed)}").text
        assert 'href="/admin/requests?ip=203.0.113.9"' in found, typed


def test_the_palette_finds_records_by_their_number(admin, alder, birch):
    customer = cast.make_customer(alder, "Grace Hopper")
    budget = cast.make_budget(alder, customer)
    for typed, path in (
        (f"Budget {budget}", f"/admin/budgets/{budget}"), (f"budget_{budget}", f"/admin/budgets/{budget}"),
        (f"customer_{customer}", f"/admin/customers/{customer}"),
        (f"Customer #{customer}", f"/admin/customers/{customer}"),
        (f"{budget}", f"/admin/budgets/{budget}"), (f"#{customer}", f"/admin/customers/{customer}"),
    ):
        assert f'href="{path}"' in admin.part(f"/admin/palette?q={quote(typed)}").text, typed
    theirs = cast.make_customer(birch, "Alan Turing")
    assert "Alan" not in admin.part(f"/admin/palette?q=customer+{theirs}").text


def test_the_palette_shows_recent_records_that_can_still_be_seen(admin, alder, birch):
    mine, gone = cast.make_customer(alder, "Grace Hopper"), cast.make_customer(alder, "Alan Turing")
    budget, key = cast.make_budget(alder, mine), cast.make_key(alder, name="Shop")[0]
    theirs = cast.make_customer(birch, "Of others")
    other_world = cast.make_customer(alder, "In tests", actor=cast.actor_for(alder).in_world(test=True))
    with transaction():
        customers.delete(cast.actor_for(alder), db.session.get(Customer, gone))
    said = ",".join((
        f"customer_{gone}", f"customer_{theirs}", f"customer_{other_world}", f"budget_{budget}", f"customer_{mine}",
        f"api_key_{key}", f"customer_{mine}", "customer_9999999999999999999", "nothing_1", "customer_x", "<b>"))
    text = admin.part(f"/admin/palette?q=&recent={quote(said)}").text
    assert re.findall(r'<a href="([^"]+)"', text)[:3] == [
        f"/admin/budgets/{budget}", f"/admin/customers/{mine}", f"/admin/keys/{key}"]
    assert text.index("Recent") < text.index("Grace Hopper") < text.index("Shop") < text.index("New customer")
    for hidden in ("Alan", "Of others", "In tests", "<b>"):
        assert hidden not in text
    assert "Recent" not in admin.part(f"/admin/palette?q=new&recent={quote(said)}").text
    assert "Recent" not in admin.part("/admin/palette?q=").text


def test_pages_of_records_say_which_one_they_show(admin, signed_in, alder):
    key = cast.make_customer(alder)
    shown = admin.get(f"/admin/customers/{key}").text
    assert f'data-record="customer_{key}"' in shown
    assert 'data-recent="recent-1-live"' in shown
    program = cast.make_key(alder)[0]
    assert f'data-record="api_key_{program}"' in admin.get(f"/admin/keys/{program}").text
    assert "data-record" not in admin.get("/admin/customers").text
    assert "data-record" not in admin.get(f"/admin/customers/{key}/edit").text
    admin.post("/admin/mode", {"test": "on"})
    assert 'data-recent="recent-1-test"' in admin.get("/admin/customers").text
    other = signed_in("normal_user", [alder])
    assert 'data-recent="recent-2-live"' in other.get("/admin/customers").text


def found(admin, words):
    """The titles of the palette's lines, in their order."""
    text = admin.part(f"/admin/palette?q={quote(words)}").text
    return [html.unescape(title) for title in re.findall(r'<span class="t">([^<]*)</span>', text)]


def test_the_palette_does_things_and_finds_what_has_no_page(ops, alder, birch):
    for typed, title in (("create cust", "New customer"), ("go audit", "Audit log"), ("dark", "Switch colour theme"),
                         ("log out", "Sign out"), ("shortcut", "Keyboard shortcuts"), ("test", "Switch to test mode"),
                         ("switch birch", "Switch to Birch"), ("eur", "EUR · Euro"), ("sek", "SEK · Swedish Krona")):
        assert title in found(ops, typed)[:2], (typed, found(ops, typed))
    assert "Birch" in found(ops, "birch")
    part = ops.part("/admin/palette?q=switch+birch", **{"HX-Current-URL": "http://localhost/admin/budgets?page=2"}).text
    fields = dict(re.findall(r'<input type="hidden" name="(\w+)" value="([^"]*)"', part))
    assert fields["merchant"] == str(birch)
    assert fields["next"] == "/admin/budgets"
    assert ops.post("/admin/switch", {"merchant": fields["merchant"], "next": fields["next"]}).status_code == 303
    assert "Switch to all merchants" in found(ops, "switch all")
    assert found(ops, "zzzz") == []


def test_the_palette_shows_the_best_hit_first(admin, alder):
    for name in ("Lumber of Ada", "Ada", "Adamant", "Grenada"):
        cast.make_customer(alder, name)
    assert found(admin, "ada")[:4] == ["Ada", "Adamant", "Lumber of Ada", "Grenada"]
    cast.make_customer(alder, "Budget Hotels")
    assert found(admin, "budgets")[0] == "Budgets"


def test_the_palette_offers_nothing_that_is_refused(signed_in, alder):
    text = signed_in("normal_user", [alder]).part("/admin/palette?q=").text
    assert "New API key" not in text
    assert "Audit log" not in text
    assert "New customer" in text


def test_the_audit_log_shows_own_changes(admin, ops, alder, birch):
    cast.make_customer(alder, "Ada")
    cast.make_customer(birch, "Grace")
    mine = admin.get("/admin/audit").text
    assert "/admin/customers/1" in mine
    assert "/admin/customers/2" not in mine
    assert "/admin/customers/2" in ops.get("/admin/audit").text
    assert "Created customer" in admin.part("/admin/audit?kind=customer").text
    assert admin.get("/admin/audit.csv").status_code == 200


def test_lists_and_forms_show_words_instead_of_codes(admin, alder):
    page = admin.get("/admin/users").text
    table = page[page.index('id="list"'):]
    assert "Administrator" in table
    assert "Admin user" not in table
    assert "Search API keys" in admin.get("/admin/keys").text
    assert "Search customers" in admin.get("/admin/customers").text
    assert words("items.0.quantity") == "Line 1 quantity"
    assert words("items") == "Items"


def test_no_file_of_a_list_has_two_columns_of_one_name(admin, alder):
    for here in pages():
        names = export.heading(here.columns)
        assert len(names) == len(set(names)), (here.title, names)
    invoicing.make_issued(alder)
    head, row = list(csv.reader(io.StringIO(admin.get("/admin/invoices.csv").get_data().decode("utf-8-sig"))))
    assert (head.count("currency"), len(row)) == (1, len(head))
    found = dict(zip(head, row, strict=True))
    assert (found["total"], found["balance"], found["currency"]) == ("120.00", "120.00", "EUR")
