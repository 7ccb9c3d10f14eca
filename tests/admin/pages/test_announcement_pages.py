"""The pages of announcements: for whom they are, and from when on."""

import re

import pytest

from tests import cast
from tests.admin.page_text import text_of
from tests.announced import make_announcement, stored

FORM = {"title": "News", "content": "**Now**", "status": "published", "published_at": "", "customer_ids": ""}


@pytest.fixture
def ada(alder):
    return cast.make_customer(alder, "Ada Lovelace", email="ada@example.org")


def test_an_announcement_is_shown_rendered_with_its_customers(admin, alder, ada):
    key = make_announcement(alder, content="**Now** <script>", customer_ids=[ada])
    page = admin.get(f"/admin/announcements/{key}").text
    assert "<strong>Now</strong> &lt;script&gt;" in page
    assert f'<a href="/admin/customers/{ada}">Ada Lovelace</a>' in page
    assert "All customers" not in text_of(page)
    assert "1 customer" in text_of(admin.get("/admin/announcements").text)


def test_a_planned_one_says_so(admin, alder):
    key = make_announcement(alder, published_at="2099-01-01T00:00:00Z")
    page = text_of(admin.get(f"/admin/announcements/{key}").text)
    assert "Planned" in page
    assert "To be published" in page
    assert "Planned" in text_of(admin.get("/admin/announcements").text)


def test_a_form_names_customers_by_number_and_address(admin, alder, ada):
    bea = cast.make_customer(alder, "Bea")
    admin.post("/admin/announcements", FORM | {
        "merchant_id": str(alder), "customer_ids": f"ADA@example.org\n#{bea}"})
    assert sorted(one.customer_id for one in stored(1).recipients) == [ada, bea]
    assert stored(1).published_at is not None
    admin.post("/admin/announcements", FORM | {"merchant_id": str(alder)})
    assert stored(2).for_all is True


def test_customers_are_found_by_name_as_one_types_and_added(admin, alder, ada):
    bea = cast.make_customer(alder, "Bea, the second")
    page = admin.get(f"/admin/announcements/new?merchant_id={alder}").text
    control = re.search(r'<input[^>]*id="add_customer"[^>]*>', page)[0]
    url = re.search(r'hx-get="([^"]+)"', control)[1].replace("&amp;", "&")
    assert f'<option value="Ada Lovelace ({ada})">' in admin.get(f"{url}&add_customer=lov").text
    admin.post("/admin/announcements", FORM | {
        "merchant_id": str(alder), "customer_ids": f"Ada Lovelace ({ada})\nada@example.org",
        "add_customer": "Bea, the second"})
    assert sorted(one.customer_id for one in stored(1).recipients) == [ada, bea]
    page = admin.get("/admin/announcements/1/edit").text
    assert f"Ada Lovelace ({ada})\nBea, the second ({bea})</textarea>" in page
    loaded = re.search(r'name="loaded" value="([^"]*)"', page)[1].replace("&#34;", '"')
    cleo = cast.make_customer(alder, "Cleo")
    sent = {"version": "1", "loaded": loaded, **FORM, "published_at": "", "add_customer": f"Cleo ({cleo})",
            "customer_ids": f"Ada Lovelace ({ada})\r\nBea, the second ({bea})"}
    assert admin.post("/admin/announcements/1", sent).status_code == 303
    assert sorted(one.customer_id for one in stored(1).recipients) == [ada, bea, cleo]


def test_customers_that_are_none_are_refused_with_what_was_typed(admin, alder, birch):
    cast.make_customer(birch, "Cleo", email="cleo@example.org")
    for typed in ("nobody@example.org", "cleo@example.org", "Ada", "Ada Bell", "999"):
        reply = admin.post("/admin/announcements", FORM | {"merchant_id": str(alder), "customer_ids": typed})
        assert reply.status_code == 422
        assert re.search("must (be|exist:) customers from the list", text_of(reply.text))
        assert typed in reply.text


def test_the_form_plans_in_the_readers_zone_and_actions_publish_and_withdraw(admin, alder):
    admin.post("/admin/announcements", FORM | {
        "merchant_id": str(alder), "status": "draft", "published_at": "2099-01-01T10:30"})
    assert stored(1).published_at.isoformat() == "2099-01-01T10:30:00+00:00"
    assert 'value="2099-01-01T10:30"' in admin.get("/admin/announcements/1/edit").text
    admin.post("/admin/announcements/1/publish")
    assert stored(1).status == "published"
    admin.post("/admin/announcements/1/withdraw")
    assert stored(1).status == "withdrawn"
