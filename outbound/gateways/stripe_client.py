"""Asks Stripe by its own library, and turns its errors into four kinds: declined, refused, no answer, out of order.

The library is asked once: what has no answer is asked again by the worker, days later if it must be.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any
from urllib.parse import urlsplit

from domain.payments.gateways import Account, GatewayDown, NoAnswer, Refused

CONNECT_WITHIN, ANSWER_WITHIN = 5.0, 25.0                # seconds
LOOPBACK = ("127.0.0.1", "::1", "localhost")
# These are about the merchant's account and not about the card: no customer is declined for them.
OF_ACCOUNT = frozenset({
    "account_closed", "account_invalid", "api_key_expired", "livemode_mismatch", "platform_api_key_expired",
    "secret_key_required", "testmode_charges_only", "tls_version_unsupported",
})


@dataclass(frozen=True, slots=True)
class Reply:
    """An object of Stripe as plain values; `is_old` says that it was repeated by its idempotency key."""

    body: dict[str, Any]
    is_old: bool = False


class Declined(Exception):
    """The bank declined the card. `intent` is the payment, where Stripe names it."""

    def __init__(self, error: Mapping[str, Any], *, is_old: bool):
        super().__init__(str(error.get("message")))
        self.error, self.is_old = error, is_old
        self.intent: Mapping[str, Any] | None = error.get("payment_intent")


class NotValid(Refused):
    """Stripe does not take these parameters, or does not know the object."""

    def __init__(self, code: str, param: str, message: str):
        super().__init__(message)
        self.code, self.param = code, param


class StripeClient:
    """Asks with the keys of one account. An address other than Stripe's own is for tests: on loopback, never live."""

    def __init__(self, account: Account, address: str = ""):
        key = str(account.settings.get("secret_key") or "")
        if not key:
            raise GatewayDown("No secret key of Stripe has been entered.")
        if is_test(key) is not account.test:
            raise GatewayDown("The secret key of Stripe belongs to the other world.")
        if address and not (account.test and urlsplit(address).hostname in LOOPBACK):
            raise GatewayDown("Only Stripe's own address is used here.")
        self._key, self._address = key, address

    def ask(self, question: Callable[[Any], Any]) -> Reply:
        """The answer to a question; raises Declined, NotValid, or NoAnswer for anything that leaves it open."""
        import stripe  # it takes a second to load, and most processes never ask Stripe

        addresses = {"api": self._address} if self._address else None
        client = stripe.StripeClient(
            self._key, http_client=transport(), max_network_retries=0, base_addresses=addresses
        )
        try:
            answer = question(client.v1)
        except stripe.CardError as problem:
            raise Declined(_error_of(problem), is_old=_is_old(problem.headers)) from None
        except stripe.InvalidRequestError as problem:
            message = str(problem.user_message or "Stripe does not take this.")
            if problem.code in OF_ACCOUNT:
                raise GatewayDown(message) from None
            raise NotValid(problem.code or "", problem.param or "", message) from None
        except stripe.AuthenticationError:
            raise GatewayDown("Stripe does not accept the secret key.") from None
        except stripe.PermissionError:
            raise GatewayDown("The secret key of Stripe may not do this.") from None
        except stripe.APIConnectionError:
            raise GatewayDown("Stripe could not be reached, or did not answer in time.") from None
        except stripe.StripeError as problem:
            status = problem.http_status or "no status"
            raise NoAnswer(f"Stripe gave no usable answer ({status}).") from None
        return Reply(answer.to_dict(), _is_old(answer.last_response.headers if answer.last_response else None))


@lru_cache(maxsize=1)
def transport() -> Any:
    """The connections to Stripe, which each thread keeps open."""
    import stripe  # as above

    stripe.enable_telemetry = False                      # nothing about this machine is told
    return stripe.RequestsClient(timeout=(CONNECT_WITHIN, ANSWER_WITHIN))


def is_test(key: str) -> bool:
    """Whether a secret or restricted key is of Stripe's test mode."""
    return key.partition("_")[2].startswith("test_")


def _error_of(problem: Any) -> dict[str, Any]:
    body = problem.json_body
    return dict(body["error"]) if isinstance(body, dict) and isinstance(body.get("error"), dict) else {}


def _is_old(headers: Mapping[str, str] | None) -> bool:
    return {name.lower(): value for name, value in (headers or {}).items()}.get("idempotent-replayed") == "true"
