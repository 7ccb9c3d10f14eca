"""The pages of articles: what is shown is harmless, the preview, and the texts of before."""

import re

import pytest

from tests.admin.page_text import text_of
from tests.articles import change, make_article, make_category, stored
from tests.ticketed import make_ticket

HOSTILE = "<script>alert(1)</script> [x](javascript:alert(1)) ![remote](https://evil.example/x.png)"


def rendered(page):
    """The texts in Markdown of a page."""
    return re.findall(r'<div class="md md-in"[^>]*>(.*?)</div>', page, re.DOTALL)


def test_an_article_is_shown_rendered_with_its_figures(admin, alder):
    key = make_article(alder, content="# Big\n\n**bold** " + HOSTILE, category_id=make_category(alder, "Money"))
    page = admin.get(f"/admin/articles/{key}").text
    assert '<h3 dir="auto">Big</h3>' in page
    assert "<strong>bold</strong>" in page
    assert "&lt;script&gt;alert(1)&lt;/script&gt; [x](javascript:alert(1)) remote" in page
    assert "evil.example" not in page
    for text in ("Money", "how-to-read-your-invoice", "Nobody has said yet", "tester", "Published"):
        assert text in text_of(page), text


def test_the_list_is_searched_by_words_and_narrowed(admin, alder):
    category = make_category(alder, "Money")
    make_article(alder, "Pay an invoice", category_id=category)
    make_article(alder, "Change a password", status="draft")
    for query, shown in (("q=voice+pay", "Pay an invoice"), ("status=draft", "Change a password"),
                         (f"category_id={category}", "Pay an invoice")):
        page = text_of(admin.get(f"/admin/articles?{query}").text)
        assert shown in page
        assert ("Change a password" in page) != ("Pay an invoice" in page), query
    assert "Nothing matches" in admin.get("/admin/articles?q=%22NEAR(*").text


def test_the_preview_shows_the_text_of_the_form_and_stores_nothing(admin):
    shown = admin.post("/admin/markdown/preview", {"content": "**bold** " + HOSTILE}).text
    assert "<strong>bold</strong> &lt;script&gt;" in shown
    assert "Nothing is written yet" in admin.post("/admin/markdown/preview", {"content": " "}).text
    assert "at most 50,000 characters" in admin.post("/admin/markdown/preview", {"content": "x" * 50_001}).text


def test_a_form_creates_publishes_and_changes_an_article(admin, alder):
    form = {"title": "Refunds", "content": "one\r\ntwo", "status": "draft", "slug": "", "category_id": ""}
    admin.post("/admin/articles", form | {"merchant_id": str(alder)})
    assert (stored(1).slug, stored(1).content, stored(1).status) == ("refunds", "one\ntwo", "draft")
    admin.post("/admin/articles/1/publish")
    assert stored(1).status == "published"
    page = admin.get("/admin/articles/1/edit").text
    version, loaded = (re.search(f'name="{name}" value="([^"]*)"', page)[1] for name in ("version", "loaded"))
    admin.post("/admin/articles/1", form | {
        "title": "Refunds", "content": "three", "status": "published", "slug": "refunds", "version": version,
        "loaded": loaded.replace("&#34;", '"')})
    assert (stored(1).content, stored(1).text_number) == ("three", 2)
    admin.post("/admin/articles/1/withdraw")
    assert stored(1).status == "draft"


def test_a_text_that_is_too_long_is_refused_with_what_was_typed(admin, alder):
    reply = admin.post("/admin/articles", {
        "title": "Long", "content": "x" * 50_001, "status": "draft", "merchant_id": str(alder)})
    assert reply.status_code == 422
    assert "must have at most 50000 characters" in reply.text
    assert "x" * 50_001 in reply.text


def test_the_texts_of_before_are_read_and_brought_back(admin, alder):
    key = make_article(alder, "First", "one")
    assert "Earlier texts" not in admin.get(f"/admin/articles/{key}").text
    change(key, title="Second", content="two")
    tab = admin.get(f"/admin/articles/{key}?tab=versions").text
    assert "Text 1: First" in text_of(tab)
    assert rendered(tab) == []
    for number, shown in (("1", 1), ("2", 0), ("x", 0), ("9" * 30, 0)):
        assert len(rendered(admin.get(f"/admin/articles/{key}?tab=versions&version={number}").text)) == shown
    assert admin.post(f"/admin/articles/{key}/versions/1/restore").status_code == 303
    assert (stored(key).title, stored(key).content, stored(key).text_number) == ("First", "one", 3)
    admin.post(f"/admin/articles/{key}/versions/1/restore")
    assert stored(key).text_number == 3
    for wrong in (0, 9, 10**30):
        assert admin.post(f"/admin/articles/{key}/versions/{wrong}/restore").status_code == 404


def test_articles_are_suggested_while_a_ticket_is_written(admin, alder, birch):
    make_article(alder, "Pay an <invoice>")
    make_article(alder, "Invoice draft", status="draft")
    make_article(birch, "Foreign invoice")
    form = {"subject": "My invoices", "message": "x", "merchant_id": str(alder)}
    shown = admin.post("/admin/articles/suggest", form).text
    assert shown.count("<li>") == 1
    assert "Pay an &lt;invoice&gt;" in shown
    key = make_ticket(alder)
    assert shown == admin.post("/admin/articles/suggest", {"key": str(key), "subject": "invoice"}).text
    assert "None has its words" in admin.post("/admin/articles/suggest", {"subject": "\x00"}).text
    foreign = {"key": str(make_ticket(birch)), "subject": "invoice"}
    assert admin.post("/admin/articles/suggest", foreign).status_code == 404
    for page in ("/admin/tickets/new", f"/admin/tickets/{key}/edit"):
        assert 'hx-post="/admin/articles/suggest"' in admin.get(page).text


@pytest.mark.parametrize("role", ["normal_user", "accountant_user", "restricted_user"])
def test_who_answers_tickets_reads_articles_and_writes_none(signed_in, alder, role):
    key = make_article(alder, "First", "one")
    change(key, content="two")
    staff = signed_in(role, [alder])
    assert "Use again" not in staff.get(f"/admin/articles/{key}?tab=versions&version=1").text
    assert staff.post(f"/admin/articles/{key}/versions/1/restore").status_code == 403
    assert staff.post("/admin/markdown/preview", {"content": "x"}).status_code == 403


def test_another_merchants_text_is_not_brought_back(admin, birch):
    key = make_article(birch, "First", "one")
    change(key, content="two")
    assert admin.post(f"/admin/articles/{key}/versions/1/restore").status_code == 404
    assert stored(key).content == "two"
