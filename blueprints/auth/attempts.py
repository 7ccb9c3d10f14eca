"""How often somebody may try: 10 wrong passwords an account and 100 an address, in 15 minutes.

Accounts count as typed, whether or not they exist, so that the limit tells nothing. The counters
live where those of the APIs live, and hold digests instead of names.
"""

from limits import RateLimitItemPerMinute
from limits.storage import storage_from_string
from limits.strategies import MovingWindowRateLimiter

from database.ip_addresses import limited_as
from domain import texts
from domain.errors import LimitExceeded
from domain.vault import vault

WINDOW = 15                                         # minutes
OF_ACCOUNT = RateLimitItemPerMinute(10, WINDOW, namespace="sign-in-account")
OF_ADDRESS = RateLimitItemPerMinute(100, WINDOW, namespace="sign-in-address")


class Attempts:
    """The counters of one process, or of all of them when they share Redis."""

    def __init__(self) -> None:
        self.use("memory://")

    def use(self, storage: str) -> None:
        """Keep the counters at this address; forgets what was counted before."""
        self._limiter = MovingWindowRateLimiter(storage_from_string(storage))

    def begin(self, account: str, address: str) -> None:
        """Count the try before the password is looked at; raises LimitExceeded when it is one too many."""
        address = limited_as(address)
        # The address counts only wrong tries: an office behind one address signs in all morning.
        if not self._limiter.test(OF_ADDRESS, self._key(address)):
            raise too_many(self._wait(OF_ADDRESS, address))
        # The account counts at once: tries in parallel must not slip through between look and count.
        if not self._limiter.hit(OF_ACCOUNT, self._key(account)):
            raise too_many(self._wait(OF_ACCOUNT, account))

    def failed(self, address: str) -> None:
        """It was wrong."""
        self._limiter.hit(OF_ADDRESS, self._key(limited_as(address)))

    def succeeded(self, account: str) -> None:
        """It was right: the account starts afresh, the address does not."""
        self._limiter.clear(OF_ACCOUNT, self._key(account))

    def _wait(self, item: RateLimitItemPerMinute, what: str) -> int:
        return int(self._limiter.get_window_stats(item, self._key(what)).reset_time)

    @staticmethod
    def _key(what: str) -> str:
        return vault.digest(texts.email_key(texts.composed(what)))


def too_many(reset: int) -> LimitExceeded:
    """The refusal, with when to come back (epoch seconds)."""
    return LimitExceeded("Too many tries. Wait a quarter of an hour and try again.", details={"reset": reset})


attempts = Attempts()
