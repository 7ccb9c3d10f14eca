"""Limits sign-in attempts: 10 wrong passwords per account and 100 per address, in 15 minutes.

Accounts count as typed, whether or not they exist, so that the limit does not reveal them; those of customers apart
from those of staff. Codes of staff's second factor have limits of their own, which nobody uses up by typing an account.
The counters are stored with those of the APIs, under digests instead of names.
"""

import time
from dataclasses import dataclass
from functools import lru_cache, partial
from typing import Any

from limits import RateLimitItemPerMinute

from blueprints.shared_counters import counters
from database.ip_addresses import limited_as
from domain import texts
from domain.errors import LimitExceeded
from domain.vault import vault

WINDOW = 15                                         # minutes
OF_ACCOUNT = RateLimitItemPerMinute(10, WINDOW, namespace="sign-in-account")
OF_CUSTOMER = RateLimitItemPerMinute(10, WINDOW, namespace="client-sign-in-account")
OF_CODE = RateLimitItemPerMinute(10, WINDOW, namespace="sign-in-code")      # of staff's second factor
OF_ADDRESS = RateLimitItemPerMinute(100, WINDOW, namespace="sign-in-address")


class Attempts:
    """The counters of wrong passwords, of accounts that are limited by this."""

    def __init__(self, limit: RateLimitItemPerMinute):
        self._limit = limit

    def begin(self, account: str, address: str, device: str | None = None) -> None:
        """Count the attempt before the password is checked; raises LimitExceeded above the limit.

        A device from which the account has signed in before has attempts of its own.
        """
        counters.run(partial(self._begin, self._account(account, device), self._key(limited_as(address))))

    def _begin(self, account: str, address: str, strategy: Any, divisor: int) -> None:
        of_account, of_address = divided(self._limit, divisor), divided(OF_ADDRESS, divisor)
        # The address counts only wrong passwords: a whole office may sign in from one address.
        if not strategy.test(of_address, address):
            raise too_many(strategy.get_window_stats(of_address, address).reset_time)
        # The account counts at once: parallel attempts must not pass between check and count.
        if not strategy.hit(of_account, account):
            raise too_many(strategy.get_window_stats(of_account, account).reset_time)

    def failed(self, address: str) -> None:
        """Count a wrong password for the address."""
        key = self._key(limited_as(address))
        counters.run(lambda strategy, divisor: strategy.hit(divided(OF_ADDRESS, divisor), key))

    def succeeded(self, account: str, device: str | None = None) -> None:
        """Reset the counter of the account or device after a right password, not the address's."""
        key = self._account(account, device)
        counters.run(lambda strategy, divisor: strategy.clear(divided(self._limit, divisor), key))

    def _account(self, account: str, device: str | None) -> str:
        return account_key(account) if device is None else self._key(f"device {device}")

    @staticmethod
    def _key(what: str) -> str:
        return account_key(what)


def account_key(account: str) -> str:
    """The digest that identifies an account, as typed, without its name."""
    return account_keys(account)[0]


def account_keys(account: str) -> list[str]:
    """The same digest under each secret of the installation, the newest first."""
    return vault.digests(texts.email_key(texts.composed(account)))


@lru_cache
def divided(item: RateLimitItemPerMinute, divisor: int) -> RateLimitItemPerMinute:
    """The limit, or a stricter one for a process that counts for itself."""
    if divisor == 1:
        return item
    return RateLimitItemPerMinute(item.amount // divisor, item.multiples, namespace=item.namespace)


def count_all(limits: list[tuple[RateLimitItemPerMinute, str]]) -> None:
    """Count once in each of these limits, each with whom it counts; raises LimitExceeded above one."""
    counters.run(partial(_count, limits))


def _count(limits: list[tuple[RateLimitItemPerMinute, str]], strategy: Any, divisor: int) -> None:
    for whole, key in limits:
        limit = divided(whole, divisor)
        if not strategy.hit(limit, key):
            raise too_many(strategy.get_window_stats(limit, key).reset_time)


@dataclass(frozen=True, slots=True)
class WishLimits:
    """Limits how many links are asked for: by whoever asks, for an address by each of them, and for it in all.

    A browser in which its user has signed in before has a limit of its own: nobody else can use up those of an address.
    """

    caller: RateLimitItemPerMinute
    pair: RateLimitItemPerMinute
    account: RateLimitItemPerMinute
    device: RateLimitItemPerMinute

    def count(self, account: str, address: str, device: str | None) -> None:
        """Count a wish from this IP address; raises LimitExceeded above a limit."""
        if device is not None:
            count_all([(self.device, account_key(device))])
            return
        caller = limited_as(address)
        count_all([
            (self.caller, account_key(caller)), (self.pair, account_key(f"{caller} {account}")),
            (self.account, account_key(account)),
        ])


def too_many(reset: float) -> LimitExceeded:
    """The refusal, with the time of the next attempt (epoch seconds)."""
    wait = max(1, int(reset - time.time()))
    return LimitExceeded(
        "Too many attempts. Wait 15 minutes and try again.", details={"reset": int(reset), "retry_after": wait},
    )


attempts, customer_attempts, code_attempts = Attempts(OF_ACCOUNT), Attempts(OF_CUSTOMER), Attempts(OF_CODE)
