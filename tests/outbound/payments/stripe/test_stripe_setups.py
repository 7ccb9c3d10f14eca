"""Cards that are kept at Stripe without a payment: for a trial, and instead of another card. Each is kept once."""

from datetime import timedelta

import pytest
from sqlalchemy import select

from database import db, transaction
from domain.errors import Conflict, Unavailable
from domain.payments.checkout import checkouts, setups
from domain.sales.orders import orders
from models.audit import AuditEntry
from models.order import Order, OrderStatus
from models.payment import Payment
from models.payment_method import PaymentMethod
from outbound.payments import collecting, gateway_checkouts, notifications
from tests import cast
from tests.paying import START, make_order, of, rows, statuses
from tests.stripe_paying import active, deliver, enter_keys
from tests.stripe_stand_in import OTHER_KEY

pytestmark = pytest.mark.usefixtures("at")
MINUTE, DAY = timedelta(minutes=1), timedelta(days=1)
BACK = "https://pay.example/order/token/card/back"


def trial(merchant):
    """The id of an order whose first payment is nothing."""
    return make_order(merchant, trial_days=14)


def live(stand_in, merchant):
    return active(stand_in, merchant)[0]


def begin(order_id):
    """Press the button: what is begun, and committed."""
    with transaction():
        order = orders.locked(order_id)
        deed = setups.begin if order.status is OrderStatus.PENDING else setups.begin_change
        return deed(checkouts.customer_of(order), order, "stripe", BACK)


def start(order_id):
    """The id of the checkout at the stand-in; None without an answer."""
    address = gateway_checkouts.start(begin(order_id))
    return address.rpartition("/")[2] if address else None


def methods(order_id):
    db.session.expire_all()
    statement = select(PaymentMethod.token, PaymentMethod.label).where(
        PaymentMethod.customer_id == of(order_id).customer_id)
    return list(db.session.execute(statement.order_by(PaymentMethod.id)))


def kept(stand_in, order_id, cards=1):
    """The order is paid with the card that was entered last, which was stored as a token alone."""
    order, intents = of(order_id), stand_in.all("setup_intent")
    done = [one for one in intents if one["status"] == "succeeded"]
    assert order.payment_method.token == f"{done[-1]['customer']}:{done[-1]['payment_method']}"
    assert order.payment_method.label == "Visa ending in 4444"
    assert (order.setup_key, order.setup_reference, order.gateway) == (None, None, "stripe")
    assert len(methods(order_id)) == cards
    return order


WAYS = {
    "the customer comes back": lambda stand_in, merchant, order: gateway_checkouts.come_back_with_card(order),
    "a notification": lambda stand_in, merchant, order: deliver(stand_in, merchant),
    "the worker": lambda stand_in, merchant, order: gateway_checkouts.finish_setups(),
}


@pytest.mark.parametrize("way", WAYS)
def test_a_trial_begins_with_a_card_and_is_collected_from_it(merchant, stand_in, at, way):
    order_id = trial(merchant)
    stand_in.pay_page(start(order_id), "pay")
    at(START + 27 * MINUTE)
    WAYS[way](stand_in, merchant, order_id)
    assert kept(stand_in, order_id).status is OrderStatus.ACTIVE
    assert db.session.query(Payment).count() == 0
    assert stand_in.taken() == {}
    at(START + 15 * DAY)
    while collecting.Collector().round():
        pass
    assert statuses(order_id)[:2] == ["complete", "complete"]
    assert stand_in.taken() == {rows(order_id)[1].id: [1000]}


@pytest.mark.parametrize("way", WAYS)
def test_another_card_is_entered_for_a_live_order_and_nothing_is_charged(merchant, stand_in, at, way):
    order_id = live(stand_in, merchant)
    taken = stand_in.taken()
    session = start(order_id)
    assert stand_in.objects[session]["customer"] == of(order_id).payment_method.token.partition(":")[0]
    stand_in.pay_page(session, "pay")
    at(START + 27 * MINUTE)
    WAYS[way](stand_in, merchant, order_id)
    assert kept(stand_in, order_id, cards=2).status is OrderStatus.ACTIVE
    assert stand_in.taken() == taken
    at(START + 28 * DAY)
    while collecting.Collector().round():
        pass
    assert stand_in.asked[-1][1]["payment_method"] == of(order_id).payment_method.token.partition(":")[2]
    assert statuses(order_id)[1] == "complete"


@pytest.mark.parametrize("make", [trial, None])
@pytest.mark.parametrize("order_of", [
    ("a notification", "the customer comes back"), ("the customer comes back", "a notification"),
    ("a notification", "a notification"), ("the worker", "a notification"), ("a notification", "the worker"),
    ("the customer comes back", "the customer comes back"),
])
def test_whoever_hears_of_it_first_ends_it_and_the_others_change_nothing(merchant, stand_in, at, make, order_of):
    order_id = make(merchant) if make else live(stand_in, merchant)
    stand_in.pay_page(start(order_id), "pay")
    at(START + 27 * MINUTE)
    first, second = order_of
    WAYS[first](stand_in, merchant, order_id)
    version, entries = of(order_id).version, db.session.query(AuditEntry).count()
    cards = 1 if make else 2
    kept(stand_in, order_id, cards)
    WAYS[second](stand_in, merchant, order_id)
    kept(stand_in, order_id, cards)
    assert (of(order_id).version, db.session.query(AuditEntry).count()) == (version, entries)


@pytest.mark.parametrize("fault", ["answer lost", "500 after", "no JSON", "never arrived", "429"])
def test_without_an_answer_a_second_press_leads_to_the_same_page(merchant, stand_in, fault):
    order_id = trial(merchant)
    stand_in.page_faults.append(fault)
    assert start(order_id) is None
    gateway_checkouts.come_back_with_card(order_id)
    assert of(order_id).status is OrderStatus.PENDING
    session = start(order_id)
    assert len(stand_in.all("checkout.session")) == 1
    stand_in.pay_page(session, "pay")
    gateway_checkouts.come_back_with_card(order_id)
    kept(stand_in, order_id)


def test_a_process_that_dies_after_the_page_was_made_loses_nothing(merchant, stand_in, at):
    """Its id was not stored: the notification names the key; without one a second press leads to the same page."""
    order_id = trial(merchant)
    begun = begin(order_id)
    stand_in_session = gateway_checkouts.registry.get("stripe").start_checkout(begun.account, begun.request)
    assert of(order_id).setup_reference is None
    stand_in.pay_page(stand_in_session.reference, "pay")
    assert start(order_id) is not None
    assert len(stand_in.all("checkout.session")) == 1
    deliver(stand_in, merchant)
    kept(stand_in, order_id)


def test_a_process_that_dies_before_the_answer_is_kept_leaves_it_to_the_worker(merchant, stand_in, at, monkeypatch):
    order_id = live(stand_in, merchant)
    stand_in.pay_page(start(order_id), "pay")

    def die(*_):
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(setups, "finish", die)
        with pytest.raises(KeyboardInterrupt):
            gateway_checkouts.come_back_with_card(order_id)
    db.session.rollback()
    assert len(methods(order_id)) == 1
    at(START + 27 * MINUTE)
    gateway_checkouts.finish_setups()
    kept(stand_in, order_id, 2)


def test_a_card_that_was_declined_or_left_is_not_kept_and_the_page_stays_open(merchant, stand_in):
    order_id = trial(merchant)
    session = start(order_id)
    for answer in ("decline", "back"):
        stand_in.pay_page(session, answer)
        deliver(stand_in, merchant)
        gateway_checkouts.come_back_with_card(order_id)
        assert of(order_id).status is OrderStatus.PENDING
        assert start(order_id) == session
    stand_in.pay_page(session, "pay")
    gateway_checkouts.come_back_with_card(order_id)
    kept(stand_in, order_id)


def test_a_page_that_is_left_open_ends_and_another_one_can_be_used(merchant, stand_in, at):
    order_id = live(stand_in, merchant)
    session = start(order_id)
    at(START + 27 * MINUTE)
    gateway_checkouts.finish_setups()
    assert stand_in.objects[session]["status"] == "expired"
    assert of(order_id).setup_key is None
    deliver(stand_in, merchant)
    second = start(order_id)
    assert second != session
    stand_in.pay_page(second, "pay")
    gateway_checkouts.come_back_with_card(order_id)
    kept(stand_in, order_id, 2)


def test_what_another_secret_signed_or_another_account_says_keeps_nothing(merchant, stand_in):
    order_id = trial(merchant)
    stand_in.pay_page(start(order_id), "pay")
    events = list(stand_in.events)
    for event in events:
        assert notifications.received("stripe", merchant, *stand_in.signed(event, "whsec_of_somebody")) is None
    other = cast.make_merchant("Birch")
    enter_keys(other, OTHER_KEY, "whsec_of_birch")
    told, completed = events
    for event in events:
        assert notifications.received("stripe", other, *stand_in.signed(event)) is None
    assert notifications.received("stripe", other, *stand_in.signed(told, "whsec_of_birch")) is False
    with pytest.raises(Unavailable):                     # that account of Stripe knows no such page
        notifications.received("stripe", other, *stand_in.signed(completed, "whsec_of_birch"))
    assert of(order_id).status is OrderStatus.PENDING
    assert methods(order_id) == []
    deliver(stand_in, merchant)
    kept(stand_in, order_id)


def test_a_notification_of_an_older_page_does_not_change_the_card_again(merchant, stand_in, at):
    order_id = live(stand_in, merchant)
    stand_in.pay_page(start(order_id), "pay")
    old = list(stand_in.events)
    gateway_checkouts.come_back_with_card(order_id)
    at(START + 5 * MINUTE)
    stand_in.pay_page(start(order_id), "pay")
    gateway_checkouts.come_back_with_card(order_id)
    assert len(methods(order_id)) == 3
    latest = of(order_id).payment_method_id
    at(START + 6 * MINUTE)
    deliver(stand_in, merchant, old)
    assert of(order_id).payment_method_id == latest


def test_an_answer_about_an_older_page_ends_no_newer_one(merchant, stand_in, at, monkeypatch):
    """While Stripe is asked about a page whose time is over, the customer begins another one."""
    order_id = live(stand_in, merchant)
    stand_in.pay_page(start(order_id), "pay")
    at(START + 27 * MINUTE)
    real, begun = gateway_checkouts.gateway_calls.answered, []

    def slow(question):
        answer = real(question)
        begun.append(start(order_id))
        return answer

    monkeypatch.setattr(gateway_checkouts.gateway_calls, "answered", slow)
    gateway_checkouts.come_back_with_card(order_id)
    monkeypatch.undo()
    assert len(methods(order_id)) == 1
    assert of(order_id).setup_reference == begun[0]


def test_an_order_that_ended_meanwhile_keeps_its_card_and_is_asked_about_no_more(merchant, stand_in, at):
    order_id = live(stand_in, merchant)
    stand_in.pay_page(start(order_id), "pay")
    before = of(order_id).payment_method_id
    with transaction():
        db.session.get(Order, order_id).status = OrderStatus.CANCELLED
    deliver(stand_in, merchant)
    at(START + 27 * MINUTE)
    asked = len(stand_in.asked)
    gateway_checkouts.finish_setups()
    assert len(stand_in.asked) == asked
    assert of(order_id).payment_method_id == before
    with pytest.raises(Conflict):
        start(order_id)


def test_a_suspended_order_goes_on_with_the_new_card(merchant, stand_in, at):
    order_id, card = active(stand_in, merchant)
    stand_in.declines[card] = "stolen_card"
    at(START + 28 * DAY)
    while collecting.Collector().round():
        pass
    assert of(order_id).status is OrderStatus.SUSPENDED
    stand_in.pay_page(start(order_id), "pay")
    gateway_checkouts.come_back_with_card(order_id)
    assert kept(stand_in, order_id, 2).status is OrderStatus.ACTIVE
    assert statuses(order_id)[1] == "hard-declined", "what was declined is left to a person"


def test_without_any_answer_it_is_given_up_after_three_days(merchant, stand_in, at):
    order_id = trial(merchant)
    start(order_id)
    enter_keys(merchant, OTHER_KEY)
    at(START + DAY)
    gateway_checkouts.finish_setups()
    assert of(order_id).setup_key is not None
    at(START + 4 * DAY)
    gateway_checkouts.finish_setups()
    assert of(order_id).setup_key is None


def test_no_number_date_or_code_of_a_card_is_in_any_table(merchant, stand_in):
    order_id = trial(merchant)
    stand_in.pay_page(start(order_id), "pay")
    deliver(stand_in, merchant)
    gateway_checkouts.come_back_with_card(order_id)
    method = db.session.scalars(select(PaymentMethod)).one()
    columns = {one.name: getattr(method, one.name) for one in PaymentMethod.__table__.columns}
    assert {name for name, value in columns.items() if isinstance(value, str)} == {"gateway", "token", "label"}
    assert "exp" not in "".join(name for name, value in columns.items() if value is not None)
