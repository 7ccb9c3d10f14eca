"""Fixtures of the tests of the client area: customers of two merchants, and their browsers."""

import re

import pytest
from flask import g
from sqlalchemy import select

from blueprints.pay.mails import composing
from blueprints.shared_counters import counters
from database import db
from models.merchant import Merchant
from models.outbox import Task
from tests import cast

TOKEN = re.compile(r'name="csrf_token" value="([^"]+)"')
BASE = "https://pay.example.com"


class Browser:
    """A customer's browser without JavaScript, which sends each form with its token."""

    def __init__(self, app, **environment):
        self.client, self.environment, self.token = app.test_client(), environment, None

    def open(self, method, path, **more):
        # The tests share one application context; a real request has one of its own.
        for name in list(g):
            g.pop(name)
        more.setdefault("environ_base", self.environment)
        reply = self.client.open(path, method=method, buffered=True, **more)
        found = TOKEN.search(reply.text) if reply.mimetype == "text/html" else None
        self.token = found[1] if found else self.token
        return reply

    def get(self, path, **more):
        return self.open("GET", path, **more)

    def post(self, path, data=None, **more):
        return self.open("POST", path, data={"csrf_token": self.token} | (data or {}), **more)

    def ask(self, merchant, email, *, test=False):
        """Ask for a link."""
        address = sign_in_of(merchant, test=test)
        self.get(address)
        return self.post(address, {"email": email})

    def enter_code(self, code):
        """Answer the question for the second factor."""
        self.get("/client/code")
        return self.post("/client/code", {"code": code})

    def by_password(self, merchant, email, password, *, test=False):
        """Try to sign in with a password."""
        address = f"{sign_in_of(merchant, test=test)}/password"
        self.get(address)
        return self.post(address, {"email": email, "password": password})

    def sign_in(self, merchant, email, *, test=False):
        """Sign in by the link of a mail; the answer to the press on its button."""
        self.ask(merchant, email, test=test)
        link = link_of(last_mail())
        self.get(link)
        return self.post(link)


def sign_in_of(merchant, *, test=False):
    """The address of a merchant's sign-in."""
    key = db.session.get(Merchant, merchant).area_key
    return f"/client/test/{key}" if test else f"/client/sign-in/{key}"


def tasks(*mails):
    """The mails for signing in that wait in the outbox, or other mails of these kinds."""
    mails = mails or ("sign_in",)
    db.session.expire_all()
    found = db.session.scalars(select(Task).where(Task.kind == "mail").order_by(Task.id))
    return [one for one in found if one.payload.get("mail") in mails]


def mail_of(task):
    return composing.compose(task.payload, task.merchant_id, BASE)


def last_mail():
    return mail_of(tasks()[-1])


def link_of(mail):
    """The path of the link in a mail."""
    return re.search(rf"{BASE}(/client/link/\w+)", mail.text)[1]


def code_of(mail):
    """The digits of the code in a mail."""
    return "".join(re.search(r"\b(\d{3}) (\d{3})\b", mail.text).groups())


@pytest.fixture(autouse=True)
def no_counts():
    counters.forget()


@pytest.fixture
def alder():
    return cast.make_merchant("Alder & Sons")


@pytest.fixture
def birch():
    return cast.make_merchant("Birch", "USD")


@pytest.fixture
def ada(alder):
    return cast.make_customer(alder, "Ada Lovelace", email="ada@example.org", organisation="Analytical Engines")


@pytest.fixture
def browser(app):
    """Makes a browser with an empty cookie jar."""
    return lambda **environment: Browser(app, **environment)


@pytest.fixture
def signed_in(browser, alder, ada):
    """Ada's browser, in which she has signed in."""
    one = browser()
    assert one.sign_in(alder, "ada@example.org").status_code == 303
    assert one.get("/client/").status_code == 200
    return one
