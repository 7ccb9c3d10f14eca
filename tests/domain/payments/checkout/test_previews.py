"""A preview equals what is scheduled later, to the unit and the second, and writes nothing.

COUNTINGHOUSE_TEST_ORDERS=10000 sets how many random orders are tried.
"""

import os
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from random import Random
from types import SimpleNamespace

import pytest

from database import Model, db, transaction
from domain import inputs
from domain.payments.checkout import previews
from domain.payments.metered import metered_billing, metered_periods
from domain.payments.schedule import schedules
from domain.sales.orders import orders
from models.product import IntervalUnit
from tests import cast
from tests.cast import actor_for
from tests.domain.payments.orders.test_ordering import move_clock, order, paid, product, rows, rule
from tests.ordered import make_test_clock, reload_order


def everything():
    return {table.name: sorted(map(str, db.session.execute(table.select()))) for table in Model.metadata.sorted_tables}


def count_nothing(actor, key):
    """Bill the period that has ended, in which there was no call."""
    last = rows(key)[-1]
    nothing = SimpleNamespace(count=0, digest="", days={})
    with transaction():
        found = orders.locked(key)
        row = next(one for one in schedules.rows_of(found) if one.id == last.id)
        period = metered_periods.of_row(row)
        metered_billing.bill(actor, row, period, metered_billing.question(period.id), nothing)


def random_terms(dice, start):
    """A billing, and a schedule of it."""
    billing = dice.choice(["single_payment", "instalment", "subscription", "subscription", "metered"])
    if billing == "single_payment":
        return billing, {}
    terms = {"interval_unit": dice.choice(list(IntervalUnit)).value, "interval_count": dice.randint(1, 5)}
    begins = {"start_on": (start + timedelta(days=dice.randint(0, 60))).date().isoformat()}
    if billing == "instalment":
        return billing, terms | {"instalments": dice.randint(1, 12), "initial": dice.randint(0, 30)} | dice.choice([
            {}, begins])
    if billing == "subscription":
        return billing, terms | dice.choice([{}, begins, {"trial_days": dice.randint(1, 60)}])
    return billing, terms


ORDERS = int(os.environ.get("COUNTINGHOUSE_TEST_ORDERS", "40"))


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(ORDERS))
def test_a_preview_equals_what_is_scheduled_later_and_writes_no_row(seed):
    dice = Random(seed)
    start = datetime(2027, 1, 1, 9, 30, tzinfo=UTC) + timedelta(days=dice.randint(0, 700))
    alder = cast.make_merchant("Alder")
    who = actor_for(alder).in_world(test=True)
    billing, terms = random_terms(dice, start)
    tax = dice.choice([0, 7, 19, Decimal("9.975"), 21])
    sold = product(
        alder, billing, Decimal(dice.randint(6_000, 20_000)) / 100, actor=who, tax_id=rule(who, "tax", tax),
        fee_id=rule(who, "fee", 3),
        discount_id=rule(who, "discount", dice.randint(1, 40)),
        discount_for_initial_payment_only=dice.random() < 0.5, fee_for_initial_payment_only=dice.random() < 0.5)
    clock = make_test_clock(alder, start)
    customer = cast.make_customer(alder, "Ada", actor=who)
    body = {"customer_id": customer, "items": [{"product_id": sold}], "test_clock_id": clock, **terms}
    before = everything()
    found = previews.of_new(who, inputs.parse(orders.OrderInput, body))
    db.session.flush()
    assert everything() == before
    key = order(who, customer, sold, test_clock_id=clock, **terms)
    paid(who, key)
    for planned in found.schedule:
        move_clock(clock, planned.due_at)
        if planned.depends_on_use:
            count_nothing(who, key)
        else:
            paid(who, key, planned.sequence)
    first, *later = rows(key)
    assert first.amount_minor == found.due_now_minor
    assert [(row.sequence, row.due_at, row.amount_minor, row.tax_minor) for row in later[:12]] == [
        (one.sequence, one.due_at, one.amount_minor, one.tax_minor) for one in found.schedule]
    assert {one.depends_on_use for one in found.schedule} <= {billing == "metered"}
    whole = reload_order(key)
    if billing == "instalment":
        assert sum(row.amount_minor for row in rows(key)) == whole.total_minor
        assert sum(row.tax_minor for row in rows(key)) == whole.tax_minor
    assert all(0 <= row.tax_minor <= row.amount_minor for row in rows(key))
    assert len(found.schedule) == {"single_payment": 0, "metered": 12, "subscription": 12}.get(
        billing, terms.get("instalments"))
