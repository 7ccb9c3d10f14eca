"""The parameters of what Stripe is asked: the same at every repetition, or Stripe refuses it."""

from datetime import timedelta
from typing import Any

from domain.payments.gateways import ChargeRequest, CheckoutRequest
from outbound.gateways.stripe_amounts import to_stripe
from outbound.gateways.stripe_answers import KEY, PAGE, UNTIL

SHORTEST_CHECKOUT = timedelta(minutes=40)                # Stripe ends none before half an hour
LONGEST_NAME = 250
ONLY_CARDS = {"allowed_payment_method_types": ["card"]}


def parts(token: str) -> tuple[str, str]:
    """Customer and payment method of a token; raises ValueError for one that Stripe never gave."""
    customer, _, method = token.partition(":")
    if not customer or not method:
        raise ValueError("The card is not known at Stripe.")
    return customer, method


def marks(request: ChargeRequest | CheckoutRequest) -> dict[str, str]:
    """What names our rows at Stripe."""
    marked = {KEY: request.key}
    if request.order_id is not None:
        marked |= {"order": str(request.order_id), "scheduled_payment": str(request.scheduled_payment_id)}
    return marked


def charge(request: ChargeRequest) -> dict[str, Any]:
    """A payment from a card that was kept, while its customer is away."""
    customer, method = parts(request.token)
    params = {
        "amount": to_stripe(request.amount_minor, request.currency), "currency": request.currency.lower(),
        "customer": customer, "payment_method": method,
        "confirm": True, "off_session": True, "metadata": marks(request), **ONLY_CARDS,
    }
    return params | ({"description": request.description[:LONGEST_NAME]} if request.description else {})


def checkout(request: CheckoutRequest, *, known: bool = True) -> dict[str, Any]:
    """A hosted page; the card is kept for later payments of an order. `known` uses the customer that Stripe has."""
    name = request.description[:LONGEST_NAME] or f"Order {request.order_id}"
    price = {
        "currency": request.currency.lower(), "unit_amount": to_stripe(request.amount_minor, request.currency),
        "product_data": {"name": name},
    }
    params = _page(request) | {
        "mode": "payment", "line_items": [{"quantity": 1, "price_data": price}],
        "payment_intent_data": {
            **({"setup_future_usage": "off_session"} if request.order_id is not None else {}),
            "metadata": marks(request) | {PAGE: "yes"}, "description": name,
        },
        "adaptive_pricing": {"enabled": False},          # paid in the order's currency, or it is no payment of it
    }
    return params | _customer(request, known=known)


def setup(request: CheckoutRequest, *, known: bool = True) -> dict[str, Any]:
    """A hosted page that keeps a card and takes no payment."""
    return _page(request) | _customer(request, known=known) | {
        "mode": "setup", "currency": request.currency.lower(), "setup_intent_data": {"metadata": marks(request)},
    }


def _page(request: CheckoutRequest) -> dict[str, Any]:
    """What both kinds of pages have in common."""
    return {
        **ONLY_CARDS, "success_url": request.return_url, "cancel_url": request.cancel_url,
        "client_reference_id": request.key, "metadata": marks(request) | {UNTIL: request.until.isoformat()},
        "expires_at": int((request.until + SHORTEST_CHECKOUT).timestamp()),
    }


def _customer(request: CheckoutRequest, *, known: bool) -> dict[str, Any]:
    """The customer that Stripe has already, or a new one with the address that is known."""
    if known and request.customer_token is not None:
        return {"customer": parts(request.customer_token)[0]}
    email = {"customer_email": request.customer_email} if request.customer_email else {}
    return {"customer_creation": "always"} | email
