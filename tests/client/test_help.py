"""The knowledge base and the news in the client area."""

from datetime import UTC, datetime, timedelta

import pytest

from database import db, transaction
from domain.people import customers
from domain.support import announcements
from domain.support.knowledge import articles
from models.customer import Customer, CustomerStatus
from tests import cast
from tests.admin.page_text import text_of
from tests.announced import act as act_announced
from tests.announced import make_announcement
from tests.articles import act, make_article, make_category, stored


def test_articles_are_searched_and_hits_are_marked(signed_in, alder):
    make_article(alder, "Pay an <invoice>", "By **bank** transfer")
    make_article(alder, "Opening hours")
    page = signed_in.get("/client/help?q=voice+BANK").text
    assert "Pay an &lt;in<mark>voice</mark>&gt;" in page
    assert "By <mark>bank</mark> transfer" in page
    assert "Opening hours" not in page
    assert "None found" in signed_in.get("/client/help?q=%22NEAR(*").text
    assert "Opening hours" in signed_in.get("/client/help?q=%20").text
    assert "Opening hours" in signed_in.get("/client/help?q=%00&category=x").text


def test_articles_are_listed_by_category(signed_in, alder):
    billing = make_category(alder, "Money matters", description="About invoices.")
    make_article(alder, "Pay an invoice", category_id=billing)
    make_article(alder, "Opening hours")
    page = text_of(signed_in.get(f"/client/help?category={billing}").text)
    assert "About invoices." in page
    assert "Pay an invoice" in page
    assert "Opening hours" not in page


def test_a_knowledge_base_without_articles_says_so(signed_in):
    assert "No articles yet" in signed_in.get("/client/help").text
    assert "No news" in signed_in.get("/client/news").text


def test_an_article_is_read_and_counted(signed_in, alder):
    key = make_article(alder, "Pay", "# Big\n\n**bold** <script>alert(1)</script> [x](javascript:alert(1))")
    page = signed_in.get("/client/help/pay").text
    assert '<h2 dir="auto">Big</h2>' in page
    assert "<strong>bold</strong> &lt;script&gt;alert(1)&lt;/script&gt; [x](javascript:alert(1))" in page
    assert stored(key).views == 1
    signed_in.get("/client/help/pay", headers={"Sec-Purpose": "prefetch;prerender"})
    assert stored(key).views == 1
    signed_in.get("/client/help/pay")
    assert stored(key).views == 2


def test_drafts_withdrawn_and_absent_articles_are_not_there(signed_in, alder, birch):
    make_article(alder, "Draft", status="draft")
    act(make_article(alder, "Withdrawn"), articles.withdraw)
    make_article(birch, "Foreign")
    for slug in ("draft", "withdrawn", "foreign", "nothing", "%20", "Pay", "%D9%85"):
        assert signed_in.get(f"/client/help/{slug}").status_code == 404, slug
        assert signed_in.post(f"/client/help/{slug}", {"helped": "yes"}).status_code == 404, slug


def test_a_customer_says_whether_it_helped_and_changes_it(signed_in, alder):
    key = make_article(alder, "Pay")
    signed_in.get("/client/help/pay")
    reply = signed_in.post("/client/help/pay", {"helped": "yes"})
    assert (reply.status_code, reply.headers["Location"]) == (303, "/client/help/pay")
    assert "You said yes" in signed_in.get("/client/help/pay").text
    signed_in.post("/client/help/pay", {"helped": "no"})
    assert (stored(key).helped, stored(key).not_helped) == (0, 1)
    for wrong in ({}, {"helped": "maybe"}):
        assert signed_in.post("/client/help/pay", wrong).status_code == 400
    assert (stored(key).helped, stored(key).not_helped) == (0, 1)


def test_a_stopped_customer_reads_and_says_nothing(signed_in, alder, ada):
    key = make_article(alder, "Pay")
    with transaction():
        customers.update(cast.actor_for(alder), db.session.get(Customer, ada), {"status": CustomerStatus.STOPPED})
    assert 'name="helped"' not in signed_in.get("/client/help/pay").text
    assert signed_in.post("/client/help/pay", {"helped": "yes"}).status_code == 403
    assert stored(key).helped == 0


def test_articles_are_offered_where_a_question_is_asked(signed_in, alder):
    make_article(alder, "Pay an invoice")
    assert "search the help pages" in signed_in.get("/client/tickets/new").text
    page = signed_in.get("/client/tickets/new?subject=My+invoices").text
    assert 'href="/client/help/pay-an-invoice"' in page
    again = signed_in.post("/client/tickets", {"subject": "", "message": "The invoice?"})
    assert 'href="/client/help/pay-an-invoice"' in again.text


def test_the_news_are_those_of_the_customer(signed_in, alder, ada):
    make_announcement(alder, "For all", "**Now** <b>")
    make_announcement(alder, "For Ada", customer_ids=[ada])
    make_announcement(alder, "For Bea", customer_ids=[cast.make_customer(alder, "Bea")])
    make_announcement(alder, "Draft news", status="draft")
    make_announcement(alder, "Planned", published_at=(datetime.now(UTC) + timedelta(days=400)).isoformat())
    act_announced(make_announcement(alder, "Withdrawn"), announcements.withdraw)
    page = signed_in.get("/client/news").text
    assert "<strong>Now</strong> &lt;b&gt;" in page
    for title, is_shown in (("For all", True), ("For Ada", True), ("For Bea", False), ("Draft news", False),
                            ("Planned", False), ("Withdrawn", False)):
        assert (title in text_of(page)) is is_shown, title
        assert (title in text_of(signed_in.get("/client/").text)) is is_shown, title


@pytest.mark.parametrize("path", ["/client/help", "/client/help/pay", "/client/news"])
def test_strangers_are_sent_to_sign_in(browser, alder, path):
    make_article(alder, "Pay")
    assert browser().get(path).headers["Location"] == "/client/sign-in"
