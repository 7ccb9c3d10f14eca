"""Every arrow of the status of scheduled payments is walked, and every other step refused."""

from itertools import product

import pytest

from database import transaction
from domain.errors import Conflict
from domain.payments.schedule import scheduled_status
from domain.payments.schedule.scheduled_status import ARROWS, EDITABLE, move, must_be_editable
from models.order import ScheduledStatus
from tests import cast
from tests.cast import actor_for
from tests.ordered import make_row, reload_row

STEPS = [(old, new) for old, new in product(ScheduledStatus, repeat=2) if old is not new]


@pytest.fixture
def merchant():
    return cast.make_merchant("Alder")


@pytest.mark.parametrize(("old", "new"), [step for step in STEPS if step[1] in ARROWS[step[0]]])
def test_a_change_of_status_keeps_a_day_only_where_the_worker_collects(merchant, old, new):
    row = make_row(merchant, status=old, collected=True)
    with transaction():
        move(actor_for(merchant), reload_row(row), new)
    after = reload_row(row)
    assert after.status is new
    assert (after.collect_at is not None) == (new in scheduled_status.COLLECTED)
    assert after.version == 2


@pytest.mark.parametrize(("old", "new"), [step for step in STEPS if step[1] not in ARROWS[step[0]]])
def test_a_step_that_the_status_does_not_allow_is_refused_and_changes_nothing(merchant, old, new):
    row = make_row(merchant, status=old)
    with pytest.raises(Conflict) as refusal, transaction():
        move(actor_for(merchant), reload_row(row), new)
    assert refusal.value.fields["status"].text == f"is {old} and cannot become {new}"
    assert (reload_row(row).status, reload_row(row).version) == (old, 1)


@pytest.mark.parametrize("status", ScheduledStatus)
def test_only_what_waits_or_was_declined_can_be_edited(merchant, status):
    row = reload_row(make_row(merchant, status=status))
    if status in EDITABLE:
        must_be_editable(row)
        return
    with pytest.raises(Conflict) as refusal:
        must_be_editable(row)
    words = "is being collected" if status is ScheduledStatus.PROCESSING else f"is already {status}"
    assert refusal.value.fields["status"].text == words
