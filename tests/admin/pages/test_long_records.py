"""Records with more replies, texts or mails than a page can show: the page shows the newest, and links the earlier."""

import json
import re
from datetime import timedelta

import pytest
from sqlalchemy import insert, select

from database import db, transaction
from domain import clock, inputs
from domain.integrations import webhooks
from domain.support import ticket_messages
from domain.support.knowledge import article_texts
from domain.support.ticket_listing import IN_ANSWERS, LISTING
from models.article import Article, ArticleVersion
from models.ticket import AuthorType, TicketReply, TicketSource
from models.webhook import Delivery
from tests import cast, ticketed
from tests.admin.page_text import text_of
from tests.articles import make_article

LONG = "word " * 4000                       # a message of the greatest length
MANY = 450                                  # of them have more than 8 MB


@pytest.fixture
def ada(alder):
    return cast.make_customer(alder, "Ada", email="ada@example.org")


@pytest.fixture
def ticket(alder, ada):
    """A ticket with replies of the customer and of staff in turn; every tenth is a note."""
    key = ticketed.make_customers(alder, ada)
    began = clock.now() - timedelta(seconds=MANY + 1)
    with transaction():
        db.session.execute(insert(TicketReply), [{
            "ticket_id": key, "merchant_id": alder, "test": False, "message": f"Reply {number}. {LONG}"[:20_000],
            "author_type": AuthorType.STAFF if number % 2 else AuthorType.CLIENT, "author_name": "Robin",
            "source": TicketSource.STAFF if number % 2 else TicketSource.CLIENT, "internal": number % 10 == 0,
            "search_text": "reply", "created_at": began + timedelta(seconds=number),
        } for number in range(1, MANY + 1)])
    return key


def shown(page):
    """The numbers of the replies on a page."""
    return [int(number) for number in re.findall(r"Reply (\d+)\.", page.text)]


def test_a_ticket_shows_its_newest_replies_and_links_to_the_earlier_ones_down_to_the_first(admin, ticket):
    page = admin.get(f"/admin/tickets/{ticket}")
    assert page.status_code == 200
    assert shown(page) == list(range(MANY - 49, MANY + 1))
    text = text_of(page.text)
    assert text.index("I ordered two lamps.") < text.index(f"{MANY - 50} earlier messages") < text.index("Reply 401.")
    assert "Newest messages" not in text
    found = shown(page)
    while earlier := re.search(r'href="([^"]+before=\d+)"', page.text):
        page = admin.get(earlier[1].replace("&amp;", "&"))
        found = shown(page) + found
        assert "Newest messages" in page.text
    assert found == list(range(1, MANY + 1))
    assert admin.get(f"/admin/tickets/{ticket}?before=999999999999999999999").status_code == 200
    assert shown(admin.get(f"/admin/tickets/{ticket}?before=x"))[-1] == MANY


def test_it_is_answered_listed_and_named_on_other_pages(admin, ticket, ada):
    assert admin.post(f"/admin/tickets/{ticket}/reply", {"message": "It is on its way."}).status_code == 303
    assert "It is on its way." in admin.get(f"/admin/tickets/{ticket}").text
    assert admin.post(f"/admin/tickets/{ticket}/close").status_code == 303
    for address in ("/admin/tickets", f"/admin/customers/{ada}?tab=tickets", "/admin/audit", "/admin/desk",
                    f"/admin/tickets/{ticket}?tab=history", f"/admin/tickets/{ticket}/merge", "/admin/tickets.csv"):
        page = admin.get(address)
        assert (address, page.status_code) == (address, 200)
        assert shown(page) == []


def test_events_of_it_and_answers_of_apis_have_the_newest_replies(alder, ticket, monkeypatch):
    monkeypatch.setattr(webhooks.policy, "allowed_hosts", ("hooks.example.com",))
    with transaction():
        webhooks.create(cast.actor_for(alder), inputs.parse(
            webhooks.EndpointInput, {"url": "https://hooks.example.com/", "events": ["ticket.replied"]}))
    key = ticketed.answer(ticket, "It is on its way.")
    told = json.loads(db.session.scalar(select(Delivery.body)))["data"]["replies"]
    record = LISTING.read(cast.actor_for(alder), ticket)
    for replies in ([one["id"] for one in told], [one.id for one in record.children["replies"]]):
        assert (len(replies), replies[-1], replies) == (IN_ANSWERS, key, sorted(replies))


def test_a_customer_reads_it_in_parts_and_without_notes(ticket):
    part = ticket_messages.part(ticket, internal=False)
    assert not any(one.internal for one in part.replies)
    assert (len(part.replies), part.earlier) == (50, MANY - MANY // 10 - 50)


def test_an_article_lists_its_earlier_texts_in_pages_and_answers_with_those_that_fit(admin, alder, monkeypatch):
    key = make_article(alder)
    with transaction():
        article = db.session.get(Article, key)
        article.text_number = 61
        db.session.execute(insert(ArticleVersion), [{
            "article_id": key, "merchant_id": alder, "test": False, "number": number, "title": f"Title {number}",
            "content": f"Text of {number}.", "written_by": "Robin", "created_at": clock.now(),
        } for number in range(1, 61)])
    page = admin.get(f"/admin/articles/{key}?tab=versions").text
    assert re.findall(r"Text (\d+): ", page) == [str(number) for number in range(60, 35, -1)]
    last = admin.get(f"/admin/articles/{key}?tab=versions&page=3&version=60").text
    assert re.findall(r"Text (\d+): ", last) == [str(number) for number in range(10, 0, -1)]
    assert "Text of 60." in last
    assert "Text of 59." not in last
    monkeypatch.setattr(article_texts, "MOST_TOGETHER", 100)
    found = article_texts.newest(db.session.get(Article, key))
    assert [one.number for one in found] == list(range(60, 51, -1))
