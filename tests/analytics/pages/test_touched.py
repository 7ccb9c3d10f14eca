"""Objects of a request on the pages: links to those that the reader may open, filters by them."""

import json
import re
from datetime import timedelta
from urllib.parse import urlsplit

import pytest
import sqlalchemy as sa

from analytics.store import requests
from blueprints.pages import navigation
from database import db, transaction
from domain import clock
from domain.access import customer_tokens
from domain.actor import Actor
from domain.people import customers
from tests import cast, ticketed
from tests.analytics.log_samples import record
from tests.architecture.nouns import pages

ADA = "Ada of Alder"


def number_of(request_id):
    with db.engines["log"].connect() as connection:
        return connection.scalar(sa.select(requests.c.id).where(requests.c.request_id == request_id))


def found(browser, query):
    return [row["request_id"] for row in json.loads(browser.get(f"/admin/requests.json?{query}").text)["rows"]]


@pytest.fixture
def customer(alder):
    return cast.make_customer(alder, ADA)


@pytest.fixture
def shop(alder):
    """A key of Alder; the id."""
    return cast.make_key(alder, name="Shop")[0]


@pytest.fixture
def touched(traffic, alder, customer, shop):
    """A refused call of Alder that names a customer and more."""
    user = cast.make_user("grace@alder.example", merchant_ids=[alder])
    traffic(alder, status=422, request_id="req_1", key_id=shop, user_id=user, customer_id=customer,
            objects=[["customer", customer], ["product", 99], ["mystery", 5]],
            message="Some fields need attention.", fields=["items[0].price", "notes"])
    traffic(alder, request_id="req_2")
    return user


def test_a_request_shows_the_message_of_its_response_and_links_rows(admin, touched, customer, alder, shop):
    text = admin.get(f"/admin/requests/{number_of('req_1')}").text
    assert "Some fields need attention." in text
    assert "items[0].price, notes" in text
    for address, name in ((f"/admin/customers/{customer}", ADA), (f"/admin/users/{touched}", "grace@alder.example"),
                          (f"/admin/keys/{shop}", "Shop"), (f"/admin/merchants/{alder}", "Alder")):
        assert f'href="{address}"' in text
        assert name in text
    assert "product_99" in text
    assert "/admin/products/99" not in text, "there is no such product"
    assert "mystery_5" in text


def test_the_list_links_the_objects_of_a_request_too(admin, touched, customer, alder, shop):
    text = admin.get("/admin/requests").text
    for address in (f"/admin/keys/{shop}", f"/admin/customers/{customer}", f"/admin/users/{touched}",
                    f"/admin/merchants/{alder}"):
        assert f'href="{address}"' in text
    assert f"object=customer_{customer}" in text


def test_links_are_those_that_open(admin, touched, customer, alder, shop):
    for address in (f"/admin/customers/{customer}", f"/admin/users/{touched}", f"/admin/merchants/{alder}",
                    f"/admin/keys/{shop}"):
        assert admin.get(address).status_code == 200


def test_a_reader_without_the_permission_gets_no_link_and_no_name(signed_in, alder, traffic):
    key = cast.make_key(alder, name="Shop")[0]
    user = cast.make_user("grace@alder.example", merchant_ids=[alder])
    traffic(alder, request_id="req_1", key_id=key, user_id=user, objects=[["user", user]])
    text = signed_in("accountant_user", [alder]).get(f"/admin/requests/{number_of('req_1')}").text
    assert f"user_{user}" in text
    assert f"/admin/users/{user}" not in text
    assert "grace@alder.example" not in text


def test_a_row_of_another_merchant_shows_neither_name_nor_link(admin, alder, birch, traffic):
    theirs = cast.make_customer(birch, "Secret Of Birch")
    user = cast.make_user("hidden@birch.example", merchant_ids=[birch])
    traffic(alder, request_id="req_1", user_id=user, customer_id=theirs, objects=[["customer", theirs]])
    for address in (f"/admin/requests/{number_of('req_1')}", "/admin/requests",
                    f"/admin/requests?customer={theirs}&user={user}"):
        text = admin.get(address).text
        assert "Secret Of Birch" not in text
        assert "hidden@birch.example" not in text
        assert f"/admin/customers/{theirs}" not in text
    assert f"customer_{theirs}" in text


def test_requests_are_found_by_user_customer_and_object(admin, touched, customer):
    for query in (f"user={touched}", f"customer={customer}", f"object=customer_{customer}", "object=product_99",
                  f"q=customer_{customer}", f"user={touched}&object=mystery_5"):
        assert found(admin, query) == ["req_1"], query
    for query in ("user=999", "customer=999", "object=customer_999", f"user={touched}&object=product_1"):
        assert found(admin, query) == [], query
    for query in ("object=nonsense", "object=_1", "object=customer_0", "object=customer_99999999999999999999",
                  "user=x", "customer=²"):
        assert sorted(found(admin, query)) == ["req_1", "req_2"], query


def test_the_filter_bar_shows_them_and_takes_them_off(admin, touched, customer):
    text = admin.get(f"/admin/requests?user={touched}&customer={customer}&object=product_99").text
    assert 'name="object" value="product_99"' in text
    assert f'type="hidden" name="user" value="{touched}"' in text
    assert f"Customer: <b>{ADA}</b>" in text
    assert "grace@alder.example" in text
    assert 'href="/admin/requests?customer=' in text


def test_an_object_of_both_merchants_shows_each_its_own_requests(admin, ops, alder, birch, traffic):
    traffic(alder, request_id="req_alder", objects=[["customer", 7]], user_id=3, customer_id=7)
    traffic(birch, request_id="req_birch", objects=[["customer", 7]], user_id=3, customer_id=7)
    for query in ("object=customer_7", "user=3", "customer=7", "q=customer_7", "q=req_birch", "q=req_alder"):
        assert "req_birch" not in found(admin, query)
    assert found(admin, "object=customer_7") == ["req_alder"]
    assert sorted(found(ops, "object=customer_7")) == ["req_alder", "req_birch"]


def test_a_request_id_is_found_whatever_the_period_and_the_mode(admin, alder, birch, traffic):
    traffic(alder, ago=60 * 24 * 50, request_id="req_old", mode="test")
    traffic(birch, ago=60 * 24 * 50, request_id="req_theirs")
    assert found(admin, "q=req_old") == ["req_old"]
    assert found(admin, "q=req_old&range=1h") == ["req_old"]
    assert found(admin, "q=req_theirs") == []
    assert f"/admin/requests/{number_of('req_old')}" in admin.get("/admin/requests?q=req_old&range=1h").text


def test_the_palette_finds_the_endpoints_of_ones_own_requests(admin, alder, birch, traffic):
    traffic(alder, endpoint="/v1/api/public/budgets/{id}/approve")
    traffic(birch, endpoint="/v1/api/public/budgets/{id}/theirs")
    found = admin.get("/admin/palette?q=approve budgets").text
    assert 'href="/admin/requests?endpoint=%2Fv1%2Fapi%2Fpublic%2Fbudgets%2F%7Bid%7D%2Fapprove"' in found
    assert "endpoint=" not in admin.get("/admin/palette?q=theirs").text


def test_a_request_id_is_an_address(admin, ops, alder, birch, traffic):
    traffic(alder, ago=60 * 24 * 50, request_id="req_old", mode="test")
    traffic(birch, request_id="req_theirs")
    page = admin.get("/admin/requests/req_old")
    assert page.status_code == 200
    assert 'href="/admin/requests/req_old"' in page.text
    assert ops.get("/admin/requests/req_theirs").status_code == 200
    assert "/admin/requests/req_old" in admin.get("/admin/palette?q=req_old").text
    for address in ("req_theirs", "req_none", "99999", "9" * 40, number_of("req_theirs")):
        missing = admin.get(f"/admin/requests/{address}")
        assert missing.status_code == 404
        assert "Requests are kept for 90 days" in missing.text


def test_a_request_id_that_callers_chose_twice_is_a_list(admin, alder, traffic):
    traffic(alder, request_id="once-more")
    traffic(alder, request_id="once-more", mode="test")
    reply = admin.get("/admin/requests/once-more")
    assert reply.status_code == 303
    assert found(admin, urlsplit(reply.location).query) == ["once-more", "once-more"]


@pytest.mark.parametrize(("every", "total"), [(0.001, 120), (1, 120), (40, 60), (60, 3)])
def test_related_requests_are_those_of_the_caller_around_it(admin, alder, traffic, stored, shop, every, total):
    begin = clock.now().timestamp() - 2400
    stored(record(int((begin + place * every) * 1e6), merchant_id=alder, key_id=shop, request_id=f"req_{place}")
           for place in range(total))
    traffic(alder, ago=30, request_id="req_other", key_id=shop + 1)
    number = number_of(f"req_{total // 2}")
    reply = admin.get(f"/admin/requests/{number}/related")
    page = admin.get(reply.location).text
    listed = re.findall(r'<tr id="r(\d+)"', page)
    assert f'<tr id="r{number}" class="marked" aria-current="true"' in page
    assert 1 <= listed.index(str(number)) <= 24
    assert listed.index(str(number)) < len(listed) - 1
    assert str(number_of("req_other")) not in listed


def test_related_requests_of_a_caller_without_a_key(admin, alder, traffic, customer):
    user = cast.make_user("grace@alder.example", merchant_ids=[alder])
    callers = ({"user_id": user, "customer_id": customer}, {"customer_id": customer}, {"ip": "203.0.113.5"})
    for name, wanted in zip(("user", "customer", "ip"), callers, strict=True):
        traffic(alder, request_id=f"req_{name}", **wanted)
        address = admin.get(f"/admin/requests/{number_of(f'req_{name}')}/related").location
        assert f"{name}=" in address
        assert f"req_{name}" in found(admin, urlsplit(address).query)
    assert admin.get("/admin/requests/12345/related").status_code == 404


def test_without_a_key_the_user_or_customer_is_the_caller(admin, alder, traffic, customer):
    user = cast.make_user("grace@alder.example", merchant_ids=[alder])
    traffic(alder, request_id="req_user", user_id=user)
    traffic(alder, request_id="req_customer", customer_id=customer)
    traffic(alder, request_id="req_stranger")
    rows = re.findall(r'data-l="Caller".*?</td>', admin.get("/admin/requests").text, re.S)
    assert [("No key" in row, "grace@" in row, ADA in row) for row in rows] == [
        (True, False, False), (False, False, True), (False, True, False)]
    for name, keyless in (("user", False), ("customer", False), ("stranger", True)):
        page = admin.get(f"/admin/requests/req_{name}").text
        assert ("No key" in page) is keyless
        assert ">none<" not in page.partition("Merchant profile")[0].partition("Caller")[2]


def test_pages_are_left_out_until_their_source_is_chosen(ops, alder, traffic):
    traffic(alder, request_id="req_api")
    traffic(None, request_id="req_docs", contract="other", source="pages", endpoint="/docs/", path="/docs/")
    assert found(ops, "") == ["req_api"]
    assert found(ops, "source=pages") == ["req_docs"]
    assert "source=pages" in ops.get("/admin/requests").text
    assert "1 request</span>" in ops.get("/admin/requests").text


def test_the_export_has_the_objects_of_each_request(admin, touched, customer):
    (row,) = json.loads(admin.get("/admin/requests.json?q=req_1").text)["rows"]
    assert (row["user_id"], row["customer_id"]) == (touched, customer)
    assert row["objects"] == f"customer_{customer} product_99 mystery_5"
    assert (row["message"], row["fields"]) == ("Some fields need attention.", "items[0].price, notes")


@pytest.mark.parametrize("here", [one for one in pages() if one.opens], ids=lambda here: here.resource.name)
def test_every_noun_with_a_page_can_be_linked(app, here):
    page = navigation.row_page(here.resource.noun.lower().replace(" ", "_"), Actor.operator())
    assert page is not None, f"announce the page of {here.resource.noun} in blueprints/admin/__init__.py"
    assert app.url_map.bind("localhost").test(f"{page.path}/1", "GET")


def test_a_call_of_a_customers_program_names_its_token_to_staff_and_in_tickets(admin, alder, traffic, customer):
    with transaction():
        who, row = customers.LISTING.lock(cast.actor_for(alder), customer)
        token = customer_tokens.issue(who, row)
    key = customer_tokens.of_customer(customer).id
    traffic(alder, contract="client", request_id="req_0123456789abcdef", status=403, message="There is no invoice 7.",
            key_id=key, customer_id=customer)
    page = admin.get("/admin/requests/req_0123456789abcdef").text
    assert ("Client API token" in page, f"{token[:6]}…{token[-4:]}" in page) == (True, True)
    ticket = ticketed.make_customers(alder, customer, message="It failed: req_0123456789abcdef")
    page = admin.get(f"/admin/tickets/{ticket}").text
    assert re.search(r"403.*There is no invoice 7\..*Client API token", page, re.DOTALL)
    assert f"/admin/keys/{key}" not in page


def test_the_time_line_of_a_customer_counts_its_own_calls_by_day_and_has_those_that_named_it(
        admin, alder, traffic, customer):
    with transaction():
        who, row = customers.LISTING.lock(cast.actor_for(alder), customer)
        customer_tokens.issue(who, row)
    key = customer_tokens.of_customer(customer).id
    own = {"contract": "client", "method": "GET", "endpoint": "/api/v1/profile", "customer_id": customer, "key_id": key}
    named = [["customer", customer]]
    for ago, status in ((2, 200), (2, 429), (3 * 24 * 60, 200), (100 * 24 * 60, 200)):
        traffic(alder, ago=ago, status=status, objects=named, **own)
    traffic(alder, endpoint="/v1/api/public/customers/{id}", ago=5, objects=named, customer_id=customer)
    page = admin.get(f"/admin/customers/{customer}?tab=timeline&kind=calls").text
    assert re.findall(r"called GET (/\S+)</a>", page) == ["/v1/api/public/customers/{id}"]
    found = re.findall(r'href="([^"]*)">Client API token made (\d+) calls? on this day</a></p>', page)
    assert [count for _, count in found] == ["2", "1"]
    assert page.count("1 failed") == 1
    day = (clock.now() - timedelta(days=3, minutes=2)).strftime("%A %-d %B")
    assert re.search(rf"<h3>{day}( \d+)?</h3>(?:(?!<h3>).)*made 1 call on this day", page, re.DOTALL)
    log = admin.get(found[0][0].replace("&amp;", "&")).text
    assert log.count("/api/v1/profile</a>") == 2
