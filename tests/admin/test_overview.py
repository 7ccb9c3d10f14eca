"""The first page: what to do next."""

import re
from datetime import timedelta

import time_machine
from sqlalchemy import select

from analytics.queries import incidents
from analytics.queries.figures import EndpointUse, KeyUse
from analytics.queries.incidents import Incident, Period
from database import db, transaction
from domain import clock, inputs, permissions
from domain.integrations import webhooks
from domain.outbox import tasks
from domain.payments.reports import standing
from domain.sales.budgets import budgets
from domain.sales.orders import order_counts
from domain.support import tickets
from domain.support.ticket_listing import LISTING as TICKETS
from models.order import OrderStatus, ScheduledStatus
from models.outbox import Task, TaskStatus
from models.payment import GatewayAccount, Payment, PaymentReason, PaymentStatus
from models.user import Role
from tests import cast, invoicing, ticketed
from tests.admin.page_text import text_of
from tests.domain.invoicing.paying.money import pay
from tests.ordered import make_order, make_row
from tests.payment_rows import customer_of


def test_the_first_step_of_an_empty_installation_is_a_merchant_profile(signed_in):
    boss = signed_in("admin_user", everything=True, email="boss@example.com")

    def todo():
        return re.findall(r'<a class="b sm" href="(/admin/\w+/new)">', boss.get("/admin/").text)

    others = ["/admin/products/new", "/admin/customers/new", "/admin/keys/new", "/admin/budgets/new"]
    assert todo() == ["/admin/merchants/new", *others]
    assert "Five steps to" in boss.get("/admin/").text
    cast.make_merchant("Alder")
    assert todo() == others


def test_who_has_own_merchants_only_is_not_sent_to_make_one(admin):
    page = admin.get("/admin/").text
    assert "Four steps to" in page
    assert 'class="b sm" href="/admin/merchants/new"' not in page


def test_money_is_added_up_by_currency_for_the_chosen_days(admin, alder):
    ada = cast.make_customer(alder)
    cast.make_budget(alder, ada)
    cast.make_budget(alder, ada, currency="USD")
    approved = cast.make_budget(alder, ada)
    with transaction():
        budgets.approve(cast.actor_for(alder), budgets.RESOURCE.listing.get(cast.actor_for(alder), approved))
    page = text_of(admin.get("/admin/").text)
    assert "Approved, 30 days 100.00 EUR 1" in page
    assert "Pending 100.00 EUR 1 100.00 USD 1 2 budgets waiting" in page
    assert "Approved, 7 days" in text_of(admin.get("/admin/?days=7").text)
    assert "Approved, 7 days" in text_of(admin.get("/admin/").text)         # the choice is kept
    assert "Approved, 7 days" in text_of(admin.get("/admin/?days=8").text)


def test_money_of_other_merchants_and_of_the_test_world_is_not_counted(admin, alder, birch):
    cast.make_budget(birch, cast.make_customer(birch))
    tester = cast.actor_for(alder).in_world(test=True)
    cast.make_budget(alder, cast.make_customer(alder, actor=tester), actor=tester)
    assert "Pending None 0 budgets" in text_of(admin.get("/admin/").text)


def test_what_fails_and_what_expires_needs_attention(admin, alder):
    tomorrow = clock.now() + timedelta(days=1, hours=1)
    key, _ = cast.make_key(alder, name="Web shop", expires_at=tomorrow.isoformat(), allowed_ips=["203.0.113.4"])
    cast.make_key(alder, name="Later", expires_at=(clock.now() + timedelta(days=15)).isoformat())
    with transaction():
        new = inputs.parse(webhooks.EndpointInput, {"url": "https://hooks.example.com/in"})
        endpoint, _ = webhooks.create(cast.actor_for(alder), new)
        endpoint.failures_in_row = 3
        tasks.put("webhook", lane="x", pool="x", payload={}, merchant_id=alder)
        task = db.session.scalars(select(Task)).one()
        task.status, task.finished_at = TaskStatus.FAILED, clock.now()
    page = admin.get("/admin/").text
    shown = text_of(page)
    assert "hooks.example.com 3 failures in a row" in shown
    assert "1 failed delivery in 7 days" in shown
    assert "Web shop expires tomorrow" in shown
    assert f'href="/admin/keys/{key}"' in page
    assert "Later works from any IP" in shown
    assert "Later expires" not in shown


def test_an_empty_overview_says_what_to_do(admin):
    page = text_of(admin.get("/admin/").text)
    assert "Endpoints deliver, and no key expires within 14 days." in page
    assert "A budget is a quote that your customer approves or rejects." in page


def test_the_last_incident_is_a_sentence_with_a_link(admin, alder, monkeypatch):
    key, _ = cast.make_key(alder, name="ERP connector")
    end = clock.now().replace(second=0, microsecond=0)
    period = Period(kind="errors", merchant_id=alder, mode="live", start=end - timedelta(hours=1), end=end,
                    ongoing=False, usual_share=0.01)
    endpoint = EndpointUse("public", "POST", "/v1/api/public/budgets", 90, 40, None, ())
    use = KeyUse(key, alder, 40, 40, None)
    monkeypatch.setattr(incidents, "last", lambda *asked: Incident(period, 120, 40, None, endpoint, (use,)))
    part = admin.part("/admin/incident").text
    assert "40 of 120 requests failed" in part
    assert "most on POST /v1/api/public/budgets, by the key ERP connector." in part
    assert 'href="/admin/analytics?' in part
    assert "40 of 120 requests failed" in admin.get("/admin/incident").text      # without a script


def test_the_overview_says_that_there_was_no_incident(admin):
    assert "No incident in the last 7 days." in admin.part("/admin/incident").text


# Orders ------------------------------------------------------------------------------------------------


def test_orders_and_their_payments_are_shown_once_there_are_any(admin, alder):
    assert "Due today" not in admin.get("/admin/").text
    order_id = make_order(alder, status=OrderStatus.SUSPENDED, customer_name="Grace Hopper")
    make_row(alder, order_id, status=ScheduledStatus.HARD_DECLINED, declined_at=clock.now())
    make_row(alder, make_order(alder, status=OrderStatus.ACTIVE), collect_at=clock.now(), amount_minor=1234)
    page = admin.get("/admin/").text
    text = text_of(page)
    assert "Due today 12.34 EUR 1" in text
    assert "Due in 7 days 12.34 EUR 1" in text
    assert "Declined, not yet collected 10.00 EUR 1 1 needs a new card" in text
    assert f"Grace Hopper order {order_id} – None: card needed 10.00 EUR" in text
    assert "1 declined payment needs a new card 10.00 EUR" in text, "it needs attention"
    for status in ("active", "suspended"):
        assert f'href="/admin/orders?status={status}"' in page
    links = re.findall(r'href="(/admin/(?:scheduled-payments|payments)\?[^"]+)"', page)
    assert len(links) >= 3
    for link in links:
        assert admin.get(link.replace("&amp;", "&")).status_code == 200
    due = next(link for link in links if "due_before" in link).replace("&amp;", "&")
    assert "12.34" in admin.get(due).text


def test_who_may_not_see_orders_or_payments_does_not_cause_their_queries(signed_in, alder, monkeypatch):
    make_order(alder, status=OrderStatus.ACTIVE)
    reader = signed_in("normal_user", [alder], email="sales@alder.example")
    monkeypatch.setitem(permissions.ROLE_SCOPES, Role.NORMAL, frozenset({"READ_CUSTOMERS"}))

    def refuse(*_):
        raise AssertionError("was asked")

    for module, names in ((standing, ("collected", "due", "declined", "undecided", "parked")),
                          (order_counts, ("counts",))):
        for name in names:
            monkeypatch.setattr(module, name, refuse)
    text = text_of(reader.get("/admin/").text)
    assert "Orders by status" not in text
    assert "Collected today" not in text


def test_payments_of_unknown_outcome_and_parked_gateways_need_attention(admin, alder):
    order_id = make_order(alder, status=OrderStatus.ACTIVE)
    now = clock.now()
    with transaction():
        db.session.add(Payment(
            merchant_id=alder, test=False, order_id=order_id, customer_id=customer_of(order_id),
            gateway="stripe", reason=PaymentReason.SCHEDULE,
            status=PaymentStatus.UNKNOWN, currency="EUR", amount_minor=1000, key="k",
            created_at=now - timedelta(hours=3), updated_at=now))
        db.session.add(GatewayAccount(
            merchant_id=alder, test=False, gateway="stripe", created_at=now, updated_at=now, enabled=True,
            per_minute=600, retry_days="1", failures_in_row=4, parked_until=now + timedelta(hours=1)))
    text = text_of(admin.get("/admin/").text)
    assert "1 unknown payment outcome for 3 h" in text
    assert "is left alone after 4 failures until" in text


def test_late_tickets_and_overdue_invoices_need_attention(admin, alder):
    ada = cast.make_customer(alder, "Grace Hopper")
    text = text_of(admin.get("/admin/").text)
    assert "overdue invoice" not in text
    assert "past the time" not in text
    with time_machine.travel(clock.now() - timedelta(days=40), tick=False):
        invoicing.make_issued(alder, ada)
        key = ticketed.make_customers(alder, ada)
    page = admin.get("/admin/").text
    assert "1 overdue invoice" in text_of(page)
    assert "1 ticket is past the time to answer" in text_of(page)
    links = re.findall(r'href="(/admin/(?:desk|invoices)\?[^"]+)"', page)
    assert len(links) == 2
    for link in links:
        assert "Grace Hopper" in admin.get(link).text
    with transaction():
        tickets.close(*TICKETS.lock(cast.actor_for(alder), key))
    assert "past the time" not in text_of(admin.get("/admin/").text)


def test_what_was_collected_and_what_is_due_is_a_chart_for_each_currency(admin, alder):
    assert "Collected per day" not in admin.get("/admin/").text
    for currency in ("EUR", "USD"):
        who = cast.make_customer(alder, f"Buyer {currency}")
        pay(alder, 70, customer_id=who, currency=currency)
    page = admin.get("/admin/").text
    text, first = text_of(re.sub(r"<svg.*?</svg>", "", page, flags=re.S)), clock.now().date() - timedelta(days=28)
    days = " ".join(f"{first + timedelta(weeks=place):%-d %b}" for place in range(4))
    last = f"{first + timedelta(days=34):%-d %b}"
    assert (f"Collected per day Collected in four weeks and today Due within seven days Reports EUR 70.00 EUR · "
            f"best day 70.00 EUR {days} Today {last} USD") in text
    assert re.search(rf"executed_after={clock.now():%Y-%m-%d}[^>]+><title>{clock.now():%-d %b %Y}: 70.00.EUR", page)


def test_what_is_due_is_dashed_beside_what_was_collected(admin, alder):
    pay(alder, 30, customer_id=cast.make_customer(alder, "Buyer"), currency="EUR")
    order_id, now = make_order(alder, status=OrderStatus.ACTIVE), clock.now()
    for sequence, (days, minor) in enumerate({0: 1000, 3: 4000, 8: 90000}.items(), 1):
        make_row(alder, order_id, sequence=sequence, amount_minor=minor, collect_at=now + timedelta(days=days))
    chart = re.search(r'<svg class="vb".*?</svg>', admin.get("/admin/").text, re.S)[0]
    later = now + timedelta(days=3)
    bars = re.findall(r'href="([^"]+)"[^>]*><title>([^<]+)</title>(.*?)</a>', chart, re.S)
    assert len(bars) == 35
    url, words, shapes = bars[28]
    assert words == f"{now:%-d %b %Y}: 30.00 EUR collected, 10.00 EUR due"
    assert re.findall(r'class="(v\w)"[^>]* y="([\d.]+)" height="([\d.]+)"', shapes) == [
        ("v1", "25.0", "75.0"), ("vd", "0.0", "25.0")]
    url, words, shapes = bars[31]
    assert words == f"{later:%-d %b %Y}: 40.00 EUR due"
    assert f"due_after={later:%Y-%m-%d}" in url
    assert 'class="vd"' in shapes
    assert admin.get(url.replace("&amp;", "&")).status_code == 200
