"""The knowledge base and announcements in the Client API."""

import re
from datetime import UTC, datetime, timedelta

import pytest

from blueprints.portal.openapi import document
from domain import clock
from domain.support import announcements
from domain.support.knowledge import articles
from tests import cast
from tests.announced import act as act_announced
from tests.announced import make_announcement
from tests.articles import act, make_article, make_category, stored


def titles(program, query=""):
    reply = program.get(f"/knowledgebase{query}")
    assert reply.status_code == 200, reply.text
    assert reply.json["count"] == len(reply.json["data"])
    return [row["title"] for row in reply.json["data"]]


def test_an_article_has_its_documented_fields(program, alder):
    category = make_category(alder, "Billing")
    key = make_article(alder, "Refunds", "**Soon** <b>", category_id=category)
    assert program.get("/knowledgebase").json == {"count": 1, "data": [{
        "id": key, "title": "Refunds", "slug": "refunds", "category_id": category, "category": "Billing",
        "content": "**Soon** <b>", "views": 0, "updated_at": stored(key).updated_at.strftime("%Y-%m-%d %H:%M:%S")}]}


def test_articles_are_searched_by_all_words_and_by_category(app, program, alder):
    billing = make_category(alder)
    make_article(alder, "Pay an invoice", category_id=billing)
    make_article(alder, "Invoice addresses", "Where to send them")
    assert titles(program, "?q=voice+PAY") == ["Pay an invoice"]
    assert sorted(titles(program, "?q=invoice")) == ["Invoice addresses", "Pay an invoice"]
    assert titles(program, f"?category={billing}") == titles(program, f"?q=invoice&category={billing}") == [
        "Pay an invoice"]
    for query in ("?q=lottery", "?category=999", "?category=-1", f"?category={'9' * 40}", "?q=%22NEAR(*",
                  "?q=%00%27%3B--"):
        assert titles(program, query) == [], query
    with app.test_request_context():
        said = document("client", "http://x")["paths"]["/knowledgebase"]["get"]["parameters"][1]["schema"]
    assert re.search(said["pattern"], "")
    assert not re.search(said["pattern"], "x")
    for query in ("?q=", "?q=%20", "?category=", "?other=1"):
        assert len(titles(program, query)) == 2, query


@pytest.mark.parametrize("query", [
    "?category=x", "?category=1.5", "?category=1&category=2", "?q=a&q=b", "?category=1e3", "?category=%D9%A1",
])
def test_what_is_no_category_is_refused(program, query):
    reply = program.get(f"/knowledgebase{query}")
    name = "q" if "q=" in query else "category"
    assert (reply.status_code, reply.json) == (400, {"error": f"Invalid value for {name}", "code": 400})


def test_drafts_and_others_articles_are_never_seen(program, alder, birch):
    make_article(alder, "Draft", status="draft")
    act(make_article(alder, "Withdrawn"), articles.withdraw)
    act(make_article(alder, "Deleted"), articles.delete)
    make_article(birch, "Foreign")
    make_article(alder, "Test", actor=cast.actor_for(alder).in_world(test=True))
    assert titles(program) == titles(program, "?q=line") == []


def test_at_most_fifty_articles_are_given(program, alder):
    for number in range(52):
        make_article(alder, f"Article {number}")
    assert len(titles(program)) == len(titles(program, "?q=article")) == 50


def test_there_is_no_address_of_a_single_article(program, alder):
    key = make_article(alder)
    for path in (f"/knowledgebase/{key}", f"/announcements/{key}"):
        reply = program.get(path)
        assert (reply.status_code, reply.json) == (404, {"error": "Resource not found", "code": 404})
    assert program.post("/knowledgebase", json={}).status_code == 405


def test_both_need_a_token(stranger):
    for path in ("/knowledgebase", "/announcements"):
        assert stranger.get(path).status_code == 401


def test_announcements_have_their_documented_fields_the_newest_first(program, alder, ada):
    old = make_announcement(alder, "Old", published_at="2024-01-15T12:00:00Z")
    new = make_announcement(alder, "New", "**Now**", published_at="2024-02-15T12:00:00Z", customer_ids=[ada])
    assert program.get("/announcements").json == {"count": 2, "data": [
        {"id": new, "title": "New", "content": "**Now**", "published_at": "2024-02-15 12:00:00"},
        {"id": old, "title": "Old", "content": "From **02:00** on.", "published_at": "2024-01-15 12:00:00"},
    ]}


def test_only_what_is_published_for_the_customer_by_now_is_seen(program, alder, birch):
    make_announcement(alder, "Draft", status="draft")
    make_announcement(alder, "Planned", published_at=(datetime.now(UTC) + timedelta(days=400)).isoformat())
    make_announcement(alder, "For Bea", customer_ids=[cast.make_customer(alder, "Bea")])
    make_announcement(birch, "Foreign")
    make_announcement(alder, "Test", actor=cast.actor_for(alder).in_world(test=True))
    act_announced(make_announcement(alder, "Withdrawn"), announcements.withdraw)
    assert program.get("/announcements").json == {"data": [], "count": 0}
    make_announcement(alder, "Just now", published_at=(clock.now() - timedelta(seconds=1)).isoformat())
    assert [one["title"] for one in program.get("/announcements").json["data"]] == ["Just now"]


def test_at_most_twenty_announcements_are_given(program, alder):
    for number in range(21):
        make_announcement(alder, f"N{number}")
    assert program.get("/announcements").json["count"] == 20
