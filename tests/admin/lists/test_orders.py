"""The list of orders says what is collected next, why an order needs a person, and mends many at once."""

import re
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest

from domain import clock
from models.order import OrderStatus, ScheduledStatus, SuspendedFor
from models.payment import Decline, PaymentStatus
from models.product import Billing
from tests import cast, ordered, paying
from tests.admin.page_text import text_of
from tests.payment_rows import make_payment
from tests.sql_statements import recorded

LIST = "/admin/orders"
S = ScheduledStatus
NOON = datetime(2126, 12, 6, 12, tzinfo=UTC)
HEADS = ("Why", "Next payment", "Total")


def cells(page, order_id):
    """The texts of an order's row by the heading of their column."""
    row = re.search(rf'<tr id="row-{order_id}">.*?</tr>', page, re.S)[0]
    found = re.findall(r'<td data-l="([^"]*)"[^>]*>(.*?)</td>', row, re.S)
    return {head: text_of(inside).strip() for head, inside in found}


def shown(admin, order_id):
    found = cells(admin.get(LIST).text, order_id)
    return [found[head] for head in HEADS]


def declined_row(merchant, order_id, status=S.SOFT_DECLINED, message="Insufficient funds.", **more):
    row = ordered.make_row(merchant, order_id, status=status, **more)
    for text in ("An older answer", message):
        make_payment(
            merchant, order_id=order_id, scheduled_payment_id=row, status=PaymentStatus.DECLINED, message=text,
            decline=Decline.SOFT)
    return row


@pytest.mark.parametrize(("order", "row", "why", "following"), [
    ({"status": OrderStatus.PENDING}, {"sequence": 0}, "–", "By the customer"),
    ({"status": OrderStatus.ACTIVE}, {"collect_at": NOON}, "–", "6 Dec 2126"),
    ({"status": OrderStatus.ACTIVE}, {"status": S.PROCESSING}, "–", "Being collected"),
    ({"status": OrderStatus.ACTIVE}, {"due_at": NOON}, "–", "6 Dec 2126 · by hand"),
    ({"status": OrderStatus.ACTIVE}, {"due_at": NOON, "awaits_count": True}, "–", "6 Dec 2126 · by use"),
    ({"status": OrderStatus.ACTIVE}, {"due_at": NOON.replace(year=2020)}, "Overdue since 6 Dec 2020",
     "6 Dec 2020 · by hand"),
    ({"status": OrderStatus.ACTIVE, "cancels_at_period_end": True}, {"collect_at": NOON}, "–", "None"),
    ({"status": OrderStatus.PAUSED}, {"status": S.PAUSED}, "–", "When it is resumed"),
    ({"status": OrderStatus.REVIEW}, {"status": S.REVIEW}, "Paid too much", "None"),
    ({"status": OrderStatus.SUSPENDED, "suspended_for": SuspendedFor.UNPAID}, {}, "Invoices overdue",
     "When invoices are paid"),
    ({"status": OrderStatus.SUSPENDED, "suspended_for": SuspendedFor.MERCHANT}, {}, "Suspended by staff",
     "When it goes on"),
    ({"status": OrderStatus.COMPLETE}, {"status": S.COMPLETE}, "–", "–"),
    ({"status": OrderStatus.DRAFT}, {}, "–", "None: a draft"),
])
def test_each_order_says_what_is_next_and_why_it_needs_somebody(admin, alder, order, row, why, following):
    order_id = ordered.make_order(alder, **order)
    ordered.make_row(alder, order_id, **row)
    assert shown(admin, order_id) == [why, following, "10.00 EUR"]


@pytest.mark.parametrize(("status", "row", "following"), [
    (OrderStatus.FAILED, {"collect_at": NOON, "retry_count": 1}, "6 Dec 2126 · retry 2"),
    (OrderStatus.FAILED, {}, "No retry is left"),
    (OrderStatus.SUSPENDED, {"status": S.HARD_DECLINED}, "When a card is saved"),
])
def test_a_declined_order_says_what_the_bank_said_last(admin, alder, status, row, following):
    order_id = ordered.make_order(alder, status=status)
    declined_row(alder, order_id, **row)
    assert shown(admin, order_id)[:2] == ["Insufficient funds", following]


def test_the_earliest_of_several_is_next(admin, alder):
    order_id = ordered.make_order(alder, status=OrderStatus.ACTIVE, billing=Billing.INSTALMENT)
    for sequence, month in ((1, 3), (2, 2), (3, 4)):
        ordered.make_row(alder, order_id, sequence=sequence, collect_at=NOON.replace(month=month))
    assert shown(admin, order_id)[1] == "6 Feb 2126"


def test_an_order_on_a_test_clock_is_overdue_by_its_clock(admin, alder):
    admin.post("/admin/mode", {"test": "on"})
    at = clock.now() + timedelta(days=400)
    for late, said in ((-3, True), (3, False)):
        clock_id = ordered.make_test_clock(alder, at)
        order_id = ordered.make_order(alder, status=OrderStatus.ACTIVE, test_clock_id=clock_id)
        ordered.make_row(
            alder, order_id, test=True, test_clock_id=clock_id, due_at=at + timedelta(days=late))
        assert shown(admin, order_id)[0].startswith("Overdue") is said


def test_what_is_billed_by_use_has_no_amount_yet(admin, alder):
    order_id = ordered.make_order(alder, status=OrderStatus.ACTIVE, billing=Billing.METERED, total_minor=0)
    ordered.make_row(alder, order_id, awaits_count=True, amount_minor=0)
    assert shown(admin, order_id)[2] == "By use"
    assert "By use" in admin.get("/admin/scheduled-payments").text
    assert "0.00" not in admin.get(f"{LIST}.csv").text
    assert "0.00" not in admin.get("/admin/scheduled-payments.csv").text


def test_the_file_has_the_same_words(admin, alder):
    order_id = ordered.make_order(alder, status=OrderStatus.FAILED)
    declined_row(alder, order_id, collect_at=NOON)
    line = admin.get(f"{LIST}.csv").text.splitlines()[1]
    assert "Insufficient funds,6 Dec 2126 · retry 1,10.00,EUR" in line


def statements(admin):
    with recorded() as asked:
        assert admin.get(f"{LIST}?per=100").status_code == 200
    return len(asked)


def test_more_orders_are_not_asked_about_one_by_one(admin, alder):
    def add(number):
        for _ in range(number):
            declined_row(alder, ordered.make_order(alder, status=OrderStatus.FAILED))

    add(2)
    statements(admin)
    add(1)
    few = statements(admin)
    add(30)
    assert statements(admin) <= few


def test_chosen_orders_are_retried_paused_and_resumed(admin, alder):
    admin.post("/admin/mode", {"test": "on"})
    made = [paying.declined(alder) for _ in range(2)]
    orders = [ordered.reload_row(row).order_id for row in made]
    page = admin.get(LIST).text
    assert all(f'name="verb" value="{verb}"' in page for verb in ("retry", "ask_for_card", "pause", "resume"))
    admin.post(f"{LIST}/bulk", {"verb": "retry", "ids": orders})
    assert "2 orders were tried again." in admin.get(LIST).text
    assert [ordered.reload_row(row).status for row in made] == [S.RECOVERED, S.RECOVERED]
    for verb, status in (("pause", OrderStatus.PAUSED), ("resume", OrderStatus.ACTIVE)):
        admin.post(f"{LIST}/bulk", {"verb": verb, "ids": orders})
        assert [ordered.reload_order(one).status for one in orders] == [status, status]


def test_one_that_cannot_be_retried_leaves_all_as_they_are(admin, alder):
    admin.post("/admin/mode", {"test": "on"})
    row, fine = paying.declined(alder), paying.active(alder)
    order_id = ordered.reload_row(row).order_id
    page = admin.post(f"{LIST}/bulk", {"verb": "retry", "ids": [order_id, fine]}, follow_redirects=True).text
    assert "needs no retry: nothing was declined" in page
    assert ordered.reload_row(row).status == S.SOFT_DECLINED


def test_the_next_step_of_a_declined_order_has_the_button(admin, alder):
    admin.post("/admin/mode", {"test": "on"})
    row = paying.declined(alder)
    order_id = ordered.reload_row(row).order_id
    page = text_of(re.search(r'<div class="callout next-step.*?<div id="record"', admin.get(f"{LIST}/{order_id}").text,
                             re.S)[0])
    assert "Retry now Ask for a card Skip… Open payment" in page
    admin.post(f"{LIST}/{order_id}/retry")
    assert ordered.reload_row(row).status == S.RECOVERED
    assert f"/admin/orders/{order_id}/retry" not in admin.get(f"{LIST}/{order_id}").text


def test_asking_for_a_card_mails_the_customer_once_a_day(admin, alder):
    admin.post("/admin/mode", {"test": "on"})
    row = paying.declined(alder, email="ada@example.com")
    order_id = ordered.reload_row(row).order_id
    page = admin.post(f"{LIST}/{order_id}/ask_for_card", follow_redirects=True).text
    assert f"Asked for another card: Order TEST-{order_id}." in page
    assert "within the last 24 hours" in admin.post(
        f"{LIST}/{order_id}/ask_for_card", follow_redirects=True).text


def test_the_tabs_count_what_waits_for_somebody(admin, alder, birch):
    tabs = text_of(admin.get(LIST).text.partition('<nav class="tabs"')[2].partition("</nav>")[0])
    assert "Needs attention Pending" in tabs
    for status in (OrderStatus.FAILED, OrderStatus.SUSPENDED, OrderStatus.REVIEW, OrderStatus.PENDING):
        ordered.make_order(alder, status=status)
    ordered.make_order(birch, status=OrderStatus.FAILED)
    tabs = text_of(admin.get(LIST).text.partition('<nav class="tabs"')[2].partition("</nav>")[0])
    assert "Needs attention 3 Pending first payment 1 Active Subscriptions" in tabs
    assert "Needs attention 3" in text_of(admin.get(f"{LIST}/board").text)


def test_the_page_of_an_order_that_is_billed_by_use_has_no_amounts_of_zero(admin, alder):
    admin.post("/admin/mode", {"test": "on"})
    order_id = paying.make_order(alder, billing="metered", price="0.02")
    paying.pay(order_id)
    page = text_of(admin.get(f"{LIST}/{order_id}").text)
    assert "Lamp 1 1 × 0.02 0.02 – – By use" in page
    assert "Total By use" in page
    assert "First payment" not in page.partition("Amounts")[2]
    assert "Paid Nothing was due" in page


def test_products_that_are_billed_by_use_say_so(admin, alder):
    cast.make_product(alder, "Calls", price=Decimal("0.002"), currency="EUR", billing="metered")
    cast.make_product(alder, "Tiers", price=Decimal(0), currency="EUR", billing="metered", metered_scheme="graduated",
                      metered_tiers=[{"up_to": None, "unit_price": Decimal("0.01")}])
    page = text_of(admin.get("/admin/products").text)
    assert "0.002 EUR a call" in page
    assert "By tiers" in page
    assert "0.002,EUR" in admin.get("/admin/products.csv").text
