"""The gateway of bank transfers: what the customer is shown, and that it collects nothing by itself."""

from datetime import UTC, datetime, timedelta

import pytest

from domain.payments import gateways
from domain.payments.bank import bank_transfers, creditor_references
from domain.payments.bank.creditor_references import Reference
from domain.payments.gateways import Account, Asked, ChargeRequest, CheckoutRequest, Outcome, RefundRequest
from models.money import Money
from outbound.gateways.manual import Manual

AT = datetime(2026, 11, 2, 12, tzinfo=UTC)
SETTINGS = {"name": "Fjord GmbH", "iban": "DE89370400440532013000", "bic": "COBADEFFXXX"}
ACCOUNT = Account(merchant_id=1, test=False, settings=SETTINGS)


def checkout(**changed):
    return CheckoutRequest(**{
        "key": "k", "order_id": 1234, "scheduled_payment_id": 1, "amount_minor": 4990, "currency": "EUR", "at": AT,
        "until": AT + timedelta(minutes=25), "return_url": "https://example.org/pay/x", "cancel_url": "", **changed,
    })


def test_the_gateway_is_registered_in_both_worlds(app):
    assert "manual" in gateways.registry.names(test=False)
    assert "manual" in gateways.registry.names(test=True)


def test_a_checkout_stays_on_the_payment_page_and_names_the_reference_of_the_order():
    started = Manual().start_checkout(ACCOUNT, checkout())
    assert started.url == "https://example.org/pay/x"
    assert creditor_references.found_in([started.reference]) == [Reference(1234)]


def test_the_page_is_given_account_reference_amount_and_a_qr_code():
    shown = Manual().transfer(ACCOUNT, checkout())
    assert (shown.name, shown.printed_iban, shown.bic) == ("Fjord GmbH", "DE89 3704 0044 0532 0130 00", "COBADEFFXXX")
    assert (str(shown.amount), shown.printed_reference.replace(" ", "")) == ("49.90 EUR", shown.reference)
    assert shown.qr_svg.startswith("<svg")


@pytest.mark.parametrize(("entered", "amount"), [
    ({}, Money(4990, "EUR")), (SETTINGS, Money(4990, "USD")), (SETTINGS, Money(10**12, "EUR")),
    ({**SETTINGS, "iban": "CH9300762011623852957", "bic": ""}, Money(4990, "EUR")),
])
def test_without_an_account_in_sepa_or_in_another_currency_there_is_no_qr_code_but_a_reference(entered, amount):
    shown = bank_transfers.instructions(entered, Reference(7), amount)
    assert (shown.qr_svg, shown.reference) == ("", Reference(7).text)


def test_nothing_is_collected_looked_up_or_notified():
    gateway = Manual()
    request = ChargeRequest(
        key="k", order_id=1, scheduled_payment_id=1, amount_minor=1, currency="EUR", token="", at=AT,
    )
    assert gateway.charge(ACCOUNT, request).outcome is Outcome.ABANDONED
    assert gateway.look_up(ACCOUNT, "k", Asked.CHARGE, AT).outcome is Outcome.NOT_FOUND
    with pytest.raises(gateways.WrongSignature):
        gateway.read_notification(ACCOUNT, {}, b"{}")


def test_a_refund_is_recorded_as_given_back():
    request = RefundRequest(
        key="r", charge_key="k", charge_reference=None, amount_minor=100, currency="EUR", at=AT,
    )
    answer = Manual().refund(ACCOUNT, request)
    assert (answer.outcome, answer.amount_minor, answer.currency) == (Outcome.APPROVED, 100, "EUR")
