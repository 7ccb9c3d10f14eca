"""The list of scheduled payments opens with what is still to come, and says so."""

import re
from datetime import timedelta

import pytest

from domain import clock
from models.order import OrderStatus, ScheduledStatus
from tests import ordered, paying
from tests.admin.page_text import text_of
from tests.domain.invoicing.paying.money import pay
from tests.domain.invoicing.sources.test_made_from import make
from tests.invoicing import actor_of, issue
from tests.payment_rows import make_payment

LIST = "/admin/scheduled-payments"
S = ScheduledStatus


@pytest.fixture
def schedule(alder):
    """The order, and its rows by name: two that are done, one that is late, two to come."""
    order = ordered.make_order(alder, status=OrderStatus.ACTIVE)
    days = {
        "first": (-90, S.COMPLETE), "second": (-60, S.COMPLETE), "late": (-3, S.SOFT_DECLINED),
        "later": (57, S.SCHEDULED),
        "next": (27, S.SCHEDULED),
    }
    rows = {
        name: ordered.make_row(
            alder, order, sequence=place, status=status, due_at=clock.now() + timedelta(days=due))
        for place, (name, (due, status)) in enumerate(days.items())
    }
    return order, {key: name for name, key in rows.items()}


def shown(page, names):
    """The rows of a page, in its order."""
    return [names[int(key)] for key in re.findall(r'<tr id="row-(\d+)"', page)]


def test_the_list_opens_with_what_is_due_and_next(admin, schedule):
    page = admin.get(LIST).text
    assert shown(page, schedule[1]) == ["late", "next", "later"]
    assert "Status: <b>Open</b>" in page
    assert "3 scheduled payments" in page
    assert "Clear all" not in page


def test_the_filter_can_be_taken_away_and_replaced(admin, schedule):
    drop = re.search(r'class="drop" href="([^"]+)"', admin.get(LIST).text)[1]
    everything = admin.get(drop).text
    assert shown(everything, schedule[1]) == ["first", "second", "late", "next", "later"]
    assert "Status: <b>" not in everything
    assert shown(admin.get(f"{LIST}?status=complete").text, schedule[1]) == ["first", "second"]


def test_its_file_has_the_rows_that_the_list_shows(admin, schedule):
    assert len(admin.get(f"{LIST}.csv").text.strip().splitlines()) == 1 + 3
    assert len(admin.get(f"{LIST}.csv?status=all").text.strip().splitlines()) == 1 + 5


def test_without_open_ones_the_list_says_that_others_may_exist(admin, alder):
    order = ordered.make_order(alder, status=OrderStatus.ACTIVE)
    ordered.make_row(alder, order, status=S.COMPLETE)
    page = admin.get(LIST).text
    assert "No scheduled payments yet" not in page
    assert f'href="{LIST}?status=all"' in page


def test_on_the_page_of_the_order_the_open_ones_come_first(admin, schedule):
    order, names = schedule
    page = admin.get(f"/admin/orders/{order}?tab=scheduled_payments").text
    assert shown(page, names)[-5:] == ["late", "next", "later", "second", "first"]


@pytest.mark.parametrize(("sequence", "name"), [(0, "First payment"), (3, "Payment 3"), (-1, "Change of plan")])
def test_its_page_says_which_payment_it_is_and_lists_its_attempts(admin, alder, sequence, name):
    order = ordered.make_order(alder, status=OrderStatus.ACTIVE)
    row = ordered.make_row(alder, order, sequence=sequence)
    tried = make_payment(alder, 777, order_id=order, scheduled_payment_id=row)
    other = make_payment(alder, 888, order_id=order)
    assert f"<h1>{name} of order {order}" in admin.get(f"{LIST}/{row}").text
    page = admin.get(f"{LIST}/{row}?tab=payments").text
    assert [f'href="/admin/payments/{one}"' in page for one in (tried, other)] == [True, False]


def test_a_question_names_the_action_and_what_it_is_done_to(admin, alder):
    order = ordered.make_order(alder, status=OrderStatus.ACTIVE, next_sequence=2)
    ordered.make_row(alder, order)
    for verb, title, button, leave in (
        ("pause", f"Pause Order {order}?", "Pause order", "Cancel"),
        ("cancel", f"Cancel Order {order}?", "Cancel order", "Back"),
        ("cancel_at_period_end", f"Cancel at period end: Order {order}?", "Cancel at period end", "Back"),
    ):
        page = admin.get(f"/admin/orders/{order}/{verb}").text
        assert title in page, verb
        assert [f">{one}<" in page for one in (button, leave)] == [True, True], verb


def test_what_the_invoice_paid_is_shown_with_the_invoice_and_the_payment(admin, alder):
    order = paying.make_order(alder, "single_payment", "120.00", test=False)
    invoice = make(actor_of(alder), order_id=order)
    number = issue(invoice)
    payment = pay(alder, 120, invoice)
    (row,) = paying.rows(order)
    page = admin.get(f"{LIST}/{row.id}").text
    assert "Paid by invoice 120.00 EUR" in text_of(page)
    assert f'<a href="/admin/invoices/{invoice}">{number}</a>' in page
    assert f'<a href="/admin/payments/{payment}">Payment {payment}</a>' in page
