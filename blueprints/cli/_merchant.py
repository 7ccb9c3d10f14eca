"""Makes the actor of commands for one merchant."""

from domain.actor import Actor
from domain.people.merchant_listing import LISTING


def for_merchant(merchant_id: int) -> Actor:
    """The operator as actor for one merchant; raises NotFound."""
    operator = Actor.operator()
    LISTING.get(operator, merchant_id)
    return operator.narrowed(merchant_id)
