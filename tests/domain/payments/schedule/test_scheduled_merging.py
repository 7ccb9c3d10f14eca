"""Several scheduled payments of one order become one; what cannot be merged is refused, and nothing is written."""


import pytest

from database import Model, db, transaction
from domain.errors import Conflict, Invalid
from domain.payments.schedule import scheduled_merging, scheduled_status
from domain.payments.schedule.scheduled_listing import LISTING
from domain.payments.schedule.scheduled_merging import MergeInput
from models.money import LIMIT
from models.order import ScheduledStatus
from tests import cast, paying

S = ScheduledStatus


@pytest.fixture
def alder():
    return cast.make_merchant("Alder")


@pytest.fixture
def who(alder):
    return paying.actor_of(alder)


@pytest.fixture
def order(alder):
    """30.00 in three instalments of 10.00 after an initial payment of nothing, approved."""
    return paying.active(alder, billing="instalment", price="30.00", initial=0)


def keys_of(order_id, *sequences):
    return [row.id for row in paying.rows(order_id) if row.sequence in sequences]


def merge(who, *keys):
    with transaction():
        rows = scheduled_merging.chosen(who, MergeInput(ids=list(keys)))
        return scheduled_merging.merge_several(who.for_row(rows[0]), rows).id


def stored():
    db.session.rollback()
    return {table.name: sorted(map(str, db.session.execute(table.select()))) for table in Model.metadata.sorted_tables}


def test_several_become_one_on_the_day_of_the_last_and_the_total_stays(who, order):
    first, second, third = keys_of(order, 1, 2, 3)
    due = paying.rows(order)[3].due_at
    assert merge(who, third, first, second) == third
    assert [(row.status, row.amount_minor, row.merged_into_id) for row in paying.rows(order)[1:]] == [
        (S.MERGED, 1000, third), (S.MERGED, 1000, third), (S.SCHEDULED, 3000, None)]
    assert paying.rows(order)[3].due_at == due
    assert paying.of(order).total_minor == 3000


def test_a_declined_one_and_what_was_paid_of_another_are_merged_into_one_that_waits(who, order):
    first, second, third = keys_of(order, 1, 2, 3)
    with transaction():
        scheduled_status.move(who, LISTING.lock(who, first)[1], S.PROCESSING)
        scheduled_status.move(who, LISTING.lock(who, first)[1], S.HARD_DECLINED)
        LISTING.lock(who, second)[1].paid_minor = 400
    merge(who, first, second, third)
    assert [(str(row.status), row.amount_minor, row.paid_minor) for row in paying.rows(order)[1:]] == [
        ("merged", 1000, 0), ("merged", 1000, 400), ("scheduled", 2600, 0)]


def test_a_preview_computes_the_same_and_writes_nothing(who, order):
    before = stored()
    rows = [LISTING.get(who, key) for key in keys_of(order, 1, 3)]
    found = scheduled_merging.preview(rows)
    assert (found.amount_minor, found.into.sequence, [row.sequence for row in found.ended]) == (2000, 3, [1])
    assert scheduled_merging.told(rows)[0] == f"2 scheduled payments of order {order} become one of 20.00 EUR."
    assert stored() == before


def of_two_orders(alder, order):
    return [*keys_of(order, 1), *keys_of(paying.active(alder, billing="instalment", initial=0), 2)], "different orders"


def with_the_initial_one(alder, order):
    return keys_of(order, 0, 1), "is already complete"


def being_collected(alder, order):
    keys = keys_of(order, 1, 2)
    with transaction():
        who = paying.actor_of(alder)
        scheduled_status.move(who, LISTING.lock(who, keys[0])[1], S.PROCESSING)
    return keys, "is being collected"


def ending_with_a_declined_one(alder, order):
    keys = keys_of(order, 1, 2)
    with transaction():
        who = paying.actor_of(alder)
        scheduled_status.move(who, LISTING.lock(who, keys[1])[1], S.PROCESSING)
        scheduled_status.move(who, LISTING.lock(who, keys[1])[1], S.SOFT_DECLINED)
    return keys, "was declined: choose a later one"


@pytest.mark.parametrize("case", [
    of_two_orders, with_the_initial_one, being_collected, ending_with_a_declined_one], ids=lambda case: case.__name__)
def test_what_cannot_be_merged_is_refused_and_nothing_is_written(alder, who, order, case):
    keys, words = case(alder, order)
    before = stored()
    with pytest.raises(Conflict, match=words):
        merge(who, *keys)
    assert stored() == before


def test_one_payment_or_another_merchants_is_no_input(who, order):
    key = keys_of(order, 1)[0]
    other = keys_of(paying.active(cast.make_merchant("Birch"), billing="instalment", initial=0), 2)[0]
    before = stored()
    for keys, words in (([key, key], "must be 2 to 100 different ids"), ([key, other], "must exist")):
        with pytest.raises(Invalid) as refused:
            merge(who, *keys)
        assert refused.value.fields["ids"].text == words
    assert stored() == before


def test_too_large_a_sum_is_refused(who, order):
    keys = keys_of(order, 1, 2)
    with transaction():
        for key in keys:
            LISTING.lock(who, key)[1].amount_minor = LIMIT - 1
    with pytest.raises(Conflict, match="the sum is too large"):
        merge(who, *keys)
