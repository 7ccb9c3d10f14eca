"""Reads what the Core API says about money that was received for invoices."""

from collections.abc import Mapping
from typing import Any

from blueprints.api.core.invoicing import taken
from blueprints.api.field import Field
from blueprints.api.field_map import Day
from blueprints.api.field_parts import take_object
from domain import inputs
from domain.actor import Actor
from domain.errors import Problem
from domain.invoicing.paying import recording
from models.payment import Payment

TAKEN = {
    "clients_id": Field(name="customer_id"),
    "invoices_ids": Field(name="invoice_ids", refers="invoice"),
    "amount": Field(name="amount"),
    "currency": Field(name="currency"),
    "gateway": Field(name="gateway"),
    "reference": Field(name="reference"),
    "received_date": Day(name="received_on"),
}
OF_ORDERS = ("orders_id", "scheduled_payments_id")


def record(actor: Actor, body: Mapping[str, Any]) -> Payment:
    """Record a payment of invoices; one that names an order too is refused."""
    problems = {
        name: Problem("contradiction", "cannot be sent together with invoices or a client")
        for name in OF_ORDERS if body.get(name) is not None
    }
    sent = {name: value for name, value in body.items() if name not in OF_ORDERS}
    with taken.in_words_of(TAKEN):
        new = inputs.parse(recording.ReceiptInput, take_object(TAKEN, sent, "", problems), problems=problems)
        return recording.record(actor, new)
