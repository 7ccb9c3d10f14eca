"""The search of articles: all words, parts of words too, in any order, alike on both databases."""

from dataclasses import replace

import pytest

from database import transaction
from domain.errors import Conflict, NotFound
from domain.pages import Query
from domain.support.knowledge import articles, knowledge_base, suggestions
from tests import cast
from tests.articles import act, change, make_article, make_category, stored
from tests.ticketed import customer_actor


@pytest.fixture
def ada(alder):
    return customer_actor(alder, cast.make_customer(alder))


def found(who, text, **more):
    return [one.title for one in knowledge_base.search(who, text, **more)]


def of_staff(merchant_id, text):
    query = Query(search=text, sort="title", descending=False)
    return [one.title for one in articles.LISTING.page(cast.actor_for(merchant_id), query).records]


def test_all_words_in_any_order_and_parts_of_words(alder, ada):
    make_article(alder, "Invoices", "How to **pay** them by bank transfer")
    make_article(alder, "Refunds", "Money back by bank")
    assert found(ada, "bank") == ["Refunds", "Invoices"]
    assert found(ada, "transfer invoi") == found(ada, "voic  BANK") == ["Invoices"]
    assert found(ada, "bank lottery") == []


def test_words_are_found_without_case_accents_and_markup(alder, ada):
    make_article(alder, "Straße", "Das in**voice**-Café: [hier](https://example.org/secret)")
    for text in ("STRASSE", "strasse cafe", "invoice", "CAFÉ hier"):
        assert found(ada, text) == ["Straße"], text
    assert found(ada, "secret") == []


def test_short_words_are_found_alone_and_with_others(alder, ada):
    make_article(alder, "DNS and 2FA", "At a VM")
    make_article(alder, "Domains", "Nothing of it")
    make_article(alder, "発票", "支払い")
    assert found(ada, "vm") == found(ada, "dns vm") == found(ada, "2fa a") == ["DNS and 2FA"]
    assert found(ada, "発票") == found(ada, "払") == ["発票"]


@pytest.mark.parametrize("text", [
    '"', '""', '"unbalanced', "*", "inv*", "NEAR(a b)", "a NEAR b", "-invoice", "^invoice", "title:invoice", "(", ")",
    "a AND", "OR NOT", "NOT invoice", "'", "''; DROP TABLE articles; --", "%", "_", "\\", "a & b | !c", "<->", ":*",
    "\x00", "%00", "{", "x" * 5_000, "\U0001f600", "\ud7ff", "invoice\x00pay",
])
def test_signs_of_query_languages_are_signs(alder, ada, text):
    make_article(alder, "Invoices", "Plain words only")
    wanted = [] if text != "\x00" else ["Invoices"]
    assert found(ada, text) == of_staff(alder, text) == wanted


def test_signs_are_found_where_they_stand(alder, ada):
    make_article(alder, 'Error "-32600" and C++', "100 % of a_b\\c, it's 'quoted' (NEAR)")
    make_article(alder, "Other", "Nothing of it")
    for text in ('"-32600"', "c++", "%", "a_b\\c", "it's 'quoted'", "(near)", "-32600 NEAR"):
        assert found(ada, text) == ['Error "-32600" and C++'], text


@pytest.mark.parametrize("text", ["", "   ", "\u200b", "\n"])
def test_an_empty_search_gives_the_most_viewed_first(alder, ada, text):
    make_article(alder, "One")
    read = make_article(alder, "Two")
    with transaction():
        knowledge_base.count_view(ada, read)
    assert found(ada, text) == ["Two", "One"]


def test_letters_of_a_word_that_stand_apart_are_no_word(alder, ada):
    make_article(alder, "The word", "abcde")
    for number in range(3):
        read = make_article(alder, f"Parts {number}", "abc bcd cde")
        with transaction():
            knowledge_base.count_view(ada, read)
    assert found(ada, "abcde") == found(ada, "abcde", limit=1) == of_staff(alder, "abcde") == ["The word"]


def test_hits_in_the_title_come_first_then_the_most_viewed(alder, ada):
    make_article(alder, "Refund", "A")
    read = make_article(alder, "Other", "refund")
    make_article(alder, "Third", "refund")
    with transaction():
        knowledge_base.count_view(ada, read)
    assert found(ada, "refund") == ["Refund", "Other", "Third"]
    assert found(ada, "refund", limit=2) == ["Refund", "Other"]


def test_drafts_withdrawn_deleted_and_others_articles_are_never_found(alder, birch, ada):
    make_article(alder, "Draft", status="draft")
    keys = [make_article(alder, title) for title in ("Withdrawn", "Deleted")]
    act(keys[0], articles.withdraw)
    act(keys[1], articles.delete)
    make_article(birch, "Foreign")
    make_article(alder, "Test", actor=cast.actor_for(alder).in_world(test=True))
    for text in ("", "line", "withdrawn", "draft"):
        assert found(ada, text) == []
    for slug in ("draft", "withdrawn", "deleted", "foreign", "test", "", "%"):
        with pytest.raises(NotFound):
            knowledge_base.by_slug(ada, slug)
    assert knowledge_base.categories(ada) == []
    assert suggestions.suggest(ada, "draft withdrawn deleted foreign test line") == []


def test_an_article_is_found_by_its_present_text_alone(alder, ada):
    key = make_article(alder, "First", "walrus")
    change(key, content="otter")
    assert (found(ada, "walrus"), found(ada, "otter")) == ([], ["First"])
    change(key, title="Second")
    assert (found(ada, "first"), found(ada, "second")) == ([], ["First".replace("First", "Second")])


def test_a_category_narrows_the_search(alder, ada):
    billing, hosting = make_category(alder), make_category(alder, "Hosting", description="Servers")
    make_category(alder, "Empty")
    make_article(alder, "One", category_id=billing)
    make_article(alder, "Two", category_id=hosting)
    assert found(ada, "", category_id=hosting) == found(ada, "line", category_id=hosting) == ["Two"]
    assert found(ada, "", category_id=2**62) == []
    assert [(one.id, one.name, one.description) for one in knowledge_base.categories(ada)] == [
        (billing, "Billing", None), (hosting, "Hosting", "Servers")]


def test_hits_are_marked_and_the_text_around_them_is_shown(alder, ada):
    make_article(alder, "Ünpaid <b>invoices</b>", "word " * 60 + "then the **invoice** is due" + " more" * 80)
    one = knowledge_base.shown(knowledge_base.search(ada, "unpaid voic"), "unpaid voic")[0]
    assert one.title == [("Ünpaid", True), (" <b>in", False), ("voic", True), ("es</b>", False)]
    assert ("voic", True) in one.text
    text = "".join(piece for piece, _ in one.text)
    assert text.startswith("… ")
    assert text.endswith(" …")
    assert len(text) < 300
    whole = knowledge_base.shown(knowledge_base.search(ada, ""), "")[0]
    assert "".join(piece for piece, _ in whole.text).startswith("word word")


def test_views_are_counted_without_a_change_of_the_article(alder, ada):
    key = make_article(alder)
    before = stored(key).version, stored(key).updated_at
    for _ in range(3):
        with transaction():
            knowledge_base.count_view(ada, key)
    assert (stored(key).views, (stored(key).version, stored(key).updated_at)) == (3, before)


def test_views_of_drafts_and_of_others_articles_are_not_counted(alder, birch, ada):
    keys = [make_article(alder, status="draft"), make_article(birch)]
    for key in keys:
        with transaction():
            knowledge_base.count_view(ada, key)
    assert [stored(key).views for key in keys] == [0, 0]


def test_each_customer_says_once_whether_an_article_helped_and_may_change_it(alder, ada):
    key = make_article(alder)
    bea = replace(ada, customer_id=cast.make_customer(alder, "Bea"))
    article = knowledge_base.by_slug(ada, "how-to-read-your-invoice")
    assert knowledge_base.said(ada, article) is None
    for who, helped, counts in (
            (ada, True, (1, 0)), (ada, True, (1, 0)), (bea, False, (1, 1)), (bea, True, (2, 0)), (ada, False, (1, 1))):
        with transaction():
            knowledge_base.say(who, key, helped=helped)
        assert (stored(key).helped, stored(key).not_helped) == counts
        assert knowledge_base.said(who, article) is helped


def test_nobody_says_it_of_an_article_that_cannot_be_read(alder, birch, ada):
    for key in (make_article(alder, status="draft"), make_article(birch), 999):
        with pytest.raises(NotFound), transaction():
            knowledge_base.say(ada, key, helped=True)
    open_to_all = make_article(alder, "Other")
    with pytest.raises(Conflict), transaction():
        knowledge_base.say(cast.actor_for(alder), open_to_all, helped=True)


def test_articles_are_suggested_by_words_of_a_question(alder, ada):
    make_article(alder, "How to read your invoices", "Taxes")
    make_article(alder, "Change your password", "In the settings")
    make_article(alder, "Opening hours", "We answer questions about an invoice and its download here")
    make_article(alder, "Invoice draft", status="draft")

    def titles(question):
        return [one.title for one in suggestions.suggest(ada, question)]

    assert titles("Hello, where is my INVOICE? I cannot read it.") == ["How to read your invoices"]
    assert titles("The invoice download") == ["How to read your invoices", "Opening hours"]
    assert titles("passwords") == ["Change your password"]
    for nothing in ("", "hi", "where is it please", '"* NEAR(', "\x00", "x" * 100_000):
        assert titles(nothing) == []
