"""Says who wrote a message of a ticket: the customer, somebody of the merchant, or the sender of a mail."""

from dataclasses import dataclass

from database import db
from domain.actor import Actor
from models.customer import Customer
from models.customer_user import CustomerUser
from models.ticket import AuthorType, TicketSource
from models.user import User

NAMELESS = "Support"                    # staff without a name: an address is nothing for customers


@dataclass(frozen=True, slots=True, kw_only=True)
class Author:
    """The author of one message, as it is stored with it."""

    kind: AuthorType
    name: str
    source: TicketSource
    user_id: int | None = None
    sender: str | None = None           # the address of a mail, or of the customer's user


def of_actor(actor: Actor) -> Author:
    """The author of what an actor writes on pages and by programs."""
    if actor.customer_user_id is not None:
        return of_customer_user(db.session.get_one(CustomerUser, actor.customer_user_id), TicketSource.CLIENT)
    if actor.customer_id is not None:
        customer = db.session.get_one(Customer, actor.customer_id)
        return Author(kind=AuthorType.CLIENT, name=customer.name, source=TicketSource.CLIENT)
    user = db.session.get(User, actor.user_id) if actor.user_id is not None else None
    name = user.name if user is not None and user.name else NAMELESS
    return Author(kind=AuthorType.STAFF, name=name, source=TicketSource.STAFF, user_id=actor.user_id)


def of_customer_user(user: CustomerUser, source: TicketSource) -> Author:
    """One of a customer's people, by name and address."""
    return Author(kind=AuthorType.CLIENT, name=user.shown_name, source=source, sender=user.email)
