"""Metered orders: calls are counted once when their period has ended, and can be counted again and compared."""

import hashlib
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from fractions import Fraction

import pytest
import time_machine
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import select

from analytics.log.spool import Spool
from analytics.metering.call_counter import CallCounter
from analytics.rollups import rollup
from analytics.rollups.periods import micros
from analytics.store import shapes
from database import db, transaction
from domain import inputs
from domain.catalog import pricing, products
from domain.catalog.metered_prices import price_minor
from domain.errors import Conflict, Invalid
from domain.payments import paying
from domain.payments.metered import metered_billing
from domain.payments.metered.metered_log import Question, call_log
from domain.payments.orders import ordering
from domain.payments.schedule import scheduled, scheduled_merging
from domain.sales.orders.orders import OrderInput
from models.credential import Credential, CredentialKind, Mode
from models.metered import MeteredPeriod, Terms, Tier
from models.product import MeteredScheme
from outbound.payments import collecting, metering
from tests import cast
from tests.analytics.log_samples import record
from tests.outbound.payments.test_advancing import advance, make_clock
from tests.paying import START, actor_of, change, charged, of, pay, rows

FLAT, GRADUATED, VOLUME, PER_UNIT = (
    MeteredScheme.FLAT, MeteredScheme.GRADUATED, MeteredScheme.VOLUME, MeteredScheme.PER_UNIT)
EXAMPLE = [
    Tier(up_to=1000, unit_price_micro=10_000, flat_minor=500), Tier(up_to=5000, unit_price_micro=5_000),
    Tier(up_to=None, unit_price_micro=1_250, flat_minor=2000),
]


@pytest.mark.parametrize(("scheme", "tiers", "count", "expected"), [
    (GRADUATED, EXAMPLE, 0, 0),
    (GRADUATED, EXAMPLE, 1, 501),
    (GRADUATED, EXAMPLE, 1000, 1500),
    (GRADUATED, EXAMPLE, 1001, 1501),                        # 0.005 is half a cent: up
    (GRADUATED, EXAMPLE, 6000, 500 + 1000 + 2000 + 2000 + 125),
    (VOLUME, EXAMPLE, 1000, 1500),
    (VOLUME, EXAMPLE, 1001, 501),
    (VOLUME, EXAMPLE, 6000, 2000 + 750),
    (FLAT, EXAMPLE, 1, 500),
    (FLAT, EXAMPLE, 1000, 500),
    (FLAT, EXAMPLE, 1001, 0),
    (FLAT, EXAMPLE, 10**9, 2000),
    (PER_UNIT, [Tier(up_to=None, unit_price_micro=1)], 4_999, 0),
    (PER_UNIT, [Tier(up_to=None, unit_price_micro=1)], 5_000, 1),
])
def test_each_scheme_prices_calls_in_its_way(scheme, tiers, count, expected):
    assert price_minor(Terms(scheme=scheme, tiers=tiers), count, "EUR") == expected


def test_a_ceiling_ends_what_calls_cost():
    terms = Terms(scheme=GRADUATED, tiers=EXAMPLE, ceiling_minor=1600)
    assert [price_minor(terms, count, "EUR") for count in (1000, 1200, 10**12)] == [1500, 1600, 1600]


@pytest.mark.parametrize(("currency", "expected"), [("JPY", 3), ("EUR", 250), ("KWD", 2500), ("CLF", 25_000)])
def test_currencies_have_their_own_decimals(currency, expected):
    terms = Terms(scheme=PER_UNIT, tiers=[Tier(up_to=None, unit_price_micro=2_500)])
    assert price_minor(terms, 1000, currency) == expected


TIERS = st.lists(
    st.tuples(st.integers(1, 400), st.integers(0, 3_000_000), st.integers(0, 10_000)), min_size=1, max_size=5)


@settings(max_examples=300, deadline=None, database=None, suppress_health_check=list(HealthCheck))
@given(st.sampled_from([FLAT, GRADUATED, VOLUME]), TIERS, st.integers(0, 2500))
def test_prices_are_those_of_a_count_call_by_call(scheme, parts, count):
    edges = [sum(width for width, _, _ in parts[: place + 1]) for place in range(len(parts))]
    tiers = [
        Tier(up_to=None if place == len(parts) - 1 else edges[place], unit_price_micro=price, flat_minor=flat)
        for place, (_, price, flat) in enumerate(parts)
    ]

    def tier_of(call):                                       # the tier of the n-th call, one by one
        return next(one for one in tiers if one.up_to is None or call <= one.up_to)

    calls = [tier_of(number) for number in range(1, count + 1)]
    exact = Fraction(0)
    if calls and scheme is GRADUATED:
        exact = sum((Fraction(one.unit_price_micro, 10_000) for one in calls), Fraction(0))
        exact += sum(one.flat_minor for one in tiers if one in calls)
    elif calls and scheme is VOLUME:
        exact = Fraction(calls[-1].unit_price_micro, 10_000) * count + calls[-1].flat_minor
    elif calls:
        exact = Fraction(calls[-1].flat_minor)
    assert price_minor(Terms(scheme=scheme, tiers=tiers), count, "EUR") == (2 * exact + 1) // 2


# Products ------------------------------------------------------------------------------------------


@pytest.fixture
def merchant():
    return cast.make_merchant()


TIERED = {
    "billing": "metered", "metered_scheme": "graduated", "metered_ceiling": Decimal(100),
    "metered_tiers": [{"up_to": 1000, "unit_price": Decimal("0.01"), "flat_amount": 5},
                      {"unit_price": Decimal("0.005")}],
}


def read_product(merchant, key):
    return products.LISTING.read(actor_of(merchant, test=False), key).row


def test_a_metered_product_has_tiers(merchant):
    key = cast.make_product(merchant, **TIERED)
    row = read_product(merchant, key)
    assert (row.metered_scheme, row.metered_ceiling_minor) == (GRADUATED, 10_000)
    assert row.metered_tiers == [
        {"up_to": 1000, "unit_price_micro": 10_000, "flat_minor": 500},
        {"up_to": None, "unit_price_micro": 5_000, "flat_minor": 0},
    ]


@pytest.mark.parametrize(("more", "expected"), [
    ({"billing": "subscription"}, dict.fromkeys(
        ("metered_scheme", "metered_tiers", "metered_ceiling"), "does not apply to a subscription product")),
    ({"metered_tiers": []}, {"metered_tiers": "can't be blank"}),
    ({"metered_scheme": None}, {"metered_tiers": "do not apply to the scheme per_unit"}),
    ({"metered_tiers": [{"up_to": 5}]}, {"metered_tiers.0.up_to": "must be empty in the last tier"}),
    ({"metered_tiers": [{}, {}]}, {"metered_tiers.0.up_to": "is required in all tiers but the last"}),
    ({"metered_tiers": [{"up_to": 5}, {"up_to": 5}, {}]}, {
        "metered_tiers.1.up_to": "must be more than in the tier before"}),
    ({"metered_tiers": [{"flat_amount": Decimal("0.001")}]}, {
        "metered_tiers.0.flat_amount": "has more than 2 decimals"}),
    ({"metered_scheme": "flat"}, {
        f"metered_tiers.{place}.unit_price": "does not apply to the scheme flat" for place in (0, 1)}),
])
def test_tiers_that_do_not_fit_are_refused_by_their_place(merchant, more, expected):
    with pytest.raises(Invalid) as refused:
        cast.make_product(merchant, **TIERED | more)
    assert {name: problem.text for name, problem in refused.value.fields.items()} == expected



def change_product(merchant, key, **more):
    actor = actor_of(merchant, test=False)
    with transaction():
        product = products.LISTING.get(actor, key, lock=True)
        products.update(actor, product, inputs.changes(products.ProductInput, more))
    return read_product(merchant, key)


def test_a_change_keeps_the_tiers_that_nobody_sent(merchant):
    key = cast.make_product(merchant, **TIERED)
    before = read_product(merchant, key).metered_tiers
    row = change_product(merchant, key, metered_scheme="volume", name="Calls")
    assert (row.metered_scheme, row.metered_tiers) == (VOLUME, before)
    row = change_product(merchant, key, metered_scheme=None, metered_tiers=[])
    assert (row.metered_scheme, row.metered_tiers) == (None, [])


def test_a_change_of_currency_asks_for_all_amounts_again(merchant):
    key = cast.make_product(merchant, **TIERED)
    with pytest.raises(Invalid) as refused:
        change_product(merchant, key, currency="USD", price=1)
    assert set(refused.value.fields) == {"metered_ceiling", "metered_tiers"}


# Orders --------------------------------------------------------------------------------------------

DAY = timedelta(days=1)


@pytest.fixture
def key_id(merchant):
    return cast.make_key(merchant, mode="test")[0]


def log_calls(merchant, *calls, **more):
    """Note requests in the request log: each (moment, number) and the shape of all of them."""
    with transaction("log") as session:
        batch = rollup.begin(session.connection(), db.engines["log"])
        for moment, number in calls:
            for place in range(number):
                batch.add(record(micros(moment) + place, merchant_id=merchant, **{"mode": "test"} | more))
        rollup.store(session.connection(), batch)


def metered(merchant, key_ids=(), clock_id=None, *, product=None, test=True, **calls):
    """The id of a metered order of the test world that was approved."""
    actor = actor_of(merchant, test=test)
    product = cast.make_product(merchant, actor=actor, **{
        "price": Decimal("0.5"), "billing": "metered", **(product or {})})
    sent = {
        "customer_id": cast.make_customer(merchant, actor=actor), "test_clock_id": clock_id, "interval_unit": "MONTH",
        "items": [{"product_id": product, "calls": {"key_ids": list(key_ids), **calls}}],
    }
    with transaction():
        order_id = ordering.create(actor, inputs.parse(OrderInput, sent)).id
    pay(order_id)
    return order_id


def periods(order_id):
    of(order_id)
    statement = select(MeteredPeriod).where(MeteredPeriod.order_id == order_id).order_by(MeteredPeriod.id)
    return list(db.session.scalars(statement))


def amounts(order_id):
    return [(one.sequence, one.amount_minor, one.status.value) for one in rows(order_id)]


@pytest.fixture
def clock_id(merchant):
    return make_clock(merchant)


def test_a_period_is_counted_when_it_has_ended_and_paid_at_once(merchant, key_id, clock_id):
    order_id = metered(merchant, [key_id], clock_id)
    assert amounts(order_id) == [(0, 0, "complete"), (1, 0, "scheduled")]
    first = periods(order_id)[0]
    assert (first.from_at, first.until_at, first.counted_at) == (START, START + 28 * DAY, None)
    log_calls(merchant, (START - DAY, 5), (START, 2), (START + 3 * DAY, 10), (first.until_at - DAY / 96, 1),
              (first.until_at, 7), key_id=key_id)
    advance(clock_id, first.until_at - timedelta(seconds=1))
    assert rows(order_id)[1].awaits_count
    advance(clock_id, first.until_at)
    assert amounts(order_id) == [(0, 0, "complete"), (1, 650, "complete"), (2, 0, "scheduled")]
    assert charged(order_id) == {rows(order_id)[1].id: [650]}
    first, second = periods(order_id)
    assert (first.count, first.counted_at, first.price_minor) == (13, first.until_at, 650)
    assert first.days == {"2026-01-31": 2, "2026-02-03": 10, "2026-02-28": 1}
    assert (second.from_at, second.until_at) == (first.until_at, datetime(2026, 3, 31, 12, tzinfo=UTC))


def test_the_digest_is_that_of_the_documented_lines(merchant, key_id, clock_id):
    order_id = metered(merchant, [key_id], clock_id)
    log_calls(merchant, (START, 2), (START + DAY, 3), key_id=key_id)
    advance(clock_id, START + 28 * DAY)
    with db.engines["log"].connect() as connection:
        shape = connection.scalar(select(shapes.c.digest).where(shapes.c.grain == 0, shapes.c.key_id == key_id))
    at = int(START.timestamp()) // 60
    text = f"{at} 60 {shape} 2\n{at + 720} 1440 {shape} 3\n"
    assert periods(order_id)[0].digest == hashlib.sha256(text.encode()).hexdigest()


def test_a_period_without_calls_is_closed_without_a_charge(merchant, key_id, clock_id):
    order_id = metered(merchant, [key_id], clock_id, product=TIERED)
    advance(clock_id, START + 28 * DAY)
    assert amounts(order_id)[1] == (1, 0, "complete")
    assert charged(order_id) == {}
    assert periods(order_id)[0].count == 0


def test_only_the_calls_of_the_filter_count(merchant, key_id, clock_id):
    order_id = metered(
        merchant, [key_id], clock_id, contracts=["public"], endpoints=["/v1/api/public/products"], methods=["POST"],
        status_classes=[2], sources=["api", "import:old"],
    )
    counted = {"key_id": key_id, "endpoint": "/v1/api/public/products", "method": "POST"}
    log_calls(merchant, (START, 3), **counted)
    log_calls(merchant, (START, 4), **counted | {"source": "import:old"})
    other = cast.make_key(merchant, mode="test")[0]
    for more in ({"key_id": other}, {"contract": "core"}, {"endpoint": "/v1/api/public/customers"}, {"method": "GET"},
                 {"status": 404}, {"source": "try-it"}, {"mode": "live"}):
        log_calls(merchant, (START, 11), **counted | more)
    log_calls(cast.make_merchant("Birch"), (START, 11), **counted)
    advance(clock_id, START + 28 * DAY)
    assert periods(order_id)[0].count == 7


def test_without_keys_the_calls_of_the_customer_count(merchant, key_id, clock_id):
    order_id = metered(merchant, (), clock_id)
    with transaction():
        token = Credential(
            kind=CredentialKind.CLIENT, mode=Mode.TEST, customer_id=of(order_id).customer_id, name="Token", prefix="x",
            last_four="abcd", digest="d" * 64, created_at=START, updated_at=START, revoked_at=START,
        )
        db.session.add(token)
        db.session.flush()
        token_id = token.id
    log_calls(merchant, (START, 4), key_id=token_id)
    log_calls(merchant, (START, 9), key_id=key_id)
    advance(clock_id, START + 28 * DAY)
    assert periods(order_id)[0].count == 4
    assert periods(order_id)[0].question["key_ids"] == [token_id]


def test_discount_fee_and_tax_are_of_what_the_calls_cost(merchant, key_id, clock_id):
    actor = actor_of(merchant)
    with transaction():
        rules = {
            f"{kind}_id": pricing.create_rule(actor, inputs.parse(pricing.PriceRuleInput, {
                "name": kind, "kind": kind, "percentage": percentage})).id
            for kind, percentage in (("tax", 25), ("discount", 10), ("fee", 2))
        }
    order_id = metered(merchant, [key_id], clock_id, product={**rules, "deposit": 3})
    log_calls(merchant, (START, 33), key_id=key_id)
    advance(clock_id, START + 28 * DAY)
    row, period = rows(order_id)[1], periods(order_id)[0]
    assert (period.price_minor, period.discount_minor, period.fee_minor) == (1650, 165, 33)
    assert (row.amount_minor, row.tax_minor) == (1650 - 165 + 33, 297)


def test_one_step_of_a_year_and_many_steps_give_the_same_periods(merchant, key_id):
    found = []
    for step in (365 * DAY, 5 * DAY):
        clock_id = make_clock(merchant)
        order_id = metered(merchant, [key_id], clock_id)
        if not found:
            log_calls(merchant, *((START + number * 9 * DAY, number) for number in range(40)), key_id=key_id)
        for number in range(1, 365 * DAY // step + 1):
            advance(clock_id, START + number * step)
        found.append([
            (one.from_at, one.until_at, one.counted_at, one.count, one.digest, one.days, one.price_minor)
            for one in periods(order_id)
        ] + amounts(order_id))
    assert found[0] == found[1]
    assert len(found[0]) == 13 + 14          # twelve periods and the one that has begun; the first payment too
    assert sum(one[1] for one in found[0][13:]) == 50 * sum(range(40))       # the last is of 17 January


# In real time --------------------------------------------------------------------------------------


class Log:
    """A request log that has been read when it is told so."""

    complete = False

    def is_complete(self):
        return self.complete

    def count(self, question):
        return CallCounter.count(None, question)


@pytest.fixture
def log(monkeypatch):
    log = Log()
    monkeypatch.setattr(call_log, "_counter", log)
    return log


def test_a_period_waits_until_the_log_of_it_is_complete(merchant, key_id, log):
    with time_machine.travel(START, tick=False):
        order_id = metered(merchant, [key_id])
    log_calls(merchant, (START + DAY, 6), key_id=key_id)
    end = START + 28 * DAY
    with time_machine.travel(end + metered_billing.LATE - timedelta(seconds=1), tick=False):
        log.complete = True
        assert not metering.count_due()
        assert rows(order_id)[1].awaits_count
    with time_machine.travel(end + metered_billing.LATE, tick=False):
        log.complete = False
        metering.count_due()
        assert rows(order_id)[1].awaits_count
        log.complete = True
        metering.count_due()
        row = rows(order_id)[1]
        assert (row.awaits_count, row.amount_minor, row.collect_at) == (False, 300, end)
        collecting.Collector().round()
        assert charged(order_id) == {row.id: [300]}
        log_calls(merchant, (START + DAY, 50), key_id=key_id)
        metering.count_due()
        assert (rows(order_id)[1].amount_minor, len(periods(order_id))) == (300, 2)


def test_the_log_is_complete_once_its_spools_are_read(tmp_path, merchant, key_id):
    counter, spool = CallCounter(tmp_path), Spool(tmp_path)
    spool.append(record(micros(START), merchant_id=merchant, key_id=key_id, mode="test"))
    asked = Question(
        merchant_id=merchant, test=True, from_at=START, until_at=START + DAY, key_ids=[key_id], contracts=[],
        endpoints=[], methods=[], status_classes=[], sources=[],
    )
    assert counter.count(asked).count == 0
    assert counter.is_complete()
    assert counter.count(asked).count == 1
    spool.close()


def test_what_the_log_keeps_no_more_is_left_to_a_person(merchant, key_id, log):
    log.complete = True
    with time_machine.travel(START, tick=False):
        order_id = metered(merchant, [key_id])
    with time_machine.travel(START + 5000 * DAY, tick=False):
        metering.count_due()
        assert amounts(order_id)[1] == (1, 0, "review")
        assert periods(order_id)[0].count is None


def test_an_amount_beyond_all_limits_is_left_to_a_person(merchant, key_id, clock_id):
    order_id = metered(merchant, [key_id], clock_id, product={
        "metered_scheme": "volume",
        "metered_tiers": [{"unit_price": 10**9, "flat_amount": 10**9}],
    })
    with transaction("log") as session:
        batch = rollup.begin(session.connection(), db.engines["log"])
        batch.add(record(micros(START), merchant_id=merchant, key_id=key_id, mode="test"))
        next(iter(batch.cells.values()))[0] = 10**9
        rollup.store(session.connection(), batch)
    advance(clock_id, START + 28 * DAY)
    assert amounts(order_id)[1] == (1, 0, "review")
    assert periods(order_id)[0].count == 10**9


def test_a_key_of_the_other_world_or_of_another_merchant_is_refused(merchant):
    foreign = cast.make_key(cast.make_merchant("Birch"))[0]
    live = cast.make_key(merchant)[0]
    test = cast.make_key(merchant, mode="test")[0]
    with pytest.raises(Invalid) as refused:
        metered(merchant, [live, test, foreign])
    assert {name: problem.text for name, problem in refused.value.fields.items()} == {
        "items.0.calls.key_ids": "must exist"}
    with pytest.raises(Invalid) as refused:
        metered(merchant, [live, test], test=False)
    assert {name: problem.text for name, problem in refused.value.fields.items()} == {
        "items.0.calls.key_ids": "must exist"}


def test_what_waits_for_its_count_is_not_executed_changed_or_merged(merchant, key_id, clock_id):
    order_id = metered(merchant, [key_id], clock_id)
    actor = actor_of(merchant)
    for run in (
        lambda row: paying.execute(actor, row), lambda row: scheduled_merging.merge(actor, row),
        lambda row: scheduled.update(actor, row, {"amount": Decimal(5)}),
    ):
        with transaction(), pytest.raises((Conflict, Invalid)) as refused:
            run(scheduled.LISTING.get(actor, rows(order_id)[1].id, lock=True))
        said = [str(refused.value), *map(str, refused.value.fields.values())]
        assert any("depends on use" in one for one in said)


def test_a_skipped_period_is_not_billed_and_the_next_one_follows(merchant, key_id, clock_id):
    order_id = metered(merchant, [key_id], clock_id)
    log_calls(merchant, (START, 4), (START + 40 * DAY, 2), key_id=key_id)
    actor = actor_of(merchant)
    with transaction():
        scheduled.skip(actor, scheduled.LISTING.get(actor, rows(order_id)[1].id, lock=True))
    assert amounts(order_id)[1:] == [(1, 0, "skipped"), (2, 0, "scheduled")]
    advance(clock_id, datetime(2026, 3, 31, 12, tzinfo=UTC))
    assert amounts(order_id)[1:3] == [(1, 0, "skipped"), (2, 100, "complete")]


def test_a_declined_period_does_not_stop_the_counting(merchant, key_id, clock_id):
    order_id = metered(merchant, [key_id], clock_id)
    change(order_id, "test_hard_decline")
    log_calls(merchant, (START, 4), (START + 40 * DAY, 2), key_id=key_id)
    advance(clock_id, datetime(2026, 3, 31, 12, tzinfo=UTC))
    assert amounts(order_id)[1:] == [(1, 200, "hard-declined"), (2, 100, "scheduled"), (3, 0, "scheduled")]
    change(order_id, "test_ok")
    assert [one.collect_at is None for one in rows(order_id)[1:]] == [True, False, True]
