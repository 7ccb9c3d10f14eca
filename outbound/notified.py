"""Takes notifications of gateways: from their own pages and processes, or read from the network by blueprints."""

from collections.abc import Mapping

from database import transaction
from domain.actor import Actor
from domain.payments.collecting import gateway_notifications
from domain.payments.gateways import Account, registry


def from_test_bank(headers: Mapping[str, str], body: bytes) -> None:
    """Take a notification that the test bank sends from within this process, signed like any other."""
    take("test", Account(merchant_id=0, test=True), headers, body)


def take(gateway: str, account: Account, headers: Mapping[str, str], body: bytes) -> bool:
    """Check and obey a notification; raises WrongSignature or ValueError, and changes nothing then."""
    told = registry.get(gateway).read_notification(account, headers, body)
    with transaction():
        return gateway_notifications.take(Actor.system(), gateway, told)
