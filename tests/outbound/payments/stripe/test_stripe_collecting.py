"""What is due is collected once by Stripe, on its day, whatever Stripe answers or does not answer."""

from datetime import timedelta

import pytest

from database import db, transaction
from domain.payments import gateway_accounts, refunds
from domain.payments.checkout import checkout_states
from domain.payments.locking import lock_payment
from domain.sales.orders import orders, payment_links
from models.order import OrderStatus, ScheduledPayment
from models.outbox import Task
from models.payment import PaymentStatus, RefundStatus
from outbound.gateways.stripe_gateway import stripe_gateway
from outbound.payments import refunding
from tests.ordered import make_test_clock
from tests.paying import START, actor_of, collect_due, make_order, of, payments, rows, statuses
from tests.stripe_paying import active, come_back, deliver, enter_keys, impatient, pay, start
from tests.stripe_stand_in import OTHER_KEY

pytestmark = pytest.mark.usefixtures("at")
MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)
DUE = START + 28 * DAY


def test_the_first_payment_is_made_on_the_hosted_page_and_the_next_ones_from_its_card(merchant, stand_in, at):
    order_id, _ = active(stand_in, merchant)
    assert (of(order_id).status, of(order_id).payment_method.label) == (OrderStatus.ACTIVE, "Visa ending in 4242")
    for day in range(0, 62):
        at(START + day * DAY)
        collect_due()
    assert statuses(order_id) == ["complete"] * 3 + ["scheduled"]
    assert list(stand_in.taken().values()) == [[1000]] * 3
    assert all(one.reference.startswith("pi_") for one in payments(order_id))


def test_the_customer_who_does_not_come_back_is_found_by_the_notification(merchant, stand_in):
    order_id = make_order(merchant)
    stand_in.pay_page(start(order_id), "pay")
    assert deliver(stand_in, merchant) == [True, True]
    assert of(order_id).status is OrderStatus.ACTIVE
    assert of(order_id).payment_method.label == "Visa ending in 4242"


def test_without_notifications_the_checkout_is_looked_up_when_its_time_is_over(merchant, stand_in, at):
    order_id = make_order(merchant)
    stand_in.pay_page(start(order_id), "pay")
    at(START + 27 * MINUTE)
    collect_due()
    assert of(order_id).status is OrderStatus.ACTIVE


def test_a_checkout_that_is_left_open_ends_and_another_one_can_be_paid(merchant, stand_in, at):
    order_id = make_order(merchant)
    first = start(order_id)
    assert start(order_id) == first
    at(START + 27 * MINUTE)
    collect_due()
    assert (statuses(order_id), stand_in.objects[first]["status"]) == (["scheduled"], "expired")
    assert deliver(stand_in, merchant) == [True]
    with transaction():
        payment_links.renew_checkout(actor_of(merchant), orders.locked(order_id))
    pay(stand_in, order_id)
    assert of(order_id).status is OrderStatus.ACTIVE
    assert list(stand_in.taken().values()) == [[1000]]


def test_a_declined_try_on_the_hosted_page_is_no_decline_of_the_order(merchant, stand_in):
    order_id = make_order(merchant)
    session = start(order_id)
    stand_in.pay_page(session, "decline")
    deliver(stand_in, merchant)
    come_back(order_id)
    assert payments(order_id)[0].status is PaymentStatus.PENDING
    stand_in.pay_page(session, "pay")
    deliver(stand_in, merchant)
    assert [one.status for one in payments(order_id)] == [PaymentStatus.APPROVED]


@pytest.mark.parametrize("fault", ["answer lost", "500 after", "slow", "no JSON"])
def test_a_payment_without_an_answer_is_unknown_until_it_is_looked_up_and_charged_once(merchant, stand_in, at, fault):
    order_id, _ = active(stand_in, merchant)
    stand_in.faults.append(fault)
    at(DUE)
    with impatient(stand_in):
        collect_due()
    assert (payments(order_id)[1].status, statuses(order_id)[1]) == (PaymentStatus.UNKNOWN, "processing")
    at(DUE + 5 * MINUTE)
    collect_due()
    assert (payments(order_id)[1].status, statuses(order_id)[1]) == (PaymentStatus.APPROVED, "complete")
    assert list(stand_in.taken().values()) == [[1000], [1000]]


@pytest.mark.parametrize("fault", ["never arrived", "409", "429"])
def test_a_payment_that_never_arrived_is_asked_for_again_with_its_key(merchant, stand_in, at, fault):
    order_id, _ = active(stand_in, merchant)
    stand_in.faults.append(fault)
    at(DUE)
    collect_due()
    assert payments(order_id)[1].status is PaymentStatus.UNKNOWN
    at(DUE + 5 * MINUTE)
    collect_due()
    assert statuses(order_id)[1] == "complete"
    assert list(stand_in.taken().values()) == [[1000], [1000]]


def test_an_error_that_stripe_remembers_ends_when_it_forgets_the_key(merchant, stand_in, at):
    order_id, _ = active(stand_in, merchant)
    stand_in.faults.append("500 before")
    for after in (timedelta(0), 5 * MINUTE, 65 * MINUTE, DAY):
        at(DUE + after)
        collect_due()
        assert payments(order_id)[1].status is PaymentStatus.UNKNOWN
    stand_in.replies.clear()
    at(DUE + 2 * DAY + 2 * HOUR)
    collect_due()
    assert statuses(order_id)[1] == "complete"
    assert list(stand_in.taken().values()) == [[1000], [1000]]


def test_a_notification_before_the_answer_and_again_and_a_day_late_counts_once(merchant, stand_in, at, monkeypatch):
    order_id, _ = active(stand_in, merchant)
    stand_in.events.clear()
    known, said = stripe_gateway._charged, []

    def told_first(*asked):
        answer = known(*asked)
        said.extend(deliver(stand_in, merchant))
        return answer

    monkeypatch.setattr(stripe_gateway, "_charged", told_first)
    at(DUE)
    collect_due()
    assert said == [True]
    for after in (MINUTE, DAY):
        at(DUE + after)
        assert deliver(stand_in, merchant) == [False]
    assert statuses(order_id)[1] == "complete"
    assert rows(order_id)[1].paid_minor == 1000


def test_the_notification_settles_what_had_no_answer(merchant, stand_in, at):
    order_id, _ = active(stand_in, merchant)
    stand_in.events.clear()
    stand_in.faults.append("answer lost")
    at(DUE)
    collect_due()
    assert deliver(stand_in, merchant) == [True]
    assert statuses(order_id)[1] == "complete"


def test_stripe_that_is_away_parks_the_merchant_and_fails_nobody(merchant, stand_in, at):
    orders = [active(stand_in, merchant, customer_name=f"Ada {number}")[0] for number in range(4)]
    stand_in.faults.extend(["never arrived"] * 3)
    at(DUE)
    collect_due()
    account = gateway_accounts.find(merchant, "stripe", test=True)
    assert account.parked_until is not None
    assert all(of(one).status is OrderStatus.ACTIVE for one in orders)
    for after in (5 * MINUTE, 70 * MINUTE, 71 * MINUTE):
        at(DUE + after)
        collect_due()
    assert [statuses(one)[1] for one in orders] == ["complete"] * 4
    assert all(taken == [1000] for taken in stand_in.taken().values())


def test_a_soft_decline_is_tried_again_with_a_new_key_and_recovers(merchant, stand_in, at):
    order_id, card = active(stand_in, merchant)
    stand_in.declines[card] = "insufficient_funds"
    at(DUE)
    collect_due()
    assert (of(order_id).status, statuses(order_id)[1]) == (OrderStatus.FAILED, "soft-declined")
    assert "insufficient_funds" in payments(order_id)[1].message
    del stand_in.declines[card]
    at(DUE + DAY)
    collect_due()
    assert (of(order_id).status, statuses(order_id)[1]) == (OrderStatus.ACTIVE, "recovered")
    assert deliver(stand_in, merchant)
    assert statuses(order_id)[1] == "recovered"
    assert list(stand_in.taken().values()) == [[1000], [1000]]


def test_a_hard_decline_is_never_tried_again(merchant, stand_in, at):
    order_id, card = active(stand_in, merchant)
    stand_in.declines[card] = "stolen_card"
    for day in range(28, 40):
        at(START + day * DAY)
        collect_due()
    assert of(order_id).status is OrderStatus.SUSPENDED
    assert len(payments(order_id)) == 2


def test_another_amount_than_was_asked_for_is_no_payment(merchant, stand_in, at):
    order_id, _ = active(stand_in, merchant)
    stand_in.times = 100
    at(DUE)
    collect_due()
    assert (payments(order_id)[1].status, statuses(order_id)[1]) == (PaymentStatus.DECLINED, "review")
    assert "1000.00 EUR was reported" in payments(order_id)[1].message
    version = payments(order_id)[1].version
    assert deliver(stand_in, merchant)[-1] is True
    assert payments(order_id)[1].version == version


def test_one_more_step_is_a_mail_with_a_link_to_the_payment_page_and_leads_to_the_bank(merchant, stand_in, at):
    order_id, card = active(stand_in, merchant)
    with transaction():
        orders.locked(order_id).customer_email = "ada@example.org"
    stand_in.steps.add(card)
    at(DUE)
    collect_due()
    payment = payments(order_id)[1]
    assert payment.status is PaymentStatus.REQUIRES_ACTION
    assert payment.confirm_url == f"{stand_in.url}/step/{payment.reference}"
    mails = [one.payload["payment_id"] for one in db.session.query(Task) if "payment_confirm" in one.lane]
    assert mails == [payment.id]
    order = of(order_id)
    row = checkout_states.payable(order)
    assert checkout_states.state(order, row, checkout_states.latest(row)) == "confirm"
    assert deliver(stand_in, merchant)
    assert payments(order_id)[1].status is PaymentStatus.REQUIRES_ACTION
    stand_in.take_step(payment.reference, "confirm")
    come_back(order_id)
    assert statuses(order_id)[1] == "complete"
    assert list(stand_in.taken().values()) == [[1000], [1000]]


def test_a_step_that_nobody_takes_is_a_soft_decline_after_three_days_and_cannot_be_taken_any_more(
    merchant, stand_in, at
):
    order_id, card = active(stand_in, merchant)
    stand_in.steps.add(card)
    at(DUE)
    collect_due()
    for day in range(1, 6):
        at(DUE + day * DAY)
        collect_due()
    first = payments(order_id)[1]
    assert (first.status, first.message) == (PaymentStatus.DECLINED, "The customer did not confirm in time.")
    assert stand_in.objects[first.reference]["status"] == "canceled"
    deliver(stand_in, merchant)
    assert payments(order_id)[1].status is PaymentStatus.DECLINED


def test_a_payment_that_stripe_has_not_decided_is_unknown_and_no_failure_of_stripe(merchant, stand_in, at):
    order_id, card = active(stand_in, merchant)
    stand_in.declines[card] = "processing"
    at(DUE)
    collect_due()
    payment = payments(order_id)[1]
    assert (payment.status, payment.message) == (PaymentStatus.UNKNOWN, "Stripe says: processing.")
    assert gateway_accounts.find(merchant, "stripe", test=True).failures_in_row == 0
    stand_in.succeed(stand_in.objects[payment.reference])
    deliver(stand_in, merchant)
    assert statuses(order_id)[1] == "complete"


def test_keys_of_another_account_leave_to_a_person_what_was_unknown_and_ask_for_the_card_again(merchant, stand_in, at):
    unknown, due = active(stand_in, merchant)[0], active(stand_in, merchant, customer_name="Bob")[0]
    row_id = rows(due)[1].id
    with transaction():
        db.session.get(ScheduledPayment, row_id).collect_at = DUE + HOUR
    stand_in.faults.append("answer lost")
    at(DUE)
    collect_due()
    enter_keys(merchant, OTHER_KEY)
    for after in (5 * MINUTE, 2 * HOUR, 2 * DAY):
        at(DUE + after)
        collect_due()
    assert payments(unknown)[1].status is PaymentStatus.UNKNOWN
    assert (statuses(due)[1], of(due).status) == ("hard-declined", OrderStatus.SUSPENDED)
    assert "enter it again" in payments(due)[1].message
    pay(stand_in, due)
    assert (statuses(due)[1], of(due).status) == ("recovered", OrderStatus.ACTIVE)


def test_an_amount_that_stripe_refuses_says_why_on_the_page(merchant, stand_in):
    order_id = make_order(merchant, billing="single_payment", price="0.49")
    with pytest.raises(Exception, match=r"This cannot be paid by card\. Amount must be at least"):
        start(order_id)
    assert statuses(order_id) == ["hard-declined"]
    assert "at least" in payments(order_id)[0].message


def test_orders_on_a_test_clock_are_not_paid_by_stripe_which_does_not_keep_that_time(merchant):
    order_id = make_order(merchant, clock_id=make_test_clock(merchant, START))
    assert checkout_states.ways(of(order_id)) == ["test"]
    assert "stripe" in checkout_states.ways(of(make_order(merchant, customer_name="Bob")))


# Refunds ---------------------------------------------------------------------------------------------

def give_back(order_id):
    """Refund the first payment wholly; the refund's id."""
    with transaction():
        payment = lock_payment(payments(order_id)[0].id)[2]
        attempt = refunds.begin(actor_of(payment.merchant_id), payment)
    refunding.finish(attempt)
    return attempt.refund_id


def refunded(order_id):
    payment = payments(order_id)[0]
    return payment.refunded_minor, [str(one.status) for one in payment.refunds]


def test_a_refund_that_stripe_decides_later_is_told_by_its_notification(merchant, stand_in):
    order_id, _ = active(stand_in, merchant)
    stand_in.refund_status = "pending"
    give_back(order_id)
    assert refunded(order_id) == (0, ["pending"])
    stand_in.end_refund(stand_in.all("refund")[0]["id"], "succeeded")
    assert deliver(stand_in, merchant, stand_in.events[-1:] * 3) == [True, False, False]
    assert refunded(order_id) == (1000, ["approved"])


def test_a_refund_that_the_bank_sends_back_counts_no_more(merchant, stand_in):
    order_id, _ = active(stand_in, merchant)
    give_back(order_id)
    assert refunded(order_id) == (1000, ["approved"])
    stand_in.end_refund(stand_in.all("refund")[0]["id"], "failed", failure_reason="expired_or_canceled_card")
    deliver(stand_in, merchant)
    assert refunded(order_id) == (0, ["declined"])
    assert "expired or canceled card" in payments(order_id)[0].refunds[0].message
    give_back(order_id)
    assert refunded(order_id) == (1000, ["declined", "approved"])


def test_a_refund_without_an_answer_is_looked_up_and_given_once(merchant, stand_in, at):
    order_id, _ = active(stand_in, merchant)
    stand_in.faults.append("answer lost")
    give_back(order_id)
    assert refunded(order_id) == (0, [RefundStatus.UNKNOWN])
    at(START + 5 * MINUTE)
    collect_due()
    assert refunded(order_id) == (1000, ["approved"])
    assert len(stand_in.all("refund")) == 1
