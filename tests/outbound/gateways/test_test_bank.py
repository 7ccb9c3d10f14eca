"""The test bank: it books once for each key, answers only afterwards, and has the faults that it lists."""

import json
from datetime import UTC, datetime, timedelta

import pytest

from domain.payments.gateways import (
    Account,
    Asked,
    ChargeRequest,
    CheckoutRequest,
    GatewayDown,
    NoAnswer,
    Outcome,
    RefundRequest,
    WrongSignature,
)
from models.payment import Decline
from outbound.gateways.test_bank import SIGNATURE, TestBank
from outbound.gateways.test_bank_faults import AMOUNTS, BY_AMOUNT, METHODS, TITLES

MINE = Account(merchant_id=1, test=True)
START = datetime(2026, 1, 31, 12, tzinfo=UTC)
HOUR, DAY = timedelta(hours=1), timedelta(days=1)


@pytest.fixture
def bank(tmp_path):
    bank = TestBank()
    bank.sent = []
    bank.configure(tmp_path / "test_bank.sqlite3", "https://pay.example", lambda *told: bank.sent.append(told))
    return bank


def request(key="k1", token="test_ok", amount=1000, at=START, row=7, **more):
    return ChargeRequest(key=key, order_id=3, scheduled_payment_id=row, amount_minor=amount, currency="EUR",
                         token=token, at=at, **more)


def test_a_key_is_booked_once_however_often_it_is_asked(bank):
    first, second = bank.charge(MINE, request()), bank.charge(MINE, request(amount=9999))
    assert first == second
    assert (first.outcome, first.amount_minor, first.currency) == (Outcome.APPROVED, 1000, "EUR")
    assert [one.key for one in bank.book.charges()] == ["k1"]


@pytest.mark.parametrize("decline", [Decline.SOFT, Decline.HARD])
def test_declines_are_booked_and_say_their_kind(bank, decline):
    answer = bank.charge(MINE, request(token=f"test_{decline}_decline"))
    assert (answer.outcome, answer.decline) == (Outcome.DECLINED, decline)
    assert [one.status for one in bank.book.charges([3])] == ["declined"]


def test_the_first_try_of_each_payment_is_declined_and_the_second_is_not(bank):
    outcomes = [bank.charge(MINE, request(key=str(number), token="test_soft_then_ok", row=row)).outcome
                for number, row in enumerate((1, 1, 2, 2))]
    assert outcomes == ["declined", "approved", "declined", "approved"]


def test_a_lost_answer_is_booked_and_found(bank):
    with pytest.raises(NoAnswer):
        bank.charge(MINE, request(token="test_answer_lost"))
    assert bank.look_up(MINE, "k1", Asked.CHARGE, START).outcome is Outcome.APPROVED
    assert len(bank.book.charges()) == 1


def test_a_lost_request_is_not_found_and_may_be_asked_again_with_its_key(bank):
    with pytest.raises(NoAnswer):
        bank.charge(MINE, request(token="test_request_lost"))
    assert bank.look_up(MINE, "k1", Asked.CHARGE, START).outcome is Outcome.NOT_FOUND
    assert bank.charge(MINE, request(token="test_request_lost")).outcome is Outcome.APPROVED


def test_a_bank_that_is_down_for_an_hour_answers_nothing_until_then(bank):
    for at in (START, START + HOUR / 2):
        with pytest.raises(GatewayDown):
            bank.charge(MINE, request(token="test_down_hour", at=at))
        with pytest.raises(GatewayDown):
            bank.look_up(MINE, "k1", Asked.CHARGE, at)
    assert bank.look_up(MINE, "k1", Asked.CHARGE, START + HOUR).outcome is Outcome.NOT_FOUND
    assert bank.charge(MINE, request(token="test_down_hour", at=START + HOUR)).outcome is Outcome.APPROVED


def test_a_notification_may_come_before_the_answer(bank):
    seen = []
    bank._send = lambda headers, body: seen.append(bank.read_notification(MINE, headers, body))
    answer = bank.charge(MINE, request(token="test_notify_first"))
    assert [(one.key, one.answer) for one in seen] == [("k1", answer)]


def test_a_notification_may_come_three_times_under_one_reference(bank):
    bank.charge(MINE, request(token="test_notify_thrice"))
    assert [bank.send_due(START) for _ in range(4)] == [1, 1, 1, 0]
    assert len({json.loads(body)["id"] for _, body in bank.sent}) == 1


def test_a_notification_may_come_a_day_late(bank):
    bank.charge(MINE, request(token="test_notify_late"))
    assert [bank.send_due(at) for at in (START, START + DAY - HOUR, START + DAY)] == [0, 0, 1]


def test_notifications_of_a_test_clock_wait_for_that_clock(bank):
    bank.charge(MINE, request(token="test_notify_late", test_clock_id=5))
    assert bank.send_due(START + 9 * DAY) == 0
    assert bank.book.next_due(5) == START + DAY
    assert bank.send_due(START + DAY, 5) == 1


def test_a_dispute_comes_after_five_days(bank):
    bank.charge(MINE, request(token=BY_AMOUNT, amount=1060))
    assert bank.send_due(START + 5 * DAY) == 1
    told = bank.read_notification(MINE, *bank.sent[0])
    assert (told.key, told.dispute.amount_minor, told.answer) == ("k1", 1060, None)


def test_a_hundred_times_the_amount_is_reported_and_not_booked(bank):
    assert bank.charge(MINE, request(token=BY_AMOUNT, amount=1062)).amount_minor == 106200
    assert bank.book.charges()[0].amount_minor == 1062


def test_an_extra_step_waits_for_the_customer_and_not_longer_than_a_day(bank):
    for key in ("k1", "k2", "k3"):
        assert bank.charge(MINE, request(key=key, token="test_requires_action")).outcome is Outcome.REQUIRES_ACTION
    assert bank.book.charges() == []
    token = {key: bank.book.charge(key=key).token for key in ("k1", "k2")}
    bank.confirm(token["k1"], approve=True, at=START)
    bank.confirm(token["k2"], approve=False, at=START)
    assert [bank.look_up(MINE, key, Asked.CHARGE, START + DAY).outcome for key in ("k1", "k2", "k3")] == [
        "approved", "declined", "declined"]
    assert len(bank.sent) == 2


def test_refunds_are_booked_once_and_never_exceed_the_charge(bank):
    bank.charge(MINE, request())

    def refund(key, amount):
        return bank.refund(MINE, RefundRequest(key=key, charge_key="k1", charge_reference=None, amount_minor=amount,
                                               currency="EUR", at=START)).outcome

    assert [refund("r1", 400), refund("r1", 400), refund("r2", 601), refund("r3", 600)] == [
        "approved", "approved", "declined", "approved"]
    assert bank.book.charges()[0].refunded_minor == 1000
    assert bank.look_up(MINE, "r2", Asked.REFUND, START).outcome is Outcome.DECLINED
    assert bank.look_up(MINE, "r9", Asked.REFUND, START).outcome is Outcome.NOT_FOUND


def test_a_refund_may_fail(bank):
    bank.charge(MINE, request(token=BY_AMOUNT, amount=1059))
    asked = RefundRequest(key="r1", charge_key="k1", charge_reference=None, amount_minor=1, currency="EUR", at=START)
    assert bank.refund(MINE, asked).outcome is Outcome.DECLINED
    assert bank.book.charges()[0].refunded_minor == 0


def test_a_checkout_charges_with_the_method_that_was_chosen_until_it_ends(bank):
    asked = CheckoutRequest(key="c1", order_id=3, scheduled_payment_id=7, amount_minor=1000, currency="EUR", at=START,
                            until=START + HOUR, return_url="/back", cancel_url="/stop")
    page = bank.start_checkout(MINE, asked)
    assert page == bank.start_checkout(MINE, asked)
    address, _, token = page.url.rpartition("/")
    assert (address, page.reference) == ("https://pay.example/pay/test", None)
    assert bank.look_up(MINE, "c1", Asked.CHARGE, START).outcome is Outcome.REQUIRES_ACTION
    assert bank.look_up(MINE, "c1", Asked.CHARGE, START + HOUR).outcome is Outcome.ABANDONED
    answer = bank.pay(token, "test_ok", START)
    assert (answer.outcome, answer.method_token) == (Outcome.APPROVED, "test_ok")
    assert bank.look_up(MINE, "c1", Asked.CHARGE, START + HOUR) == answer


def test_a_notification_that_the_bank_did_not_sign_is_refused(bank):
    bank.charge(MINE, request())
    bank.notify(1)
    (headers, body), = bank.sent
    for wrong in ({}, {SIGNATURE: ""}, {SIGNATURE: "0" * 64}, {SIGNATURE: "ä"}):
        with pytest.raises(WrongSignature):
            bank.read_notification(MINE, wrong, body)
    with pytest.raises(WrongSignature):
        bank.read_notification(MINE, headers, body.replace(b"1", b"2"))
    assert bank.notify(99) is False


def test_every_method_and_amount_has_its_fault_and_its_name():
    assert {*METHODS, BY_AMOUNT} == TITLES.keys()
    assert set(AMOUNTS) == set(range(51, 64))


def test_a_method_that_does_not_exist_is_declined_and_not_booked(bank):
    assert bank.charge(MINE, request(token="tok_other")).decline is Decline.HARD
    assert bank.book.charges() == []
