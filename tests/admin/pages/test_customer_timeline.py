"""The time line of a customer: documents, payments, tickets, mails and changes, each only for who may see it."""

import re
from dataclasses import replace
from decimal import Decimal

import pytest
from sqlalchemy import select

from blueprints.admin import order_timeline
from database import db, transaction
from domain import audit
from domain.people import customers
from models.customer_user import CustomerUser
from tests import cast, invoicing, ticketed
from tests.admin.page_text import text_of
from tests.domain.invoicing.paying.money import give_back, pay


@pytest.fixture
def ada(alder):
    return cast.make_customer(alder, "Ada Lovelace", email="ada@example.org")


def timeline(visitor, key, **query):
    page = visitor.get(f"/admin/customers/{key}", query_string={"tab": "timeline", **query}).text
    return page[page.index('id="timeline"'):]


def history(alder, ada):
    cast.make_budget(alder, ada)
    invoice = invoicing.make_issued(alder, ada)
    pay(alder, 120, invoice)
    ticket = ticketed.make_customers(alder, ada)
    ticketed.answer(ticket)
    with transaction():
        customers.update(*customers.LISTING.lock(cast.actor_for(alder), ada), {"note": "Pays late"})
    return invoice, ticket


def test_everything_of_a_customer_is_on_one_line_the_newest_first(admin, alder, ada):
    history(alder, ada)
    text = text_of(timeline(admin, ada))
    wanted = (
        "set note to Pays late", "Mail waits to be sent", "Ticket TKT-", "120.00 EUR paid", "Invoice INV-000001 over",
        "Budget 1 over", "created this customer",
    )
    places = [text.find(one) for one in wanted]
    assert -1 not in places, dict(zip(wanted, places, strict=True))
    assert places == sorted(places)


def test_what_users_of_the_customer_do_in_the_client_area_is_said_of_them(admin, alder, ada):
    first = db.session.scalar(select(CustomerUser.id).where(CustomerUser.customer_id == ada))
    actor = cast.actor_for(alder)
    by_user = replace(actor, label="Ada <ada@example.org>", user_id=None, source="client")
    with transaction():
        row = customers.LISTING.get(actor, ada)
        for verb in ("signed_in", "token_issued"):
            audit.record(by_user, f"customer.{verb}", row, merchant_id=alder)
        user = db.session.get(CustomerUser, first)
        for verb in ("two_factor_on", "recovery_code_used", "password_set"):
            audit.record(by_user, f"customer_user.{verb}", user, merchant_id=alder)
    text = text_of(timeline(admin, ada))
    for wanted in (
        "signed in as this customer By the client area", "issued the token of this customer",
        "turned two-factor on for customer user ada@example.org",
        "used a recovery code of customer user ada@example.org",
        "set the password of customer user ada@example.org",
    ):
        assert wanted in text, wanted


def test_credit_notes_and_refunds_are_on_the_line_too(admin, alder, ada):
    invoice = invoicing.make_issued(alder, ada)
    payment = pay(alder, 120, invoice)
    invoicing.credit(invoice, [{"item_id": invoicing.of(invoice).items[0].id, "quantity": Decimal(1)}])
    give_back(payment, 50)
    text = text_of(timeline(admin, ada))
    places = [text.find(one) for one in ("50.00 EUR refunded", "Credit note CN-000001 over", "120.00 EUR paid")]
    assert -1 not in places
    assert places == sorted(places)
    assert "Credit note CN-000001" in text_of(timeline(admin, ada, kind="documents"))
    assert "50.00 EUR refunded" in text_of(timeline(admin, ada, kind="payments"))


@pytest.mark.parametrize(("kind", "there", "gone"), [
    ("documents", "Invoice INV-000001", "Ticket TKT-"), ("tickets", "Ticket TKT-", "Budget 1"),
    ("payments", "120.00 EUR paid", "Budget 1"), ("changes", "Pays late", "Ticket TKT-"),
])
def test_it_is_narrowed_to_a_kind(admin, alder, ada, kind, there, gone):
    history(alder, ada)
    text = text_of(timeline(admin, ada, kind=kind))
    assert there in text
    assert gone not in text


def test_it_goes_on_where_a_page_ends_and_names_nothing_twice(admin, alder, ada, monkeypatch):
    monkeypatch.setattr(order_timeline, "SHOWN", 4)
    for _ in range(9):
        cast.make_budget(alder, ada)
    seen, query = [], {}
    while True:
        part = timeline(admin, ada, kind="documents", **query)
        seen += re.findall(r"Budget (\d+) over", part)
        following = re.search(r"before=([\d-]+)[^>]*>Earlier", part)
        if following is None:
            break
        query = {"before": following[1]}
    assert seen == [str(key) for key in range(9, 0, -1)]


def test_what_somebody_may_not_see_is_left_out(signed_in, alder, ada):
    history(alder, ada)
    text = text_of(timeline(signed_in("normal_user", [alder]), ada))
    assert "Invoice INV-000001" in text
    assert "Pays late" not in text                          # the history is for administrators
    own = signed_in("restricted_user", [alder], email="own@alder.example")
    assert own.get(f"/admin/customers/{ada}?tab=timeline").status_code == 404


def test_of_another_customer_nothing_is_shown(admin, alder, birch, ada):
    history(birch, cast.make_customer(birch, "Bob", email="bob@example.org"))
    history(alder, cast.make_customer(alder, "Grace Hopper", email="grace@example.org"))
    text = text_of(timeline(admin, ada))
    for one in ("Budget", "INV-", "TKT-", "paid"):
        assert f"{one} 1" not in text
        assert "over" not in text
