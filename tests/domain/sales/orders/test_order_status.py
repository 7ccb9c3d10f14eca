"""Every arrow of the status of orders is walked, and every other step refused."""

from datetime import UTC, datetime
from itertools import product

import pytest

from database import db, transaction
from domain import clock
from domain.errors import Conflict
from domain.sales.orders.order_clock import now_of
from domain.sales.orders.order_status import ARROWS, FINAL, LIVE, ONLY_FOR, PRELIMINARY, move
from models.audit import AuditEntry
from models.order import OrderStatus
from models.product import Billing
from tests import cast
from tests.cast import actor_for
from tests.ordered import make_order, make_test_clock, reload_order

STEPS = [(old, new) for old, new in product(OrderStatus, repeat=2) if old is not new]
WALKED = [step for step in STEPS if step[1] in ARROWS[step[0]]]


@pytest.fixture
def merchant():
    return cast.make_merchant("Alder")


@pytest.mark.parametrize(("old", "new"), WALKED)
def test_a_change_of_status_sets_its_times_and_an_audit_entry(merchant, old, new):
    key = make_order(merchant, status=old, billing=ONLY_FOR.get(new, Billing.SUBSCRIPTION))
    with transaction():
        move(actor_for(merchant), reload_order(key), new)
    order = reload_order(key)
    assert order.status is new
    assert (order.ended_at is not None) == (new in FINAL)
    assert (order.paused_at is not None) == (new is OrderStatus.PAUSED)
    assert (order.activated_at is not None) == (new is OrderStatus.ACTIVE)
    entry = db.session.query(AuditEntry).filter_by(object_type="order", object_id=key).one()
    assert (entry.before["status"], entry.after["status"]) == (old, new)


@pytest.mark.parametrize(("old", "new"), [step for step in STEPS if step not in WALKED])
def test_a_step_that_the_status_does_not_allow_is_refused_and_changes_nothing(merchant, old, new):
    key = make_order(merchant, status=old, billing=ONLY_FOR.get(new, Billing.SUBSCRIPTION))
    with pytest.raises(Conflict) as refusal, transaction():
        move(actor_for(merchant), reload_order(key), new)
    assert refusal.value.fields["status"].text == f"is {old} and cannot become {new}"
    assert (reload_order(key).status, reload_order(key).version) == (old, 1)


@pytest.mark.parametrize(("status", "only"), ONLY_FOR.items())
@pytest.mark.parametrize("billing", Billing)
def test_only_subscriptions_pause_and_only_instalments_are_reviewed(merchant, status, only, billing):
    key = make_order(merchant, status=OrderStatus.ACTIVE, billing=billing)
    if billing is only:
        with transaction():
            assert move(actor_for(merchant), reload_order(key), status).status is status
        return
    with pytest.raises(Conflict), transaction():
        move(actor_for(merchant), reload_order(key), status)


def test_the_same_status_again_changes_nothing(merchant):
    key = make_order(merchant, status=OrderStatus.ACTIVE)
    with transaction():
        move(actor_for(merchant), reload_order(key), OrderStatus.ACTIVE)
    assert reload_order(key).version == 1


def test_every_status_is_preliminary_or_live_or_final():
    assert PRELIMINARY | LIVE | FINAL == set(OrderStatus) == set(ARROWS)
    assert all(not ARROWS[status] for status in FINAL)


def test_an_order_on_a_test_clock_has_its_time(merchant):
    then = datetime(2030, 1, 31, 9, tzinfo=UTC)
    key = make_order(merchant, test_clock_id=make_test_clock(merchant, then))
    assert now_of(reload_order(key)) == then
    with transaction():
        move(actor_for(merchant), reload_order(key), OrderStatus.ACTIVE)
    assert reload_order(key).activated_at == then
    before = clock.now()
    assert before <= now_of(reload_order(make_order(merchant))) <= clock.now()
