"""The preview of a change is what is billed later, to the cent and the second, when nothing else changes."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from random import Random

import pytest

from models.product import IntervalUnit
from tests import cast, paying
from tests.domain.payments.orders.test_ordering import move_clock, rule
from tests.domain.payments.plans.test_plan_changes import change, collect_due, plan, preview
from tests.ordered import make_test_clock
from tests.paying import actor_of, charged, of, rows

UNITS = [one.value for one in IntervalUnit]


def random_order(dice, alder, clock):
    """An active subscription with fees, discounts and taxes, in a period of its first ones."""
    who, name = actor_of(alder), str(dice.random())
    with_rules = {
        "tax_id": rule(who, "tax", dice.choice([7, 19, 25])), "fee_id": rule(who, "fee", dice.randint(1, 9)),
        "discount_id": rule(who, "discount", dice.randint(1, 60)),
        "fee_for_initial_payment_only": dice.random() < 0.5, "discount_for_initial_payment_only": dice.random() < 0.5,
    }
    product = plan(alder, Decimal(dice.randint(100, 30000)).scaleb(-2), **with_rules)
    key = paying.make_order(
        alder, clock_id=clock, items=[{"product_id": product, "quantity": dice.randint(1, 5)}], description=name[:20],
        interval_unit=dice.choice(UNITS), interval_count=dice.randint(1, 4),
        **dice.choice([{}, {}, {"trial_days": dice.randint(1, 40)}]))
    paying.pay(key)
    return key, with_rules


def random_change(dice, alder, with_rules, least):
    """Another product, quantity or interval, or several of them."""
    given = {}
    if dice.random() < 0.5:
        given["product_id"] = plan(alder, Decimal(dice.randint(100, 30000)).scaleb(-2), **with_rules)
    if dice.random() < 0.4:
        given |= {"interval_unit": dice.choice(UNITS), "interval_count": dice.randint(1, 4)}
    given["quantity"] = least + dice.randint(0, 3)
    return given | {"when": dice.choice(["now", "now", "period_end"])}


@pytest.mark.parametrize("seed", range(24))
def test_what_was_previewed_is_what_is_billed(seed):
    dice = Random(seed)
    start = datetime(2027, 1, 1, 9, 30, tzinfo=UTC) + timedelta(days=dice.randint(0, 700))
    alder = cast.make_merchant("Alder")
    clock = make_test_clock(alder, start)
    key, with_rules = random_order(dice, alder, clock)
    for _ in range(dice.randint(0, 2)):
        move_clock(clock, rows(key)[-1].due_at)
        collect_due(key)
    end = rows(key)[-1].due_at
    moment = (rows(key)[-2].period_at or start) + (end - rows(key)[-2].period_at) * dice.random()
    move_clock(clock, max(moment, start))
    before = sum(sum(one) for one in charged(key).values())
    for least in (6, 10):                                    # the second one changes what was changed already
        given = random_change(dice, alder, with_rules, least)
        told = preview(alder, key, **given)
        assert change(alder, key, **given) == (told.credit_minor, told.charge_minor, told.due_now_minor)
        now_paid = sum(sum(one) for one in charged(key).values())
        assert now_paid - before == told.due_now_minor
        before = now_paid
    billed = []
    for _ in range(5):
        row = next(one for one in rows(key) if one.sequence == of(key).next_sequence - 1)
        billed.append((row.due_at, row.amount_minor, row.tax_minor))
        move_clock(clock, row.due_at)
        collect_due(key)
    assert [(one.due_at, one.amount_minor, one.tax_minor) for one in told.schedule[:5]] == billed
    assert sum(sum(one) for one in charged(key).values()) - before == sum(amount for _, amount, _ in billed)
