"""Whatever is paid, credited, moved and paid back, in any order and at once: no cent is used twice."""

import threading
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from decimal import Decimal

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import select

from database import DatabaseBusy, db
from domain.errors import Conflict, Invalid
from domain.payments.gateways import Outcome
from models.payment import Payment, Refund
from tests import cast
from tests.domain.invoicing.paying.money import check_sums, come_back, credit_of, give_back, pay, use
from tests.invoicing import credit, line, make_issued, of

AMOUNTS = st.integers(1, 20000).map(lambda minor: Decimal(minor) / 100)
PLACES = st.integers(0, 5)
STEPS = st.lists(st.one_of(
    st.tuples(st.just("pay"), AMOUNTS, st.lists(PLACES, max_size=3, unique=True)),
    st.tuples(st.just("use"), PLACES, st.one_of(st.none(), AMOUNTS)),
    st.tuples(st.just("back"), PLACES, st.one_of(st.none(), AMOUNTS),
              st.sampled_from([Outcome.APPROVED, Outcome.PENDING, Outcome.DECLINED])),
    st.tuples(st.just("again"), PLACES, st.sampled_from([Outcome.APPROVED, Outcome.DECLINED])),
    st.tuples(st.just("credit"), PLACES, AMOUNTS),
), max_size=12)
MANY = 10


@settings(max_examples=40, deadline=None, suppress_health_check=list(HealthCheck))
@given(prices=st.lists(st.integers(1, 9000), min_size=1, max_size=4), steps=STEPS)
def test_no_step_uses_money_twice(alder, prices, steps):
    who = cast.make_customer(alder)
    keys = [make_issued(alder, who, [line(Decimal(minor) / 100)]) for minor in prices]
    for verb, *given_ in steps:
        try:
            take(alder, who, keys, verb, given_)
        except (Conflict, Invalid):
            db.session.rollback()
        check_sums(who)
    in_all = sum(one.amount_minor - one.refunded_minor for one in payments(who))
    under_way = sum(one.amount_minor for one in refunds(who) if one.status == "pending")
    parts = sum(of(key).paid_minor for key in keys)
    over = sum(max(0, -of(key).balance_minor) for key in keys)
    free = credit_of(who) - over
    assert in_all - under_way <= parts + free <= in_all


def take(alder, who, keys, verb, given_):
    """One step; places count around."""
    known = payments(who)
    if verb == "pay":
        chosen = sorted({keys[place % len(keys)] for place in given_[1]})
        pay(alder, given_[0], *chosen, customer_id=who, currency="EUR")
    elif verb == "use":
        use(keys[given_[0] % len(keys)], given_[1])
    elif verb == "back" and known:
        give_back(known[given_[0] % len(known)].id, given_[1], then=given_[2])
    elif verb == "again" and (told := refunds(who)):
        come_back(told[given_[0] % len(told)].id, given_[1])
    elif verb == "credit":
        key = keys[given_[0] % len(keys)]
        credit(key, [{"item_id": of(key).items[0].id, "amount": given_[1]}])


def payments(who):
    return db.session.scalars(select(Payment).where(Payment.customer_id == who).order_by(Payment.id)).all()


def refunds(who):
    statement = select(Refund).join(Payment, Payment.id == Refund.payment_id).where(Payment.customer_id == who)
    return db.session.scalars(statement.order_by(Refund.id)).all()


@pytest.mark.files
def test_recorded_used_and_paid_back_at_once_everything_adds_up(workshop):
    with workshop.app_context():
        alder = cast.make_merchant("Alder")
        who = cast.make_customer(alder)
        keys = [make_issued(alder, who) for _ in range(3)]                          # 120.00 each
        first = [pay(alder, 10, customer_id=who, currency="EUR") for _ in range(MANY)]
        db.session.remove()
    start = threading.Barrier(3 * MANY)

    def one(number):
        place, kind = divmod(number, 3)
        with workshop.app_context():
            start.wait()
            try:
                if kind == 0:
                    pay(alder, 30, keys[place % 3], keys[(place + 1) % 3])
                elif kind == 1:
                    use(keys[place % 3])
                else:
                    give_back(first[place], 7)
            except (Conflict, DatabaseBusy) as refused:
                return type(refused).__name__
            finally:
                db.session.remove()
            return ("paid", "used", "back")[kind]

    with ThreadPoolExecutor(3 * MANY) as threads:
        done = Counter(threads.map(one, range(3 * MANY)))
    assert done["paid"] == done["back"] == MANY
    assert not done["DatabaseBusy"]
    with workshop.app_context():
        check_sums(who)
        left = sum(one.amount_minor - one.refunded_minor for one in payments(who))
        assert left == 30 * 100 * MANY + 3 * 100 * MANY
        assert left == sum(of(key).paid_minor for key in keys) + credit_of(who)
        assert all(of(key).balance_minor >= 0 for key in keys)
        db.session.remove()
