"""The gateway of Stripe, asked by itself, against a stand-in that answers as Stripe's published API does."""

from datetime import timedelta

import pytest
import time_machine

from domain import clock
from domain.payments.gateways import (
    Account,
    Asked,
    ChargeRequest,
    CheckoutRequest,
    GatewayDown,
    NoAnswer,
    Outcome,
    RefundRequest,
    Refused,
)
from models.money import EXPONENTS
from models.payment import Decline
from outbound.gateways import stripe_amounts, stripe_client, stripe_declines
from outbound.gateways.stripe_gateway import stripe_gateway as gateway
from tests.stripe_paying import impatient
from tests.stripe_stand_in import KEY, OTHER_KEY, SECRET

MINE = Account(merchant_id=1, test=True, settings={"secret_key": KEY, "webhook_secret": SECRET})
MINUTE, DAY = timedelta(minutes=1), timedelta(days=1)


@pytest.fixture
def token(stand_in):
    return stand_in.customer()


def charge(token, key="k1", amount=1000, currency="EUR", account=MINE, **more):
    return gateway.charge(account, ChargeRequest(
        key=key, order_id=3, scheduled_payment_id=7, amount_minor=amount, currency=currency, token=token,
        at=clock.now(), page="/pay/token", **more))


def checkout(key="c1", amount=1000, currency="EUR", account=MINE, until=25, **more):
    now = clock.now()
    return gateway.start_checkout(account, CheckoutRequest(
        key=key, order_id=3, scheduled_payment_id=7, amount_minor=amount, currency=currency, at=now,
        until=now + until * MINUTE, return_url="https://pay.example/back", cancel_url="https://pay.example/back",
        customer_email="ada@example.org", **more))


def look_up(key="k1", reference=None, asked=Asked.CHARGE, at=None):
    return gateway.look_up(MINE, key, asked, at or clock.now(), reference)


def refund(charged, key="r1", amount=400):
    return gateway.refund(MINE, RefundRequest(
        key=key, charge_key="k1", charge_reference=charged, amount_minor=amount, currency="EUR", at=clock.now()))


def test_a_kept_card_is_charged_off_session_with_the_key_of_the_attempt(stand_in, token):
    answer = charge(token, description="Order 3")
    assert (answer.outcome, answer.amount_minor, answer.currency) == (Outcome.APPROVED, 1000, "EUR")
    asked = stand_in.asked[0][1]
    assert (asked["customer"], asked["payment_method"]) == tuple(token.split(":"))
    assert asked["metadata"] == {"countinghouse_key": "k1", "order": "3", "scheduled_payment": "7"}
    assert (asked["amount"], asked["currency"], asked["description"]) == ("1000", "eur", "Order 3")


def test_a_key_is_charged_once_however_often_it_is_asked(stand_in, token):
    first = charge(token)
    for again in (charge(token), look_up(reference=first.reference), look_up()):
        assert (again.outcome, again.reference, again.amount_minor) == (Outcome.APPROVED, first.reference, 1000)
    assert stand_in.taken() == {7: [1000]}


def test_other_words_under_the_same_key_decide_nothing(stand_in, token):
    charge(token)
    with pytest.raises(NoAnswer):
        charge(token, description="renamed meanwhile")
    assert look_up().outcome is Outcome.APPROVED
    assert stand_in.taken() == {7: [1000]}


@pytest.mark.parametrize(("code", "kind"), [
    ("insufficient_funds", Decline.SOFT), ("do_not_honor", Decline.SOFT), ("try_again_later", Decline.SOFT),
    ("a_code_of_next_year", Decline.SOFT), ("generic_decline", Decline.SOFT), ("processing_error", Decline.SOFT),
    ("stolen_card", Decline.HARD), ("lost_card", Decline.HARD), ("expired_card", Decline.HARD),
    ("revocation_of_authorization", Decline.HARD), ("do_not_try_again", Decline.HARD), ("fraudulent", Decline.HARD),
])
def test_declines_are_soft_or_hard_by_their_code_and_looked_up_alike(stand_in, token, code, kind):
    stand_in.declines[token.split(":")[1]] = code
    answer = charge(token)
    assert (answer.outcome, answer.decline) == (Outcome.DECLINED, kind)
    assert charge(token) == look_up() == look_up(reference=answer.reference) == answer
    assert stand_in.taken() == {}


@pytest.mark.parametrize("code", ["stolen_card", "lost_card", "fraudulent", "pickup_card"])
def test_whoever_holds_a_card_does_not_learn_why_it_is_suspected(stand_in, token, code):
    stand_in.declines[token.split(":")[1]] = code
    assert charge(token).message == "The card was declined."


def test_what_the_bank_advises_never_to_try_again_is_final():
    error = {"decline_code": "generic_decline"}
    assert stripe_declines.kind(error | {"advice_code": "do_not_try_again"}) is Decline.HARD
    assert stripe_declines.kind(error | {"advice_code": "try_again_later"}) is Decline.SOFT


@pytest.mark.parametrize("fault", ["answer lost", "500 after", "slow", "no JSON"])
def test_what_was_charged_without_an_answer_is_unknown_and_found_by_its_key(stand_in, token, fault):
    stand_in.faults.append(fault)
    with impatient(stand_in), pytest.raises(NoAnswer):
        charge(token)
    assert look_up().outcome is Outcome.APPROVED
    assert charge(token).outcome is Outcome.APPROVED
    assert stand_in.taken() == {7: [1000]}


@pytest.mark.parametrize("fault", ["never arrived", "409", "429"])
def test_what_was_not_charged_is_unknown_not_found_and_charged_when_it_is_asked_again(stand_in, token, fault):
    stand_in.faults.append(fault)
    with pytest.raises(NoAnswer):
        charge(token)
    assert look_up().outcome is Outcome.NOT_FOUND
    assert charge(token).outcome is Outcome.APPROVED
    assert stand_in.taken() == {7: [1000]}


def test_an_error_that_is_remembered_with_the_key_stays_unknown_until_the_key_is_forgotten(stand_in, token):
    stand_in.faults.append("500 before")
    for _ in range(3):
        with pytest.raises(NoAnswer):
            charge(token)
        assert look_up().outcome is Outcome.NOT_FOUND
    stand_in.replies.clear()                                 # a day later
    assert charge(token).outcome is Outcome.APPROVED
    assert stand_in.taken() == {7: [1000]}


def test_an_answer_that_is_repeated_says_what_is_now_and_not_what_was_then(stand_in, token):
    stand_in.declines[token.split(":")[1]] = "processing"
    assert charge(token).outcome is Outcome.PENDING
    stand_in.succeed(stand_in.all("payment_intent")[0])
    assert charge(token).outcome is Outcome.APPROVED


def test_nothing_answers_where_stripe_is_not(stand_in, token):
    known = stand_in.url
    gateway.configure("https://pay.example", "http://127.0.0.1:9")
    for ask in (lambda: charge(token), look_up, checkout, lambda: refund("pi_1")):
        with pytest.raises(GatewayDown):
            ask()
    gateway.configure("https://pay.example", known)


@pytest.mark.parametrize("entered", [
    {}, {"secret_key": ""}, {"secret_key": "sk_test_revoked"}, {"secret_key": "sk_live_of_the_other_world"},
])
def test_a_missing_wrong_or_live_key_declines_nobody(stand_in, token, entered):
    with pytest.raises(GatewayDown):
        charge(token, account=Account(merchant_id=1, test=True, settings=entered))


def test_the_address_for_tests_is_never_used_with_a_live_key_or_beyond_this_machine(stand_in):
    with pytest.raises(GatewayDown, match="own address"):
        stripe_client.StripeClient(
            Account(merchant_id=1, test=False, settings={"secret_key": "sk_live_x"}), stand_in.url)
    with pytest.raises(GatewayDown, match="own address"):
        stripe_client.StripeClient(MINE, "https://stripe.example")


def test_a_card_of_another_account_is_declined_for_good_and_says_so(stand_in, token):
    answer = charge(token, account=Account(merchant_id=1, test=True, settings={"secret_key": OTHER_KEY}))
    assert (answer.outcome, answer.decline) == (Outcome.DECLINED, Decline.HARD)
    assert "enter it again" in answer.message
    with pytest.raises(NoAnswer):                            # it may have been charged there
        charge(token, account=Account(merchant_id=1, test=True, settings={"secret_key": OTHER_KEY}), is_repeated=True)


def test_a_payment_of_another_account_is_not_decided_by_its_absence(stand_in, token):
    reference = charge(token).reference
    other = Account(merchant_id=1, test=True, settings={"secret_key": OTHER_KEY})
    with pytest.raises(NoAnswer):
        gateway.look_up(other, "k1", Asked.CHARGE, clock.now(), reference)


def test_a_token_that_stripe_never_gave_is_declined_without_asking(stand_in):
    for token in ("", "pm_1", ":", "cus_1:", "test_ok"):
        assert charge(token).decline is Decline.HARD
    assert stand_in.asked == []


def test_too_small_an_amount_is_refused_clearly(stand_in, token):
    answer = charge(token, amount=49)
    assert (answer.outcome, answer.decline) == (Outcome.DECLINED, Decline.HARD)
    assert "at least" in answer.message
    with pytest.raises(Refused, match="at least"):
        checkout(amount=49)


# Currencies ------------------------------------------------------------------------------------------

@pytest.mark.parametrize(("minor", "currency", "amount"), [
    (1000, "EUR", 1000), (500, "JPY", 500), (500, "KRW", 500), (5, "ISK", 500), (5, "UGX", 500), (1045, "HUF", 1045),
    (80045, "TWD", 80045), (5120, "KWD", 5120), (500, "MGA", 5), (1000, "CLP", 1000), (7, "XPF", 7),
])
def test_amounts_are_counted_as_stripe_counts_them(minor, currency, amount):
    assert stripe_amounts.to_stripe(minor, currency) == amount
    assert stripe_amounts.from_stripe(amount, currency) == minor


@pytest.mark.parametrize(("minor", "currency"), [(5124, "KWD"), (1, "BHD"), (501, "MGA"), (1, "CLF")])
def test_amounts_that_stripe_cannot_charge_are_refused_before_it_is_asked(stand_in, token, minor, currency):
    with pytest.raises(ValueError, match=r"decimals only|whole amounts"):
        stripe_amounts.to_stripe(minor, currency)
    assert charge(token, amount=minor, currency=currency).decline is Decline.HARD
    with pytest.raises(Refused):
        checkout(amount=minor, currency=currency)
    assert stand_in.asked == []


def test_every_currency_comes_back_as_it_was_sent():
    for currency in [*EXPONENTS, "EUR", "USD", "MGA", "HUF", "TWD"]:
        minor = 10_000
        assert stripe_amounts.from_stripe(stripe_amounts.to_stripe(minor, currency), currency) == minor


def test_kronur_and_dinars_are_charged_and_reported_in_our_units(stand_in, token):
    for key, currency, amount in (("k1", "ISK", 700), ("k2", "KWD", 5120), ("k3", "JPY", 900)):
        answer = charge(token, key=key, currency=currency, amount=amount)
        assert (answer.outcome, answer.amount_minor, answer.currency) == (Outcome.APPROVED, amount, currency)


# The hosted page -------------------------------------------------------------------------------------

def test_a_checkout_is_paid_on_the_hosted_page_and_its_card_is_kept(stand_in):
    begun = checkout()
    assert begun.url == f"{stand_in.url}/c/{begun.reference}"
    assert look_up("c1", begun.reference) == look_up("c1", begun.reference)
    assert look_up("c1", begun.reference).outcome is Outcome.REQUIRES_ACTION
    assert stand_in.pay_page(begun.reference, "decline") == begun.url
    assert look_up("c1", begun.reference).outcome is Outcome.REQUIRES_ACTION
    assert stand_in.pay_page(begun.reference, "pay") == "https://pay.example/back"
    answer = look_up("c1", begun.reference)
    assert (answer.outcome, answer.amount_minor, answer.method_label) == (
        Outcome.APPROVED, 1000, "Visa ending in 4242")
    assert charge(answer.method_token).outcome is Outcome.APPROVED
    asked = stand_in.asked[0][1]
    assert asked["customer_creation"] == "always"
    assert asked["customer_email"] == "ada@example.org"


def test_a_second_press_leads_to_the_same_checkout(stand_in):
    with time_machine.travel(clock.now(), tick=False):
        first = checkout()
        assert checkout() == first
    assert checkout(until=24, reference=first.reference) == first
    assert len(stand_in.all("checkout.session")) == 1


def test_a_known_customer_pays_as_such_and_one_of_another_account_as_a_new_one(stand_in, token):
    known = checkout(customer_token=token)
    assert stand_in.objects[known.reference]["customer"] == token.split(":")[0]
    other = checkout("c2", customer_token=stand_in.customer(OTHER_KEY))
    assert stand_in.objects[other.reference]["customer"] is None


def test_a_checkout_that_is_over_is_ended_at_stripe_too(stand_in):
    begun = checkout()
    answer = look_up("c1", begun.reference, at=clock.now() + 26 * MINUTE)
    assert answer.outcome is Outcome.ABANDONED
    assert stand_in.objects[begun.reference]["status"] == "expired"


def test_a_checkout_that_was_paid_at_the_last_moment_counts(stand_in, monkeypatch):
    begun = checkout()
    known = stand_in.expire

    def too_late(account, given, key):
        stand_in.pay_page(key, "pay")
        return known(account, given, key)

    monkeypatch.setattr(stand_in, "expire", too_late)
    assert look_up("c1", begun.reference, at=clock.now() + 26 * MINUTE).outcome is Outcome.APPROVED


def test_a_checkout_whose_address_was_never_told_is_not_found_until_it_is_paid(stand_in):
    begun = checkout()
    assert look_up("c1").outcome is Outcome.NOT_FOUND
    stand_in.pay_page(begun.reference, "pay")
    assert look_up("c1").method_label == "Visa ending in 4242"


# One more step ---------------------------------------------------------------------------------------

def test_a_card_that_wants_one_more_step_gets_a_page_for_it_and_is_charged_once(stand_in, token):
    stand_in.steps.add(token.split(":")[1])
    answer = charge(token)
    assert (answer.outcome, answer.confirm_url) == (
        Outcome.REQUIRES_ACTION, f"{stand_in.url}/step/{answer.reference}")
    assert charge(token) == look_up() == look_up(reference=answer.reference) == answer
    assert stand_in.take_step(answer.reference, "confirm") == "https://pay.example/pay/token/back"
    assert look_up(reference=answer.reference).outcome is Outcome.APPROVED
    assert stand_in.taken() == {7: [1000]}


def test_a_step_that_is_refused_is_a_soft_decline(stand_in, token):
    stand_in.steps.add(token.split(":")[1])
    answer = charge(token)
    stand_in.take_step(answer.reference, "refuse")
    assert look_up(reference=answer.reference).decline is Decline.SOFT


def test_a_step_that_is_not_taken_in_time_is_cancelled_and_cannot_be_paid_later(stand_in, token):
    stand_in.steps.add(token.split(":")[1])
    answer = charge(token)
    with time_machine.travel(clock.now() + 3 * DAY + MINUTE):
        late = look_up(reference=answer.reference)
    assert (late.outcome, late.decline) == (Outcome.DECLINED, Decline.SOFT)
    assert stand_in.objects[answer.reference]["status"] == "canceled"


def test_a_step_that_was_not_prepared_is_prepared_when_it_is_asked_again(stand_in, token, monkeypatch):
    stand_in.steps.add(token.split(":")[1])
    stand_in.faults.append("answer lost")
    with pytest.raises(NoAnswer):
        charge(token)
    assert look_up().outcome is Outcome.NOT_FOUND
    assert charge(token).outcome is Outcome.REQUIRES_ACTION
    assert len(stand_in.all("payment_intent")) == 1


# Refunds ---------------------------------------------------------------------------------------------

def test_refunds_are_made_once_and_never_exceed_the_payment(stand_in, token):
    charged = charge(token).reference
    assert refund(charged) == refund(charged)
    assert refund(charged).outcome is Outcome.APPROVED
    assert refund(charged, "r2", 601).outcome is Outcome.DECLINED
    assert refund(charged, "r3", 600).outcome is Outcome.APPROVED
    assert sum(one["amount"] for one in stand_in.all("refund")) == 1000
    assert refund(None).outcome is Outcome.DECLINED
    assert "No such" in refund("pi_unknown", "r4").message


@pytest.mark.parametrize("fault", ["answer lost", "500 after", "slow"])
def test_a_refund_without_an_answer_is_found_by_its_key(stand_in, token, fault):
    charged = charge(token).reference
    stand_in.faults.append(fault)
    with impatient(stand_in), pytest.raises(NoAnswer):
        refund(charged)
    assert look_up("r1", charged, Asked.REFUND).outcome is Outcome.APPROVED
    assert look_up("r2", charged, Asked.REFUND).outcome is Outcome.NOT_FOUND
    assert len(stand_in.all("refund")) == 1


def test_a_refund_that_is_under_way_is_decided_later(stand_in, token):
    charged, stand_in.refund_status = charge(token).reference, "pending"
    answer = refund(charged)
    assert answer.outcome is Outcome.PENDING
    stand_in.end_refund(answer.reference, "failed", failure_reason="lost_or_stolen_card")
    late = look_up("r1", answer.reference, Asked.REFUND)
    assert (late.outcome, late.message) == (
        Outcome.DECLINED, "The bank did not take the refund: lost or stolen card.")
