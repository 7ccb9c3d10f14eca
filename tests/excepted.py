"""Creates disputes and gateways on hold, as rows: what leads to them is tested elsewhere."""

import secrets
from datetime import timedelta

from database import db, transaction
from domain import clock
from models.order import OrderStatus
from models.payment import Dispute, DisputeStatus, GatewayAccount
from models.statement_row import StatementRow, StatementState
from tests import ordered, payment_rows


def make_payment(actor, customer_name="", *, row_id=None, order_id=None, **more):
    """The id of an approved payment of 10.00 EUR of the actor's merchant and world."""
    order_id = order_id or ordered.make_order(
        actor.merchant_id, test=actor.test, status=OrderStatus.ACTIVE, customer_name=customer_name or "Ada Lovelace")
    return payment_rows.make_payment(
        actor.merchant_id, order_id=order_id, test=actor.test, scheduled_payment_id=row_id,
        **({"gateway": "stripe"} | more))


def make_dispute(actor, customer_name="", **more):
    """The id of an open dispute of such a payment, to be answered within two weeks."""
    payment_id = more.pop("payment_id", None) or make_payment(actor, customer_name)
    with transaction():
        now = clock.now()
        known = {
            "status": DisputeStatus.OPEN, "currency": "EUR", "amount_minor": 1000, "reference": secrets.token_hex(8),
            "reason": "fraudulent", "answer_due_at": now + timedelta(days=14), "created_at": now, "updated_at": now,
        }
        dispute = Dispute(merchant_id=actor.merchant_id, test=actor.test, payment_id=payment_id, **(known | more))
        db.session.add(dispute)
        db.session.flush()
        return dispute.id


def make_on_hold(actor, name="", **more):
    """The id of a gateway's account that is left alone for an hour."""
    with transaction():
        now = clock.now()
        known = {
            "gateway": secrets.token_hex(8), "failures_in_row": 3, "parked_at": now, "created_at": now,
            "updated_at": now, "parked_until": now + timedelta(hours=1), "parked_reason": "connection refused",
        }
        account = GatewayAccount(merchant_id=actor.merchant_id, test=actor.test, **(known | more))
        db.session.add(account)
        db.session.flush()
        return account.id


def make_movement(actor, payer_name="", **more):
    """The id of an unsure movement of 10.00 EUR, which may pay a waiting scheduled payment of the actor's merchant."""
    row = ordered.reload_row(ordered.make_waiting(actor, payer_name))
    with transaction():
        now = clock.now()
        known = {
            "identity": secrets.token_hex(16), "file_name": "november.xml", "file_digest": "-", "place": "line 12",
            "booked_on": now.date(), "currency": "EUR", "amount_minor": 1000, "payer_name": payer_name or "Ann Payer",
            "state": StatementState.UNSURE, "reason": "It has no reference.", "order_id": row.order_id,
            "scheduled_payment_id": row.id, "created_at": now, "updated_at": now,
        }
        movement = StatementRow(merchant_id=actor.merchant_id, test=actor.test, **(known | more))
        db.session.add(movement)
        db.session.flush()
        return movement.id


def bring(key, verb):
    """Give a movement the state in which it can be looked at again."""
    if verb == "reopen":
        with transaction():
            db.session.get(StatementRow, key).state = StatementState.IGNORED
