"""Every text that is stored shows as text: on the pages of staff and customers, and in mails."""

import re

import pytest
import sqlalchemy as sa

from blueprints.pay.mails import composing
from blueprints.shared_counters import counters
from database import SECRET, db
from models.outbox import Task
from tests import cast, excepted, invoicing, paying
from tests.admin.test_guards import addresses
from tests.client.conftest import Browser
from tests.client.filled import fill

MARK = "<img src=x onerror=alert(1)>\"'&{{ 7*7 }}"
RAW = re.compile(r"<img src=x|&lt;img src=x onerror=alert\(1\)&amp;gt;|\"'&49")
EMAIL = "ada@example.org"
# Texts of a form of their own, by which rows are found or read.
FORMS = re.compile(
    r"(email|_key|_sort|_grams|search_text|hash|digest|token|nonce|currency|country|language|timezone|zone|colour|code|"
    r"mime_type|ip|url|locale|number|slug|lane|pool|kind|scope|source|about|result|prefix|four|path|gateway|world|"
    r"method|decline|request_id|object_type|action|version|type|account|pattern|bcrypt|secret|key|reference|phone|"
    r"website|iban|bic|unit|status|state|domain|name_key|message_id|folder|language|form|totp)$")
FOUND_BY = {("domain_names", "name"), ("merchants", "area_key"), ("outbox_tasks", "error")}


def texts():
    """The columns that hold what people write."""
    for table in db.metadata.sorted_tables:
        if table.info.get("bind_key") or table.name in ("currencies", "rates"):
            continue
        for column in table.columns:
            plain = type(column.type) in (sa.String, sa.Text) or type(column.type).__name__ in ("String", "Text")
            is_key = column.primary_key or column.unique or column.foreign_keys or column.computed is not None
            if plain and not is_key and column.info != SECRET and not FORMS.search(column.name) \
                    and (table.name, column.name) not in FOUND_BY and (column.type.length or 999) >= len(MARK):
                yield table, column


@pytest.fixture
def marked(alder):
    """Rows of everything, whose texts all hold the mark."""
    customer = fill(alder, EMAIL)
    cast.make_budget(alder, customer)
    cast.make_key(alder)
    paying.make_order(alder, test=False)
    excepted.make_dispute(cast.actor_for(alder))
    invoicing.make_with_credit(alder)
    db.session.remove()
    found = list(texts())
    with db.engine.begin() as connection:
        for table, column in found:
            connection.execute(table.update().where(column.is_not(None)).values({column.name: MARK}))
    return {f"{table.name}.{column.name}" for table, column in found}


def test_pages_and_mails_show_texts_as_texts(app, marked, ops, alder):
    assert {"customers.name", "merchants.name", "products.name", "tickets.message", "invoices.notes",
            "invoice_items.description", "articles.content", "announcements.title"} <= marked, marked
    seen, wrong = 0, []
    for endpoint, method, path in addresses(app):
        if method != "GET":
            continue
        page = ops.get(path)
        assert page.status_code < 500, (endpoint, page.status_code)
        if page.mimetype == "text/html":
            seen += "&lt;img src=x" in page.text
            wrong += [endpoint] if RAW.search(page.text) else []
    assert wrong == []
    assert seen > 60, f"only {seen} pages show the texts"
    for task in db.session.scalars(sa.select(Task).where(Task.kind == "mail")):
        mail = composing.compose(task.payload, task.merchant_id, "https://pay.example.com")
        assert mail is None or not RAW.search(mail.html), task.payload


def test_the_client_area_shows_texts_as_texts(app, marked, alder):
    counters.forget()
    one = Browser(app)
    assert one.sign_in(alder, EMAIL).status_code == 303
    waiting, known, seen = ["/client/"], set(), 0
    while waiting:
        page = one.get(path := waiting.pop())
        assert page.status_code < 500, path
        if page.mimetype != "text/html":
            continue
        assert not RAW.search(page.text), path
        seen += "&lt;img src=x" in page.text
        for link in re.findall(r'href="(/client/[^"#?]*)', page.text):
            kind = re.sub(r"\d+", "N", link)
            if kind not in known:
                known.add(kind)
                waiting.append(link)
    assert seen > 8, (seen, sorted(known))
