"""Live and test rows of one merchant: no page, action, undo or export of one world reaches the other."""

import json
import re

import pytest
from flask import g

from database import Model, db, transaction
from domain import clock
from domain.actor import Actor
from domain.hosting import services
from domain.integrations import webhooks
from domain.payments import payments
from models.webhook import Delivery
from tests import cast
from tests.admin.test_guards import addresses
from tests.architecture.nouns import pages
from tests.ordered import make_test_clock
from tests.paying import make_order
from tests.rows import MADE, make

pytestmark = pytest.mark.slow

HERE = [one for one in pages() if hasattr(one.resource.listing.model, "test")]
WORLDS = pytest.mark.parametrize("test", [False, True], ids=["live to test", "test to live"])
WORDS = {False: "Genuine", True: "Sandbox"}
CHOICES = re.compile(r"<any\(([^)]*)\):\w+>")


LOOKING = {"user_sessions", "ticket_reads"}         # what a user changes by looking at pages


def switch(browser, *, test):
    assert browser.post("/admin/mode", {"test": "on"} if test else {}).status_code == 303


@pytest.fixture
def rows(made_once, monkeypatch):
    monkeypatch.setattr(webhooks.policy, "allowed_hosts", ("hooks.example.com",))
    return made_once(make_rows)


@pytest.fixture
def alder(rows):
    return rows["alder"]


def make_rows():
    """The ids of a row of every noun in both worlds, by noun and world; each says its world in its texts."""
    made, alder = {}, cast.make_merchant("Alder")
    for here in sorted(HERE, key=lambda one: one.resource.name != webhooks.RESOURCE.name):
        if here.resource.noun == "test clock":              # nobody makes one in the live world
            made[here.resource.name] = {
                test: make_test_clock(alder, clock.now(), test=test, name=WORDS[test]) for test in (False, True)}
        elif here.resource.create is not None or here.resource.noun in {*MADE, "service"}:
            whole = services.RESOURCE if here.resource.noun == "service" else here.resource      # made as an order
            made[here.resource.name] = {
                test: make(whole, alder, WORDS[test], test=test) for test in (False, True)
            }
    deliveries = {test: db.session.query(Delivery).filter_by(test=test).first() for test in (False, True)}
    return made | {
        "deliveries": {test: one.id for test, one in deliveries.items()},
        "tasks": {test: one.task_id for test, one in deliveries.items()},
        "payments": {test: payment(alder, test=test) for test in (False, True)},
        "alder": alder,
    }


def payment(merchant_id, *, test):
    """The id of a payment that was recorded by hand."""
    order_id = make_order(merchant_id, test=test, customer_name=WORDS[test])
    new = payments.PaymentInput(order_id=order_id, amount=1)
    with transaction():
        return payments.record(cast.actor_for(merchant_id).in_world(test=test), new).id


def everything():
    db.session.rollback()
    return {table.name: sorted(map(str, db.session.execute(table.select())))
            for table in Model.metadata.sorted_tables if table.name not in LOOKING}


def on_a_row(app, here):
    """Every address below a row of the noun, with its method; each word of a choice by itself."""
    for rule in app.url_map.iter_rules():
        if rule.rule.startswith(f"/admin{here.path}/<int:key>"):
            found = CHOICES.search(rule.rule)
            words = found[1].split(", ") if found else [""]
            names = [column.name for column in here.columns if column.editable] if "<name>" in rule.rule else [""]
            for word in words:
                for name in names:
                    path = CHOICES.sub(word, rule.rule).replace("<name>", name)
                    yield from ((path, method) for method in rule.methods - {"HEAD", "OPTIONS"})


def test_the_walk_covers_every_noun_of_a_world(rows):
    assert {one.resource.name for one in HERE} == rows.keys() - {"alder"}


@WORLDS
def test_no_address_of_a_row_opens_one_of_the_other_world(app, admin, rows, test):
    switch(admin, test=test)
    before, walked = everything(), 0
    for here in HERE:
        own, other = rows[here.resource.name][test], rows[here.resource.name][not test]
        for path, method in on_a_row(app, here):
            address = path.replace("<int:key>", str(other))
            reply = admin.post(address) if method == "POST" else admin.get(address)
            assert reply.status_code == 404, (method, address)
            assert WORDS[not test] not in reply.text, address
            walked += 1
        if here.opens:
            assert admin.get(f"/admin{here.path}/{own}").status_code == 200
    assert walked > 40
    assert everything() == before


@WORLDS
def test_nothing_done_to_many_rows_reaches_the_other_world(admin, rows, test):
    switch(admin, test=test)
    for here in HERE:
        own, other = rows[here.resource.name][test], rows[here.resource.name][not test]
        before = everything()
        for verb in here.bulk:
            for ids in ([other, own], [other]):
                reply = admin.post(f"/admin{here.path}/bulk", {"verb": verb, "ids": ids})
                assert reply.status_code == 404 or verb.startswith("copy"), (here.path, verb)     # to where its like is
        assert everything() == before, here.path


@WORLDS
def test_no_undo_and_no_restore_reaches_the_other_world(admin, rows, test):
    walked = 0
    for here in HERE:
        other = rows[here.resource.name][not test]
        for verb, action in here.verbs.items():
            if action.undo is None:
                continue
            with transaction():
                own, row = here.resource.listing.lock(Actor.operator().in_world(test=not test), other)
                was = [str(getattr(row, name)) for name in action.keeps]
                if action.removes:
                    action.run(own, row)
            switch(admin, test=test)
            before = everything()
            reply = admin.post(f"/admin{here.path}/undo?verb={verb}&was=" + json.dumps({str(other): was}))
            assert reply.status_code in (404, 409, 422), (here.path, verb, reply.status_code)
            assert everything() == before, (here.path, verb)
            walked += 1
    assert walked >= 8


@WORLDS
def test_lists_exports_searches_and_figures_show_their_world_only(app, admin, rows, test):
    switch(admin, test=test)
    mine, other = WORDS[test], WORDS[not test]
    paths = [f"/admin{here.path}{more}" for here in HERE for more in ("", ".csv", f"?q={other}", f".csv?q={other}")]
    paths = [one for one in paths if opens(app, one)]
    paths += ["/admin/", f"/admin/palette?q={other}", "/admin/palette?q=" + str(rows["budgets"][not test])]
    for path in paths:
        page = admin.get(path)
        assert page.status_code == 200, path
        text = page.text.replace(f'value="{other}"', "").replace(f"q={other}", "").replace(f"“{other}”", "")
        assert other not in text, path
    for path in ("/admin/customers", "/admin/customers.csv", "/admin/", f"/admin/palette?q={mine}"):
        assert mine in admin.get(path).text, path
    for here in HERE:
        total = here.resource.listing.count(cast.actor_for(1).in_world(test=test))
        table, where = here.resource.listing.model.__table__, here.resource.listing.where
        assert total == db.session.query(table).filter(table.c.test == test, *where).count() > 0, here.path


def opens(app, path):
    return app.url_map.bind("localhost").test(path.partition("?")[0], "GET")


def test_every_page_says_that_it_is_in_test_mode(app, admin, rows):
    paths = {path for endpoint, method, path in addresses(app) if method == "GET" and not path.endswith(".csv")}
    said = {}
    for test in (False, True):
        switch(admin, test=test)
        for path in paths:
            for name in list(g):
                g.pop(name)
            page = admin.get(path)
            if page.status_code == 200 and page.mimetype == "text/html" and "<html" in page.text:
                said.setdefault(path, {})[test] = "test-banner" in page.text
    assert len(said) > 15
    assert {path for path, banner in said.items() if banner.get(True, True) is False or banner.get(False)} == set()
