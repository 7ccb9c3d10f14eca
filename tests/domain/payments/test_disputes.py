"""Disputes are decided once, by a gateway or by a person; a gateway's later word replaces a person's."""

from datetime import timedelta

import pytest

from database import db, transaction
from domain import clock
from domain.errors import Conflict
from domain.payments import disputes, locking
from domain.payments.collecting import gateway_notifications
from domain.payments.gateways import DisputeNotice
from models.payment import Dispute, DisputeStatus
from tests import cast, excepted
from tests.paying import SYSTEM


@pytest.fixture
def who():
    return cast.actor_for(cast.make_merchant("Alder"))


def do(who, key, verb):
    with transaction():
        own, row = disputes.LISTING.lock(who, key)
        verb(own, row)
    return db.session.get(Dispute, key)


def test_a_decision_is_recorded_once_and_taken_back(who):
    key = excepted.make_dispute(who)
    with pytest.raises(Conflict, match="is open"):
        do(who, key, disputes.reopen)
    won = do(who, key, disputes.win)
    assert (won.status, won.closed_at is not None) == (DisputeStatus.WON, True)
    for verb in (disputes.win, disputes.lose):
        with pytest.raises(Conflict, match="is already won"):
            do(who, key, verb)
    again = do(who, key, disputes.reopen)
    assert (again.status, again.closed_at) == (DisputeStatus.OPEN, None)


def test_a_gateway_says_until_when_to_answer_and_has_the_last_word(who):
    payment_id, due = excepted.make_payment(who), clock.now() + timedelta(days=9)
    for status in (DisputeStatus.OPEN, DisputeStatus.LOST):
        notice = DisputeNotice(
            reference="dp_1", amount_minor=1000, currency="EUR", status=status, answer_due_at=due)
        with transaction():
            payment = locking.lock_payment(payment_id)[2]
            gateway_notifications.dispute(SYSTEM, payment, notice, opened_at=clock.now())
        dispute = db.session.query(Dispute).one()
        assert (dispute.status, dispute.answer_due_at) == (status, due)
        if status is DisputeStatus.OPEN:
            do(who, dispute.id, disputes.win)
