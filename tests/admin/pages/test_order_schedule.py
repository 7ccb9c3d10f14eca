"""The page of an order shows its payments and its link, the list what was bought and the usual filters."""

import re
from datetime import UTC, datetime
from html import unescape

import pytest

from database import db, transaction
from models.invoice import Invoice
from models.order import OrderItem, OrderStatus, ScheduledStatus
from models.payment import PaymentReason
from models.product import Billing
from tests import cast
from tests.invoicing import make_draft
from tests.ordered import make_order, make_row
from tests.payment_rows import make_payment
from tests.stored_cards import make_card

S = ScheduledStatus
DAY = datetime(2126, 12, 6, 12, tzinfo=UTC)


def text_of(html):
    return re.sub(r"\s+", " ", unescape(re.sub(r"<[^>]+>", " ", html))).strip()


def payments(admin, order_id):
    """The rows of the panel of payments as texts."""
    page = admin.get(f"/admin/orders/{order_id}").text
    panel = re.search(r'<section class="panel" aria-labelledby="schedule">.*?</section>', page, re.S)
    panel = [re.sub(r'<td class="act">.*?</td>', "", panel[0], flags=re.S)] if panel else None
    return [text_of(one) for one in re.findall(r"<tr><td.*?</tr>", panel[0] if panel else "", re.S)]


@pytest.mark.parametrize(("row", "shown"), [
    ({"collect_at": DAY}, "Scheduled Collected on its day"), ({}, "Scheduled Not collected by itself"),
    ({"awaits_count": True}, "Scheduled Counted when the period ends"),
    ({"status": S.COMPLETE, "executed_at": DAY}, "Paid Paid on 6 Dec 2126"),
    ({"status": S.RECOVERED, "executed_at": DAY, "retry_count": 2}, "Recovered Paid on 6 Dec 2126 , after 2 retries"),
    ({"status": S.SOFT_DECLINED, "collect_at": DAY}, "Declined, will retry Next try 6 Dec 2126, 12:00"),
    ({"status": S.SOFT_DECLINED, "retry_count": 1}, "Declined No retry is left, after 1 retry"),
    ({"status": S.HARD_DECLINED}, "Declined, card needed Waits for another card"),
    ({"status": S.PROCESSING}, "Processing Being collected"), ({"status": S.SKIPPED}, "Skipped Not collected"),
])
def test_each_payment_says_what_happened_to_it(admin, alder, row, shown):
    order_id = make_order(alder, status=OrderStatus.ACTIVE)
    make_row(alder, order_id, due_at=DAY, **row)
    amount = "By use" if row.get("awaits_count") else "10.00 EUR"
    assert payments(admin, order_id) == [f"6 Dec 2126 {shown} {amount}"]


def test_many_payments_lead_to_all_of_them(admin, alder):
    order_id = make_order(alder, status=OrderStatus.ACTIVE)
    for sequence in range(9):
        make_row(alder, order_id, sequence=sequence)
    assert len(payments(admin, order_id)) == 8
    page = admin.get(f"/admin/orders/{order_id}").text
    assert f'href="/admin/orders/{order_id}?tab=scheduled_payments">All 9</a>' in page


def test_what_was_collected_is_said_without_what_was_given_back(admin, alder):
    order_id = make_order(alder, status=OrderStatus.ACTIVE)
    assert "Collected" not in text_of(admin.get(f"/admin/orders/{order_id}").text)
    make_payment(alder, 5000, order_id=order_id, refunded=1200)
    assert "Collected 38.00 EUR" in text_of(admin.get(f"/admin/orders/{order_id}").text)


def test_a_payments_page_leads_to_its_order_and_says_how_it_was_collected(admin, alder):
    order_id = make_order(alder, status=OrderStatus.ACTIVE)
    row = make_row(alder, order_id)
    key = make_payment(alder, 5000, order_id=order_id, scheduled_payment_id=row, reason=PaymentReason.RETRY)
    page = admin.get(f"/admin/payments/{key}").text
    assert f'<a href="/admin/orders/{order_id}">Order {order_id}</a>' in page
    assert f'<a href="/admin/scheduled-payments/{row}">Payment {row}</a>' in page
    for words in ("Collected Tried again by the schedule", "Gateway Test card", "Refunds Nothing was refunded."):
        assert words in text_of(page), words


def test_the_list_has_its_usual_filters_as_tabs_and_says_what_was_bought(admin, alder):
    for status in (OrderStatus.FAILED, OrderStatus.REVIEW, OrderStatus.ACTIVE):
        order_id = make_order(alder, status=status, customer_name=f"Buyer {status.value}")
        with transaction():
            for position, name in enumerate(("Desk", "Lamp")):
                db.session.add(OrderItem(
                    order_id=order_id, position=position, name=f"{name} {status.value}", unit_price_micro=0,
                    quantity_ten_thousandths=10_000, total_minor=0))
    page = admin.get("/admin/orders?status=attention").text
    assert re.search(r'status=attention" aria-current="page">Needs attention <', page)
    assert re.findall(r"Desk (\w+) and 1 more", page) == ["review", "failed"]
    assert 'aria-current="page">All<' in admin.get("/admin/orders").text
    assert 'aria-current="page">All<' not in admin.get("/admin/orders?billing=metered").text
    assert 'aria-current="page">Board<' in admin.get("/admin/orders/board").text


def test_the_payments_of_an_order_and_its_next_step_have_their_own_actions(admin, alder):
    order_id = make_order(alder, status=OrderStatus.ACTIVE, billing=Billing.INSTALMENT, next_sequence=3)
    first, later = (make_row(alder, order_id, sequence=place, collected=True) for place in (1, 2))
    page = admin.get(f"/admin/orders/{order_id}").text
    step = page.partition('class="callout next-step')[2].partition('<div id="record"')[0]
    assert f'href="/admin/scheduled-payments/{first}/skip"' in step
    for row in (first, later):
        assert f'id="menu-{row}"' in page
        assert f'href="/admin/scheduled-payments/{row}/skip"' in page
    reply = admin.post(f"/admin/scheduled-payments/{first}/skip", headers={
        "Referer": f"http://localhost/admin/orders/{order_id}"})
    assert reply.headers["Location"] == f"http://localhost/admin/orders/{order_id}"
    assert f'href="/admin/scheduled-payments/{first}/skip"' not in admin.get(f"/admin/orders/{order_id}").text


def test_the_page_of_an_order_names_what_was_bought_its_card_and_its_budget(admin, alder):
    customer_id = cast.make_customer(alder, "Ada Lovelace")
    card = make_card(alder, customer_id, test=False, label="Visa ending in 4242")
    budget_id = cast.make_budget(alder, customer_id)
    order_id = make_order(alder, customer_id=customer_id, status=OrderStatus.ACTIVE, payment_method_id=card,
                          budget_id=budget_id, description="Trade membership", interval_count=3)
    page = admin.get(f"/admin/orders/{order_id}").text
    text = text_of(page)
    assert "Trade membership, every 3 months · Ada Lovelace" in text
    assert "Paid with Visa ending in 4242" in text
    assert f'From budget</dt><dd><a href="/admin/budgets/{budget_id}">{budget_id}</a>' in page


def test_the_invoices_of_an_order_are_a_tab_of_its_page(admin, alder):
    customer_id = cast.make_customer(alder, "Ada Lovelace")
    budget_id = cast.make_budget(alder, customer_id)
    order_id = make_order(alder, customer_id=customer_id, status=OrderStatus.ACTIVE, budget_id=budget_id)
    other = make_order(alder, customer_id=customer_id, status=OrderStatus.ACTIVE)
    keys = [make_draft(alder, customer_id) for _ in range(3)]
    with transaction():
        db.session.get(Invoice, keys[0]).order_id = order_id
        db.session.get(Invoice, keys[1]).budget_id = budget_id
    page = admin.get(f"/admin/orders/{order_id}?tab=invoices").text
    assert [f'id="row-{key}"' in page for key in keys] == [True, True, False]
    assert 'id="row-' not in admin.get(f"/admin/orders/{other}?tab=invoices").text
