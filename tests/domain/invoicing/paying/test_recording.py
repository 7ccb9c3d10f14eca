"""Money for invoices: parts and too much, credit, refunds, and the sums that never exceed anything."""

from datetime import date
from decimal import Decimal

import pytest
import time_machine
from sqlalchemy import func, select

from database import DatabaseClash, db, transaction
from domain import inputs
from domain.actor import Actor
from domain.errors import Conflict, Invalid
from domain.integrations import webhooks
from domain.invoicing.paying import credit_balances
from domain.payments.gateways import Outcome
from domain.people.customer_balance import LISTING as CUSTOMERS
from models.audit import AuditEntry
from models.payment import Payment
from models.webhook import Delivery
from tests import cast
from tests.domain.invoicing.paying.money import (
    check_sums,
    come_back,
    credit_of,
    give_back,
    pay,
    status,
    use,
)
from tests.invoicing import actor_of, credit, line, make_draft, make_issued, of


def customer(merchant_id, name="Ada Lovelace"):
    return cast.make_customer(merchant_id, name)


def test_a_payment_in_parts_pays_an_invoice_and_the_rest_is_credit(alder):
    who = customer(alder)
    key = make_issued(alder, who)                                  # 120.00
    pay(alder, 50, key)
    assert status(key) == ("partially_paid", 5000, 7000)
    assert of(key).paid_at is None
    pay(alder, "100.50", key, gateway="cash")
    assert status(key) == ("paid", 12000, 0)
    assert of(key).paid_at is not None
    assert credit_of(who) == 3050
    check_sums()


def test_an_invoice_that_was_credited_and_never_paid_has_no_time_of_payment(alder):
    key = make_issued(alder, customer(alder))
    credit(key)
    assert (*status(key), of(key).paid_at) == ("cancelled", 0, 0, None)
    half = make_issued(alder, customer(alder))
    pay(alder, 50, half)
    credit(half)
    assert of(half).paid_at is not None


def test_several_invoices_are_paid_the_oldest_first(alder):
    who = customer(alder)
    with time_machine.travel("2026-03-02T12:00:00Z", tick=False):
        late = make_issued(alder, who)
    with time_machine.travel("2026-03-01T12:00:00Z", tick=False):
        early = make_issued(alder, who)
    pay(alder, 150, late, early)
    assert of(early).balance_minor == 0
    assert of(late).balance_minor == 9000
    check_sums()


def test_the_day_it_came_is_kept_and_none_to_come_is_taken(alder):
    key = make_issued(alder)
    with time_machine.travel("2026-11-29T01:00:00Z", tick=False):
        payment_id = pay(alder, 120, key, received_on=date(2026, 11, 27))
        with pytest.raises(Invalid) as refused:
            pay(alder, 120, key, received_on=date(2026, 11, 30))
    assert set(refused.value.fields) == {"received_on"}
    assert db.session.get(Payment, payment_id).executed_at.date() == date(2026, 11, 27)
    assert of(key).paid_at.date() == date(2026, 11, 27)


def test_without_invoices_it_is_all_credit_which_pays_one_later(alder):
    who = customer(alder)
    pay(alder, 100, customer_id=who, currency="EUR")
    pay(alder, 70, customer_id=who, currency="USD")
    assert credit_balances.balances(who, test=False) == {"EUR": 10000, "USD": 7000}
    key = make_issued(alder, who)
    use(key, 30)
    assert status(key) == ("partially_paid", 3000, 9000)
    use(key)
    assert status(key) == ("partially_paid", 10000, 2000)
    assert credit_balances.balances(who, test=False) == {"USD": 7000}
    with pytest.raises(Conflict, match="no credit in EUR"):
        use(key)
    check_sums()


def test_more_credit_than_there_is_or_than_is_open_is_refused(alder):
    who = customer(alder)
    pay(alder, 200, customer_id=who, currency="EUR")
    key = make_issued(alder, who)
    for wrong in (121, 201):
        with pytest.raises(Invalid):
            use(key, wrong)
    use(key)
    with pytest.raises(Conflict, match="Nothing is open"):
        use(key)
    assert credit_of(who) == 8000


def test_credit_of_one_customer_or_world_pays_nothing_of_another(alder):
    pay(alder, 200, customer_id=customer(alder, "Grace Hopper"), currency="EUR")
    who = customer(alder)
    key = make_issued(alder, who)
    with pytest.raises(Conflict, match="no credit"):
        use(key)


@pytest.mark.parametrize("wrong", ["currency", "customer", "draft", "twice", "other_merchant", "nobody", "unknown"])
def test_what_does_not_fit_is_refused_by_name_and_nothing_is_kept(alder, birch, wrong):
    who = customer(alder)
    key = make_issued(alder, who)
    cases = {
        "currency": ("currency", (key,), {"currency": "USD"}),
        "customer": ("invoice_ids.1", (key, make_issued(alder)), {}),
        "draft": ("invoice_ids.0", (make_draft(alder, who),), {}),
        "twice": ("invoice_ids.1", (key, key), {}),
        "other_merchant": ("invoice_ids.0", (make_issued(birch),), {}),
        "nobody": ("customer_id", (), {"currency": "EUR"}),
        "unknown": ("customer_id", (key,), {"customer_id": customer(alder, "Grace Hopper")}),
    }
    field, keys, more = cases[wrong]
    with pytest.raises(Invalid) as refused:
        pay(alder, 10, *keys, **more)
    assert set(refused.value.fields) == {field}
    assert db.session.scalar(select(func.count()).select_from(Payment)) == 0


def test_two_currencies_need_two_payments_and_a_cent_has_no_parts(alder):
    who = customer(alder)
    keys = make_issued(alder, who), make_issued(alder, who, currency="USD")
    for amount, field in ((10, "invoice_ids"), ("0.001", "amount")):
        with pytest.raises(Invalid) as refused:
            pay(alder, amount, *(keys if field == "invoice_ids" else keys[:1]))
        assert set(refused.value.fields) == {field}


def test_a_refund_opens_the_invoice_again_and_one_that_came_back_closes_it(alder):
    key = make_issued(alder)
    payment_id = pay(alder, 150, key)
    give_back(payment_id, 40)                                      # 30 were free
    assert status(key)[1:] == (11000, 1000)
    refund_id = give_back(payment_id, 110)
    assert status(key) == ("refunded", 0, 12000)
    assert of(key).refunded_minor == 12000
    come_back(refund_id, Outcome.DECLINED)
    assert status(key)[1:] == (11000, 1000)
    assert of(key).refunded_minor == 1000
    check_sums()


def test_a_refund_that_is_under_way_is_no_credit_any_more(alder):
    who = customer(alder)
    payment_id = pay(alder, 100, customer_id=who, currency="EUR")
    give_back(payment_id, 60, then=Outcome.PENDING)
    assert credit_of(who) == 4000
    key = make_issued(alder, who)
    use(key)
    assert status(key)[1:] == (4000, 8000)
    check_sums()


def test_what_a_credit_note_frees_is_credit_and_goes_back_first(alder):
    who = customer(alder)
    key, other = make_issued(alder, who), make_issued(alder, who)
    payment_id = pay(alder, 240, key, other)
    credit(key, [{"item_id": of(key).items[0].id, "amount": Decimal(25)}])               # 30 with tax
    assert credit_of(who) == 3000
    third = make_issued(alder, who, [line(10)])                                       # 12.00
    use(third)
    assert [status(one)[1:] for one in (key, other, third)] == [(10800, -1800), (12000, 0), (1200, 0)]
    assert credit_of(who) == 1800
    give_back(payment_id, 20)                                      # 18 are too much, 2 are of the newest
    assert [of(one).balance_minor for one in (key, other, third)] == [0, 0, 200]
    check_sums()


def test_a_payment_tells_its_events_and_keeps_who_recorded_it(alder):
    with transaction():
        webhooks.create(actor_of(alder), inputs.parse(webhooks.EndpointInput, {"url": "https://93.184.216.34/hook"}))
    key = make_issued(alder)
    pay(alder, 20, key)
    payment_id = pay(alder, 100, key)
    told = db.session.scalars(select(Delivery.event).order_by(Delivery.id)).all()
    assert told[-5:] == ["payment.approved", "invoice.updated", "payment.approved", "invoice.updated", "invoice.paid"]
    actions = db.session.scalars(select(AuditEntry.action).order_by(AuditEntry.id)).all()
    assert {"payment.created", "payment.allocated", "invoice.payment_booked"} <= set(actions)
    give_back(payment_id)
    told = db.session.scalars(select(Delivery.event).order_by(Delivery.id)).all()
    assert told[-2:] == ["payment.refunded", "invoice.updated"]


def test_the_same_reference_is_recorded_once(alder):
    key = make_issued(alder)
    pay(alder, 20, key, reference="RF18539007547034")
    with pytest.raises(DatabaseClash):
        pay(alder, 20, key, reference="RF18539007547034")
    assert of(key).paid_minor == 2000


def test_the_balance_of_a_customer_is_what_was_paid_less_what_is_owed(alder):
    who, other = customer(alder), customer(alder, "Grace Hopper")
    key = make_issued(alder, who)
    make_draft(alder, who)
    make_issued(alder, other)
    assert balance(who) == -12000
    pay(alder, 150, key)
    assert balance(who) == 3000
    pay(alder, 70, customer_id=who, currency="USD")           # not the currency that the customer is billed in
    assert balance(who) == 3000
    later = make_issued(alder, who)
    assert balance(who) == -9000
    use(later)
    assert balance(who) == -9000
    credit(later)
    assert balance(who) == 3000


def balance(who):
    db.session.rollback()
    return CUSTOMERS.read(Actor.operator(), who).balance_minor
