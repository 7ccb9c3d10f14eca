"""Says which declines of Stripe are final for a card, and what people are told about them.

Source: https://docs.stripe.com/declines/codes. What is not named here may succeed later.
"""

from collections.abc import Mapping
from typing import Any

from models.payment import Decline

AUTHENTICATE = frozenset({"authentication_required"})        # the customer has to confirm
HARD = frozenset({
    "card_not_supported", "currency_not_supported", "do_not_try_again", "expired_card", "fraudulent",
    "incorrect_address", "incorrect_cvc", "incorrect_number", "incorrect_zip", "invalid_account", "invalid_amount",
    "invalid_cvc", "invalid_expiry_month", "invalid_expiry_year", "invalid_number", "lost_card", "merchant_blacklist",
    "new_account_information_available", "not_permitted", "offline_pin_required", "online_or_offline_pin_required",
    "pickup_card", "restricted_card", "revocation_of_all_authorizations", "revocation_of_authorization",
    "security_violation", "service_not_allowed", "stolen_card", "stop_payment_order", "testmode_decline",
    "transaction_not_allowed",
})
# Whoever holds the card must not learn of these: Stripe asks to show them as any other decline.
UNSAID = frozenset({"fraudulent", "lost_card", "merchant_blacklist", "pickup_card", "stolen_card"})
DECLINED = "The card was declined."


def must_confirm(error: Mapping[str, Any]) -> bool:
    """Whether the customer's bank wants one more step rather than to decline."""
    return bool({error.get("code"), error.get("decline_code")} & AUTHENTICATE)


def kind(error: Mapping[str, Any]) -> Decline:
    """Whether a decline is final for this card."""
    codes = {error.get("decline_code"), error.get("code")}
    is_final = bool(codes & HARD) or error.get("advice_code") == "do_not_try_again"
    return Decline.HARD if is_final else Decline.SOFT


def message(error: Mapping[str, Any]) -> str:
    """What people are told; never why a card is suspected."""
    if error.get("decline_code") in UNSAID:
        return DECLINED
    return str(error.get("message") or DECLINED)
