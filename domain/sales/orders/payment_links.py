"""Manages the payment links of orders: a token of 32 random bytes, found by a keyed digest, stored encrypted.

A link stays the same as long as its order exists. A checkout on it may be finished within 25 minutes.
"""

import secrets
from datetime import timedelta

from sqlalchemy import select

from database import db
from domain.actor import Actor
from domain.sales.orders.order_clock import now_of
from domain.sales.orders.order_status import FINAL, LIFE, refused
from domain.vault import vault
from models.order import Order, OrderStatus

BYTES = 32
MINUTES = 25
LARGEST = 2**31 - 1


def issue(order: Order) -> str:
    """Give a new order its link; returns the token in clear."""
    token = secrets.token_urlsafe(BYTES)
    order.link_digest, order.link_token = vault.digest(token), vault.encrypt(token)
    return token


def path_of(ciphertext: str) -> str | None:
    """The path of the payment page, from the column `link_token`; None when no secret decrypts it."""
    token = vault.decrypt(ciphertext)
    return None if token is None else f"/pay/{token}"


def order_of(token: str) -> Order | None:
    """The order of a link's token, whatever its merchant and world."""
    return db.session.scalar(select(Order).where(Order.link_digest.in_(vault.digests(token))))


def renew_checkout(actor: Actor, order: Order) -> Order:
    """Give the order a new checkout of 25 minutes; Conflict when the order is a draft or at its end."""
    if order.status in FINAL:
        raise refused(f"is already {order.status}")
    if order.status is OrderStatus.DRAFT:
        raise refused("is draft: publish it first")
    with LIFE.changing(actor, order, "checkout_renewed", event=None):
        begin_checkout(order)
    return order


def begin_checkout(order: Order) -> None:
    """Set the number of a new checkout, and until when it may be finished."""
    order.checkout_number = secrets.randbelow(LARGEST) + 1
    order.checkout_until = now_of(order) + timedelta(minutes=MINUTES)
