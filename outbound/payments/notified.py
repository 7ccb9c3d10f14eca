"""Takes notifications of gateways: from their own pages and processes, or read from the network by blueprints."""

import logging
from collections.abc import Mapping

from database import transaction
from domain.actor import Actor
from domain.payments import gateway_accounts
from domain.payments.collecting import gateway_notifications
from domain.payments.gateways import Account, WrongSignature, registry

log = logging.getLogger("countinghouse.collecting")


def from_test_bank(headers: Mapping[str, str], body: bytes) -> None:
    """Take a notification that the test bank sends from within this process, signed like any other."""
    take("test", Account(merchant_id=0, test=True), headers, body)


def received(gateway: str, merchant_id: int | None, headers: Mapping[str, str], body: bytes) -> bool | None:
    """Take a notification from the network; None for one with a wrong signature, or that cannot be read.

    A merchant's own key may sign it, so that the address names the merchant; the test bank has one for all.
    """
    if merchant_id is None:
        account = Account(merchant_id=0, test=True)
    else:
        account = gateway_accounts.for_gateway(merchant_id, gateway, test=False)
    try:
        return take(gateway, account, headers, body)
    except (WrongSignature, ValueError, KeyError, TypeError) as problem:
        log.warning("a notification for the gateway %s was refused: %s", gateway, type(problem).__name__)
        return None


def take(gateway: str, account: Account, headers: Mapping[str, str], body: bytes) -> bool:
    """Check and obey a notification; raises WrongSignature or ValueError, and changes nothing then."""
    told = registry.get(gateway).read_notification(account, headers, body)
    with transaction():
        return gateway_notifications.take(Actor.system(), gateway, told)
