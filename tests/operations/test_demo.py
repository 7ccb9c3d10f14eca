"""The demo data: complete, and created through the domain like live data."""

import re
import shlex
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from html import unescape
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from installations import installations
from sqlalchemy import func, select

from analytics.rollups.grains import ALL
from analytics.rollups.rollup import DAY
from analytics.store import cells, requests, shapes
from config import Settings
from database import db
from domain.actor import Actor
from domain.catalog import currencies
from domain.invoicing.books import verifying
from domain.invoicing.invoice_status import EFFECTIVE
from domain.pages import Query
from domain.people.logins import user_passwords
from domain.support import announcements
from domain.support.knowledge import knowledge_base
from domain.vault import vault
from models.article import Article, ArticleStatus
from models.audit import AuditEntry
from models.budget import Budget, BudgetStatus
from models.customer import Customer, CustomerStatus
from models.domain_name import DomainName, DomainStatus
from models.invoice import Invoice
from models.order import Order, OrderStatus
from models.outbox import Task, TaskStatus
from models.payment import GatewayAccount, Payment, PaymentStatus
from models.product import Billing
from models.test_clock import TestClock
from models.ticket import Ticket, TicketStatus
from models.user import Role, User
from models.webhook import Attempt, Delivery, Endpoint
from operations.demo import Demo, Key, traffic

pytestmark = pytest.mark.files
DAY_US = 86_400_000_000
ROOT = Path(__file__).parents[2]

NOUNS = ("customers", "products", "budgets")


@pytest.fixture(scope="module")
def installation(tmp_path_factory: pytest.TempPathFactory, settings: Settings) -> Iterator[Any]:
    """One for all tests here: loading it takes seconds."""
    with installations(tmp_path_factory.mktemp("demo")) as make:
        made = make()
        made.upgrade()
        yield made
    vault.configure(settings.secret_keys, bcrypt_cost=settings.bcrypt_cost)


@pytest.fixture(scope="module")
def demo(installation: Any) -> dict[str, Any]:
    began = time.time_ns() // 1000
    made: dict[str, Any] = installation.run("demo", "--port", "8123")
    return made | {"began_us": began}


def test_the_demo_has_everything_and_its_secrets_work(installation: Any, demo: dict[str, Any]) -> None:
    assert demo["base"] == "http://127.0.0.1:8123"
    assert [one["id"] for one in demo["merchants"]] == [1, 2]
    assert demo["keys"][0]["key"] in demo["curl"]
    assert "Online Retail" in demo["source"]
    with installation.app.app_context():
        assert set(db.session.scalars(select(User.role))) == set(Role)
        assert set(db.session.scalars(select(Budget.status))) == set(BudgetStatus)
        user_passwords.verified(demo["login"]["email"], demo["login"]["password"])
    client = installation.app.test_client()
    for one in demo["keys"]:
        answer = client.get("/v1/api/public/budgets", headers={"Authorization": f"Bearer {one['key']}"})
        assert answer.status_code == 200
    listed = [installation.run("key", "list", "--merchant", str(merchant))["keys"] for merchant in (1, 2)]
    assert {one["status"] for keys in listed for one in keys} == {"ACTIVE", "REVOKED", "EXPIRED"}


def test_the_demo_fills_the_test_world_too(installation: Any, demo: dict[str, Any]) -> None:
    client = installation.app.test_client()
    for one in demo["keys"]:
        if one["mode"] == "test":
            headers = {"Authorization": f"Bearer {one['key']}"}
            found = [client.get(f"/v1/api/public/{noun}", headers=headers).json for noun in NOUNS]
            products = {1: 9, 2: 7}[one["merchant"]]
            assert [page["pagination"]["total"] for page in found] == [5, products, 4]
    assert {one["mode"] for one in demo["keys"]} == {"live", "test"}


def test_the_demo_has_orders_of_each_type_and_in_nearly_every_status(
    installation: Any, demo: dict[str, Any]
) -> None:
    with installation.app.app_context():
        of = [Order.merchant_id == 1, Order.test.is_(False)]
        assert set(db.session.scalars(select(Order.billing).where(*of))) == set(Billing)
        assert set(db.session.scalars(select(Order.status).where(*of))) == set(OrderStatus) - {
            OrderStatus.REJECTED, OrderStatus.REVIEW}
        assert set(db.session.scalars(select(Payment.status).where(Payment.test.is_(False)))) == {
            PaymentStatus.APPROVED, PaymentStatus.DECLINED, PaymentStatus.UNKNOWN}
        assert db.session.scalar(select(func.count()).where(Order.planned_change.is_not(None))) == 2
        assert db.session.scalar(select(func.count()).where(Order.cancels_at_period_end)) == 1
        now = datetime.now(UTC)
        assert all(one <= now for one in db.session.scalars(select(Payment.created_at).where(Payment.test.is_(False))))
        clocks = db.session.scalars(select(TestClock)).all()
        assert [(one.status, one.target_at) for one in clocks] == [("ready", None)] * 2
        assert {one.test_clock_id for one in db.session.scalars(select(Order).where(Order.test))} == {1, 2}


def test_nothing_of_the_demo_is_ever_asked_for_or_sent(installation: Any, demo: dict[str, Any]) -> None:
    with installation.app.app_context():
        accounts = db.session.scalars(select(GatewayAccount)).all()
        assert [(one.gateway, one.enabled) for one in accounts] == [("stripe", False)] * 2
        waiting = select(func.count()).select_from(Task).where(Task.kind == "mail", Task.status == TaskStatus.PENDING)
        assert db.session.scalar(waiting) == 0


def test_the_history_of_the_demo_has_plausible_times(installation: Any, demo: dict[str, Any]) -> None:
    with installation.app.app_context():
        first, last = db.session.execute(select(func.min(AuditEntry.at), func.max(AuditEntry.at))).one()
        assert 88 <= (last - first).days <= 91
        approved = db.session.scalars(select(Budget).where(Budget.status == BudgetStatus.APPROVED)).all()
        assert all(one.created_at < one.approved_at for one in approved)


def test_the_traffic_of_the_demo_is_in_the_log_and_in_the_roll_ups_and_ends_now(
    installation: Any, demo: dict[str, Any]
) -> None:
    with installation.app.app_context(), db.engines["log"].connect() as connection:
        count, first, last = connection.execute(
            select(func.count(), func.min(requests.c.at_us), func.max(requests.c.at_us))
        ).one()
        rolled = connection.scalar(
            select(func.sum(cells.c.count)).join(shapes, shapes.c.id == cells.c.shape_id)
            .where(shapes.c.grain == ALL.number, cells.c.level == DAY)
        )
        per_day = Counter(
            at_us // DAY_US for at_us in connection.scalars(
                select(requests.c.at_us).join(shapes, shapes.c.id == requests.c.shape_id)
                .where(shapes.c.status.in_((429, 503)))
            )
        )
    now = time.time_ns() // 1000
    assert count == rolled >= demo["requests"]
    assert 88 * DAY_US < now - first <= 90 * DAY_US + 600_000_000
    assert now - last < DAY_US
    day, failures = per_day.most_common(1)[0]
    assert failures > 400                            # the incident
    assert day + 2 in (demo["began_us"] // DAY_US, now // DAY_US)      # midnight may have passed


def test_the_incident_can_be_read_from_the_overview_to_one_of_its_requests(
    installation: Any, demo: dict[str, Any]
) -> None:
    client = installation.app.test_client()
    token = re.search(r'name="csrf-token" content="([^"]+)"', client.get("/login").text)
    assert token
    client.post("/login", data={"csrf_token": token[1], **demo["login"]})
    overview = client.get("/admin/incident").text
    (period,) = set(re.findall(r'href="(/admin/analytics\?[^"]*from=[^"]*merchant=[^"]*)"', overview))
    view = client.get(unescape(period)).text
    panel = view.partition('class="panel incident"')[2].partition("</section>")[0]
    assert "by the key ERP connector" in panel, re.sub(r"<[^>]+>", " ", panel)[:700]
    (*_, request) = re.findall(r'href="(/admin/requests/\d+)"', panel)
    assert "This key may make 1,000 calls an hour." in client.get(request).text
    assert "by the key ERP connector" in client.get("/admin/analytics").text, "it is in the default period"


def test_the_demo_has_invoices_tickets_and_domain_names(installation: Any, demo: dict[str, Any]) -> None:
    with installation.app.app_context():
        shown = {str(one) for one in db.session.scalars(
            select(EFFECTIVE).select_from(Invoice), {"now": datetime.now(UTC)})}
        assert shown == {"draft", "unpaid", "partially_paid", "paid", "overdue", "cancelled"}
        for merchant in (1, 2):
            numbers = db.session.scalars(
                select(Invoice.series_number).where(
                    Invoice.merchant_id == merchant, Invoice.number.is_not(None), Invoice.test.is_(False))
                .order_by(Invoice.issued_at)).all()
            assert numbers == list(range(1, len(numbers) + 1)), "without gaps, in the order of their days"
            done = verifying.verify(merchant)
            assert (done.misfit, done.rows >= len(numbers)) == (None, True)
        assert set(db.session.scalars(select(Ticket.status))) >= set(TicketStatus) - {TicketStatus.ON_HOLD}
        assert set(db.session.scalars(select(DomainName.status))) >= {DomainStatus.ACTIVE, DomainStatus.EXPIRED}
        waiting = select(Task.id).where(Task.kind == "mail", Task.status == TaskStatus.PENDING)
        assert not db.session.scalars(waiting).all(), "nothing is sent to anybody"


def test_the_client_of_the_demo_has_invoices_to_pay_and_so_has_one_of_the_test_world(
        installation: Any, demo: dict[str, Any]) -> None:
    headers = {"Authorization": f"Bearer {demo['client']['token']}"}
    found = installation.app.test_client().get("/api/v1/invoices", headers=headers).json["data"]
    assert [one["status"] for one in found] == ["unpaid", "unpaid", "paid"]
    e_invoice = installation.app.test_client().get(f"/api/v1/invoices/{found[0]['id']}.xml", headers=headers)
    assert (e_invoice.status_code, e_invoice.mimetype) == (200, "application/xml")
    with installation.app.app_context():
        for merchant in (1, 2):
            assert db.session.execute(
                select(func.count(), func.count(Invoice.number), func.count(Invoice.customer_id.distinct()))
                .where(Invoice.merchant_id == merchant, Invoice.test)).one() == (3, 3, 1)


def test_the_demo_has_a_knowledge_base_and_announcements_of_every_state(
        installation: Any, demo: dict[str, Any]) -> None:
    with installation.app.app_context():
        assert set(db.session.scalars(select(Article.status))) == set(ArticleStatus)
        assert db.session.scalar(select(Article).where(Article.text_number > 1)) is not None
        who = replace(Actor.operator(), merchant_ids=frozenset({1}))
        assert knowledge_base.search(who, "invoice line")[0].title == "How to read your invoice"
        states = {row.state for row in announcements.LISTING.page(who, Query()).records}
        assert states == {"planned", "published", "withdrawn"}
        assert len(announcements.recent(who)) == 2


def test_the_demo_has_rates_and_deliveries_of_every_kind(installation: Any, demo: dict[str, Any]) -> None:
    with installation.app.app_context():
        ends = {(one.task.status, one.task.attempts > 1) for one in db.session.scalars(select(Delivery)) if one.task}
        assert ends == {(TaskStatus.DONE, False), (TaskStatus.DONE, True), (TaskStatus.FAILED, True),
                        (TaskStatus.HELD, False)}, "and none is pending, which would be sent"
        failing = db.session.scalars(select(Endpoint).where(Endpoint.failures_in_row > 0)).all()
        assert len(failing) == 1
        now = datetime.now(UTC)
        assert all(one.started_at < now for one in db.session.scalars(select(Attempt)))
        assert currencies.get_rate("GBP", "USD").rate > 1
        assert set(db.session.scalars(select(Customer.status))) == set(CustomerStatus)
        ages = [(now - one).days for one in db.session.scalars(select(Customer.created_at))]
        assert min(ages) < 20
        assert max(ages) > 80


@pytest.mark.parametrize("moment", [
    "2026-11-28T00:05Z", "2026-11-30T23:58Z", "2026-10-25T00:30Z", "2027-03-28T01:30Z", "2028-02-29T12:00Z"])
def test_the_traffic_of_the_demo_does_not_depend_on_the_hour(moment: str) -> None:
    now = datetime.fromisoformat(moment)
    made = Demo(keys=[Key(place, 1 + place % 2, "", "live", None) for place in range(1, 8)])
    records = list(traffic.requests(made, now))
    latest = int(now.timestamp() * 1e6)
    assert all(record["at_us"] < latest for record in records)
    incident = [record for record in records if record["status"] in (429, 503)]
    assert len(incident) > 400
    assert 1 < (latest - incident[0]["at_us"]) / DAY_US < 3
    assert len({record["request_id"] for record in records}) == len(records)


class Curl:
    """Runs the calls of the README as curl does, without a network."""

    def __init__(self, client: Any):
        self.client = client
        self.ran: list[tuple[str, str, int]] = []

    def run(self, words: list[str]) -> None:
        headers, form, method, body, url = [], [], "GET", None, ""
        rest = iter(words[1:])
        for word in rest:
            if word == "-H":
                name, _, value = next(rest).partition(": ")
                headers.append((name, value))
            elif word == "-d":
                method, body = "POST", next(rest)
            elif word == "-F":
                method = "POST"
                form.append(next(rest).split("=", 1))
            elif word == "-X":
                method = next(rest)
            else:
                url = word
        data = dict(form) if form else body
        kind = {"content_type": "multipart/form-data"} if form else {}
        reply = self.client.open(urlsplit(url).path, method=method, headers=headers, data=data, **kind)
        self.ran.append((method, urlsplit(url).path, reply.status_code))
        assert reply.status_code in (200, 201), (words, reply.text)


def test_every_call_of_the_readme_works_with_the_demo(installation: Any, demo: dict[str, Any]) -> None:
    text = re.sub(r"\\\n\s+", "", (ROOT / "README.md").read_text())
    first = text[text.index("## Your first API call"):text.index("### Scopes of keys")]
    known = {"KEY": demo["keys"][0]["key"], "PASSWORD": "a long sentence of the shop", "API_TOKEN": "", "TOKEN": ""}
    known["TOKEN"] = installation.run(
        "user", "create", "--email", "core@example.org", "--password", known["PASSWORD"], "--role", "admin_user",
        "--all-merchants")["api_token"]
    curl = Curl(installation.app.test_client())
    for line in re.findall(r"^    ((?:curl|\.venv/bin/countinghouse) .+)$", first, re.M):
        words = shlex.split(re.sub(r"\$(\w+)", lambda name: known[name[1]], line))
        if words[0] == "curl":
            curl.run(words)
        else:
            made = installation.run(*(word for word in words[1:] if word != "--json"))
            known["API_TOKEN"] = made.get("api_token", known["API_TOKEN"])
            known["CLIENT_TOKEN"] = made.get("token", "")
    assert len(curl.ran) >= 8, curl.ran


def test_check_finds_nothing_wrong_with_the_demo(installation: Any, demo: dict[str, Any]) -> None:
    assert installation.run("check")["ok"]


def test_a_database_in_use_is_left_alone_unless_forced(installation: Any, demo: dict[str, Any]) -> None:
    assert "--force" in installation.run("demo", status=1)["error"]
    assert installation.run("demo", "--if-empty") == {"loaded": False}
    again = installation.run("demo", "--force")
    assert [one["id"] for one in again["merchants"]] == [3, 4]
    assert again["login"]["email"] != demo["login"]["email"]
