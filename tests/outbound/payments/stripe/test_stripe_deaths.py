"""A worker dies at every step around a call of Stripe; the others find the truth, and each charge is made once.

The steps are the beginnings and ends of its transactions and of its requests. One run after the other dies at the
next one, until a run dies no more: so every step is walked, whatever steps there will be.
"""

from contextlib import contextmanager
from datetime import timedelta
from itertools import count

import pytest

from database import db, transaction
from domain.payments.checkout import checkouts, setups
from domain.sales.orders import orders
from models.order import OrderStatus
from models.outbox import Task
from models.payment import PaymentStatus
from outbound.gateways.stripe_client import StripeClient
from outbound.payments import collecting, gateway_calls, gateway_checkouts
from tests import cast, paying
from tests.paying import START, collect_due, make_order, of, payments, rows, statuses
from tests.stripe_paying import active, enter_keys

pytestmark = pytest.mark.slow
MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)
DUE = START + 28 * DAY
AFTER = (5 * MINUTE, 66 * MINUTE)                # when the others look up what has no outcome
MODULES = (collecting, gateway_calls, gateway_checkouts)
MOST = 60                                        # steps; a walk that does not end is an error


class Death(BaseException):
    """The process ends here: nothing that comes after it is done, and no `except` of the program stops it."""


class Mortal:
    """Counts the steps of a run, and dies at one of them."""

    def __init__(self, last):
        self.last, self.steps, self.died_at = last, [], None

    def step(self, name):
        self.steps.append(name)
        if len(self.steps) - 1 == self.last:
            self.died_at = name
            raise Death(name)

    @contextmanager
    def transaction(self):
        self.step("before the transaction")
        with transaction() as session:
            yield session
            self.step("before the commit")
        self.step("after the commit")

    def ask(self, client, question):
        self.step("before the request")
        try:
            return REAL(client, question)
        finally:
            self.step("after the answer")


REAL = StripeClient.ask


def run(work, last):
    """Run until the end, or until the death at a step; what it saw."""
    mortal = Mortal(last)
    with pytest.MonkeyPatch.context() as patch:
        for module in MODULES:
            patch.setattr(module, "transaction", mortal.transaction)
        patch.setattr(StripeClient, "ask", lambda client, question: mortal.ask(client, question))
        try:
            work()
        except Death:
            db.session.rollback()
            db.session.remove()
    return mortal


def deaths(work_of):
    """One run after the other that dies at the next step; `work_of` makes anew what is worked on."""
    seen = []
    for last in count():
        assert last < MOST, seen
        mortal = run(work_of(), last)
        yield mortal
        seen.append(mortal.died_at)
        if mortal.died_at is None:
            break
    assert {"before the request", "after the answer", "before the commit", "after the commit"} <= set(seen), seen


def heal(at, since=DUE):
    for later in AFTER:
        at(since + later)
        collect_due()


def due_order(at, stand_in, prepare=lambda card: None):
    """An order of a merchant of its own, whose second payment is due now."""
    at(START)
    merchant = cast.make_merchant()
    enter_keys(merchant)
    order_id, card = active(stand_in, merchant)
    prepare(card)
    at(DUE)
    return order_id


def intents(stand_in, order_id):
    """The payments at Stripe that are about the order's second one."""
    row = str(rows(order_id)[1].id)
    return [one for one in stand_in.all("payment_intent") if one["metadata"]["scheduled_payment"] == row]


def mails(order_id, kind):
    db.session.expire_all()
    return [one for one in db.session.query(Task)
            if one.payload.get("mail") == kind and one.payload.get("order_id") == order_id]


def was_charged_once(stand_in, order_id, where):
    assert statuses(order_id)[1] == "complete", where
    assert [one["amount_received"] for one in intents(stand_in, order_id)] == [1000], where
    (payment,) = [one for one in payments(order_id) if one.scheduled_payment_id == rows(order_id)[1].id]
    assert (payment.status, payment.reference) == (PaymentStatus.APPROVED, intents(stand_in, order_id)[0]["id"]), where
    assert rows(order_id)[1].paid_minor == 1000, where


@pytest.mark.parametrize("is_blind", [False, True])
def test_a_charge_is_made_once_wherever_its_worker_dies(stand_in, at, is_blind, monkeypatch):
    """Also where Stripe's search does not know of it yet: then it is asked for again with its key."""
    made = []

    def work_of():
        made.append(due_order(at, stand_in))
        return collect_due

    if is_blind:
        monkeypatch.setattr(stand_in, "search", lambda account, given: {"object": "search_result", "data": []})
    for mortal in deaths(work_of):
        heal(at)
        was_charged_once(stand_in, made[-1], mortal.died_at)


@pytest.mark.parametrize("fault", ["answer lost", "500 after", "never arrived", "409"])
def test_a_charge_is_made_once_wherever_the_one_dies_who_looks_it_up(stand_in, at, fault):
    made = []

    def work_of():
        made.append(due_order(at, stand_in))
        stand_in.faults.append(fault)
        collect_due()
        assert payments(made[-1])[-1].status is PaymentStatus.UNKNOWN
        at(DUE + 5 * MINUTE)
        return collect_due

    for mortal in deaths(work_of):
        for later in (66 * MINUTE, DAY + 2 * HOUR):
            at(DUE + later)
            collect_due()
        was_charged_once(stand_in, made[-1], mortal.died_at)


def test_a_decline_is_one_decline_wherever_its_worker_dies(stand_in, at):
    made = []

    def work_of():
        made.append(due_order(at, stand_in, lambda card: stand_in.declines.update({card: "insufficient_funds"})))
        return collect_due

    for mortal in deaths(work_of):
        heal(at)
        order_id, where = made[-1], mortal.died_at
        assert statuses(order_id)[1] == "soft-declined", where
        assert [one.status for one in payments(order_id)][1:] == [PaymentStatus.DECLINED], where
        assert [one["status"] for one in intents(stand_in, order_id)] == ["requires_payment_method"], where
        assert rows(order_id)[1].retry_count == 0, where


def test_a_step_of_the_bank_is_prepared_once_wherever_its_worker_dies(stand_in, at):
    made = []

    def work_of():
        made.append(due_order(at, stand_in, stand_in.steps.add))
        with transaction():
            orders.locked(made[-1]).customer_email = "tess@example.org"
        return collect_due

    for mortal in deaths(work_of):
        heal(at)
        order_id, where = made[-1], mortal.died_at
        (payment,) = payments(order_id)[1:]
        assert payment.status is PaymentStatus.REQUIRES_ACTION, where
        assert payment.confirm_url, where
        assert [one["status"] for one in intents(stand_in, order_id)] == ["requires_action"], where
        assert len(mails(order_id, "payment_confirm")) == 1, where
        stand_in.take_step(payment.reference, "confirm")
        heal(at, DUE + DAY)
        was_charged_once(stand_in, order_id, where)


def test_a_card_is_kept_once_wherever_the_one_dies_who_hears_of_it(stand_in, at):
    made = []

    def work_of():
        at(START)
        merchant = cast.make_merchant()
        enter_keys(merchant)
        order_id = make_order(merchant, trial_days=14)
        made.append(order_id)
        with transaction():
            order = orders.locked(order_id)
            begun = setups.begin(checkouts.customer_of(order), order, "stripe", "https://pay.example/back")

        def whole():
            address = gateway_checkouts.start(begun)
            stand_in.pay_page(address.rpartition("/")[2], "pay")
            gateway_checkouts.come_back_with_card(order_id)

        return whole

    for mortal in deaths(work_of):
        order_id, where = made[-1], mortal.died_at
        if of(order_id).status is OrderStatus.PENDING:
            press_again(stand_in, order_id)
        at(START + 27 * MINUTE)
        gateway_checkouts.finish_setups()
        order = of(order_id)
        assert (order.status, order.setup_key) == (OrderStatus.ACTIVE, None), where
        mine = [one for one in stand_in.all("setup_intent") if one["metadata"]["order"] == str(order_id)]
        assert [one["status"] for one in mine] == ["succeeded"], where
        assert order.payment_method.token.endswith(mine[0]["payment_method"]), where
        assert len(stored_methods(order)) == 1, where


def press_again(stand_in, order_id):
    """The customer presses the button again, and enters the card unless that was done."""
    with transaction():
        order = orders.locked(order_id)
        begun = setups.begin(checkouts.customer_of(order), order, "stripe", "https://pay.example/back")
    address = gateway_checkouts.start(begun)
    if address.startswith(stand_in.url):
        stand_in.pay_page(address.rpartition("/")[2], "pay")


def stored_methods(order):
    return paying.payment_methods.of_customer(order)


def test_an_answer_that_comes_after_the_look_up_is_not_booked_again(stand_in, at, monkeypatch):
    """The worker is not dead but slow: another one has found out what became of the charge."""
    order_id = due_order(at, stand_in)
    with transaction():
        orders.locked(order_id).customer_email = "tess@example.org"
    real, asked = gateway_calls.answered, []

    def slow(question):
        answer = real(question)
        if not asked:
            asked.append(answer)
            at(DUE + 5 * MINUTE)
            while collecting.look_up_due():
                pass
        return answer

    monkeypatch.setattr(gateway_calls, "answered", slow)
    collecting.Collector().round()
    assert asked
    heal(at)
    was_charged_once(stand_in, order_id, "slow")
    assert len(mails(order_id, "receipt")) == 1
