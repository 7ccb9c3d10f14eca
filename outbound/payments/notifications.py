"""Receives notifications of gateways: from the network, or from the test bank within this process."""

import logging
from collections.abc import Mapping

from database import db, transaction
from domain.actor import Actor
from domain.errors import Unavailable
from domain.payments import gateway_accounts
from domain.payments.collecting import gateway_notifications
from domain.payments.gateways import Account, NoAnswer, WrongSignature, registry

log = logging.getLogger("countinghouse.collecting")
# What is raised where a message has another shape than expected, or a number that is none of ours.
UNEXPECTED = (ValueError, LookupError, TypeError, AttributeError, ArithmeticError, RecursionError)


class Unreadable(Exception):
    """A signed notification that is not what its gateway sends."""


def from_test_bank(headers: Mapping[str, str], body: bytes) -> None:
    """Take a notification that the test bank sends from within this process, signed like any other."""
    take("test", Account(merchant_id=0, test=True), headers, body)


def received(gateway: str, merchant_id: int | None, headers: Mapping[str, str], body: bytes) -> bool | None:
    """Take a notification from the network; None for one with a wrong signature, or that cannot be read.

    A merchant's own secret signs it, one in each world, so that the address names the merchant; the test bank has
    one secret for all. Raises Unavailable where the gateway cannot be asked what it is about: it sends it again.
    """
    for account in _accounts(gateway, merchant_id):
        try:
            return take(gateway, account, headers, body)
        except WrongSignature:
            continue                                     # it may be of the other world
        except NoAnswer as problem:
            raise Unavailable("The gateway could not be asked what this is about.") from problem
        except Unreadable as problem:
            log.warning("a notification of the gateway %s cannot be read: %s", gateway, problem)
            return None
    log.warning("a notification for the gateway %s has a wrong signature", gateway)
    return None


def _accounts(gateway: str, merchant_id: int | None) -> list[Account]:
    """Who may have signed it."""
    if merchant_id is None:
        return [Account(merchant_id=0, test=True)]
    found = [gateway_accounts.for_gateway(merchant_id, gateway, test=test) for test in (False, True)]
    db.session.rollback()                                # nothing is read while the gateway is asked
    return [one for one in found if one.settings]


def take(gateway: str, account: Account, headers: Mapping[str, str], body: bytes) -> bool:
    """Check and process a notification; raises WrongSignature, NoAnswer or Unreadable, and changes nothing then."""
    try:
        told = registry.get(gateway).read_notification(account, headers, body)
        gateway_notifications.check(told)
    except UNEXPECTED as problem:
        raise Unreadable(type(problem).__name__) from problem
    with transaction():
        return gateway_notifications.take(Actor.system(), gateway, account, told)
