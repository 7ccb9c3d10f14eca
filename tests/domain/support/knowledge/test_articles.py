"""Articles: drafts, addresses, categories, and the texts that they had before."""

import pytest

from database import db, transaction
from domain.actor import Actor
from domain.errors import Conflict, Invalid, NotFound
from domain.people import merchants
from domain.support.knowledge import article_categories, article_texts, articles
from domain.usage import InUse
from models.article import ArticleStatus, ArticleVersion
from models.audit import AuditEntry
from models.merchant import Merchant
from tests import cast
from tests.articles import act, change, make_article, make_category, stored


def texts_before(key):
    return [(one.number, one.title, one.content, one.written_by) for one in article_texts.newest(stored(key))]


def test_an_article_is_a_draft_until_it_is_published_and_one_again_when_withdrawn(alder):
    key = make_article(alder, status=None)
    assert (stored(key).status, stored(key).published_at) == (ArticleStatus.DRAFT, None)
    act(key, articles.publish)
    first = stored(key).published_at
    assert stored(key).status is ArticleStatus.PUBLISHED
    with pytest.raises(Conflict):
        act(key, articles.publish)
    act(key, articles.withdraw)
    assert stored(key).status is ArticleStatus.DRAFT
    with pytest.raises(Conflict):
        act(key, articles.withdraw)
    act(key, articles.publish)
    assert stored(key).published_at == first


def test_each_change_of_the_text_keeps_the_text_before(alder):
    key = make_article(alder, "First", "one")
    change(key, content="two")
    change(key, title="Second")
    assert texts_before(key) == [(2, "First", "two", "tester"), (1, "First", "one", "tester")]
    assert (stored(key).text_number, stored(key).title, stored(key).content) == (3, "Second", "two")


def test_what_is_no_change_of_the_text_keeps_nothing(alder):
    key = make_article(alder, "First", "one")
    change(key, title="First", content="one", slug="other", status="draft")
    assert texts_before(key) == []
    assert stored(key).text_number == 1


def test_a_text_of_before_comes_back_and_the_present_one_is_kept(alder):
    key = make_article(alder, "First", "one")
    change(key, title="Second", content="two")
    act(key, lambda own, row: article_texts.bring_back(own, row, 1))
    assert (stored(key).title, stored(key).content, stored(key).plain_text) == ("First", "one", "one")
    assert [one[:3] for one in texts_before(key)] == [(2, "Second", "two"), (1, "First", "one")]
    with pytest.raises(Conflict):
        act(key, lambda own, row: article_texts.bring_back(own, row, 1))
    for number in (0, 3, 2**40):
        with pytest.raises(NotFound):
            act(key, lambda own, row, wanted=number: article_texts.bring_back(own, row, wanted))
    assert cast.count(ArticleVersion) == 2


def test_the_trail_of_changes_names_versions_and_keeps_no_long_texts(alder):
    key = make_article(alder, "First", "one")
    change(key, content="two")
    entry = db.session.query(AuditEntry).filter_by(action="article.updated").one()
    assert entry.after["text_number"] == 2
    assert not {"content", "plain_text", "search_text", "search_grams"} & entry.after.keys()


def test_the_address_comes_from_the_title_and_is_there_once(alder, birch):
    assert stored(make_article(alder, "Refunds & Crédit!")).slug == "refunds-credit"
    assert stored(make_article(alder, "Refunds, credit")).slug == "refunds-credit-2"
    assert stored(make_article(birch, "Refunds credit")).slug == "refunds-credit"
    assert stored(make_article(alder, "???")).slug == "article"
    assert stored(make_article(alder, "الفواتير")).slug == "الفواتير"
    assert len(stored(make_article(alder, "word " * 40)).slug) <= 80
    test = cast.actor_for(alder).in_world(test=True)
    assert stored(make_article(alder, "Refunds credit", actor=test)).slug == "refunds-credit"


def test_a_change_of_the_title_keeps_the_address(alder):
    key = make_article(alder, "Refunds")
    change(key, title="Money back")
    assert stored(key).slug == "refunds"


@pytest.mark.parametrize("slug", ["Refunds", "a b", "-a", "a/b", "é", "a--b"])
def test_an_address_that_is_none_is_refused(alder, slug):
    with pytest.raises(Invalid) as caught:
        make_article(alder, slug=slug)
    assert list(caught.value.fields) == ["slug"]


def test_a_chosen_address_that_is_taken_is_refused_and_free_again_when_deleted(alder):
    key = make_article(alder, slug="refunds")
    with pytest.raises(Conflict):
        make_article(alder, slug="refunds")
    act(key, articles.delete)
    make_article(alder, slug="refunds")
    with transaction(), pytest.raises(Conflict):
        articles.restore(*articles.LISTING.lock(cast.actor_for(alder), key, removed=True))


@pytest.mark.parametrize(("sent", "field"), [
    ({"content": " \n "}, "content"), ({"title": ""}, "title"), ({"content": "x" * 50_001}, "content"),
    ({"content": "x" * 1_000_000}, "content"), ({"status": "gone"}, "status"), ({"content": "a\x00b"}, "content"),
])
def test_what_is_wrong_is_named(alder, sent, field):
    with pytest.raises(Invalid) as caught:
        make_article(alder, **sent)
    assert list(caught.value.fields) == [field]


def test_a_text_that_is_too_long_says_how_long_it_may_be(alder):
    with pytest.raises(Invalid) as caught:
        make_article(alder, content="x" * 1_000_000)
    assert str(caught.value.fields["content"]) == "must have at most 50000 characters"


def test_the_markdown_is_kept_as_it_was_written(alder):
    text = "    code\n\n<b>bold</b> **x**  \nend "
    assert stored(make_article(alder, content=text)).content == text
    assert stored(make_article(alder, content="a\r\nb\rc")).content == "a\nb\nc"


def test_a_category_is_of_the_same_merchant_and_world(alder, birch):
    make_article(alder, category_id=make_category(alder))
    test = cast.actor_for(alder).in_world(test=True)
    for other in (make_category(birch), make_category(alder, actor=test), 999):
        with pytest.raises(Invalid):
            make_article(alder, category_id=other)


def test_a_category_is_kept_while_articles_are_in_it(alder):
    key = make_category(alder, "Café")
    article = make_article(alder, category_id=key)
    record = article_categories.LISTING.read(cast.actor_for(alder), key)
    assert record.articles == 1
    with pytest.raises(InUse, match="1 article"), transaction():
        article_categories.delete(*article_categories.LISTING.lock(cast.actor_for(alder), key))
    change(article, category_id=None)
    with transaction():
        article_categories.delete(*article_categories.LISTING.lock(cast.actor_for(alder), key))
    with transaction():
        article_categories.restore(*article_categories.LISTING.lock(cast.actor_for(alder), key, removed=True))
    make_article(alder, "Other", category_id=key)


def test_an_article_whose_category_was_deleted_meanwhile_does_not_come_back(alder):
    category = make_category(alder)
    key = make_article(alder, category_id=category)
    act(key, articles.delete)
    with transaction():
        article_categories.delete(*article_categories.LISTING.lock(cast.actor_for(alder), category))
    with transaction(), pytest.raises(Conflict):
        articles.restore(*articles.LISTING.lock(cast.actor_for(alder), key, removed=True))


def test_a_merchant_with_articles_is_not_deleted(alder):
    make_article(alder)
    with pytest.raises(InUse, match="1 article"), transaction():
        merchants.delete(Actor.operator(), db.session.get(Merchant, alder))
