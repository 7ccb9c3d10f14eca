"""Manages the users of customers: the people who sign in to the client area, each with an address of their own.

The first one has the customer's own address, and changes with it. The others are added by staff, or invited by one of
them; a mail with a link tells them.
"""

from datetime import timedelta
from typing import Annotated, Any

from sqlalchemy import func, select

from database import db
from domain import clock, settings, texts
from domain.access import second_factors
from domain.actor import Actor
from domain.errors import Conflict, Invalid, Problem
from domain.inputs import Email, Input, Maybe, NameText, RowId
from domain.lifecycle import Lifecycle
from domain.list_parts import Filter, common_filters
from domain.listing import Listing, touch
from domain.people import customers, samples
from domain.people.logins import customer_emails, customer_notices, customer_sign_ins
from domain.resource import Action, Resource, deletion
from models.customer import Customer
from models.customer_user import CustomerUser

MOST = 100                              # users of a customer
LIFE = Lifecycle(noun="customer_user")


class CustomerUserInput(Input):
    """A user of a customer as staff may write it; the address stays as it is."""

    customer_id: RowId
    email: Email
    name: Maybe[Annotated[str, NameText(100)]] = None


class InvitationInput(Input):
    """A colleague as a customer's user may invite one."""

    email: Email
    name: Maybe[Annotated[str, NameText(100)]] = None


LISTING = Listing(
    model=CustomerUser,
    noun="customer user",
    columns={
        **{
            name: getattr(CustomerUser, name)
            for name in (
                "id", "merchant_id", "test", "customer_id", "email", "email_key", "name", "is_first", "two_factor_at",
                "signed_in_at", "created_at", "updated_at", "version",
            )
        },
        "has_password": CustomerUser.password_hash.is_not(None),
        "customer_name": Customer.name,
    },
    joins=((Customer, Customer.id == CustomerUser.customer_id),),
    sort={"id": CustomerUser.id, "email": CustomerUser.email_sort, "created_at": CustomerUser.created_at},
    filters={
        **common_filters(CustomerUser),
        "customer_id": Filter(int, lambda bound: CustomerUser.customer_id == bound),
        "customer_ids": Filter(list, lambda bound: CustomerUser.customer_id.in_(bound)),
        "email": Filter(str, lambda bound: CustomerUser.email_key == bound, texts.email_key),
        "two_factor": Filter(bool, lambda bound: CustomerUser.two_factor_at.is_not(None) == bound),
    },
    search=(CustomerUser.search_text,),
    customer="customer_id",
    own=select(Customer.created_by_user_id).where(Customer.id == CustomerUser.customer_id).correlate(CustomerUser)
    .scalar_subquery(),
)


def create(actor: Actor, new: CustomerUserInput) -> CustomerUser:
    """A new user of a customer, who gets a mail with a link; Conflict where the address is taken."""
    customer = customers.LISTING.refer(actor, "customer_id", new.customer_id)
    customer_emails.claim(customer, texts.email_key(new.email))
    return _add(actor, customer, new.email, new.name, is_confirmed=True)


def invite(actor: Actor, customer: Customer, new: InvitationInput) -> CustomerUser:
    """A new user whom one of the customer's users invites.

    Nobody learns from it whose other customers' addresses are: one that is taken is added alike, and gets no mail.
    Anybody's address may be typed: until its owner has signed in, nothing that comes from it is the customer's.
    Conflict (`too-many-invitations`) where too many of the last 24 hours were invited, signed in to nothing, and
    perhaps removed again: a customer must not send mails to strangers. The customer's row is locked.
    """
    most, since = settings.get("client_invitations_per_day"), clock.now() - timedelta(days=1)
    done = db.session.scalar(select(func.count()).select_from(CustomerUser).where(
        CustomerUser.customer_id == customer.id, CustomerUser.is_confirmed.is_(False), CustomerUser.created_at > since))
    if (done or 0) >= most:
        people = "1 person" if most == 1 else f"{most} people"
        raise Conflict(
            f"You can invite {people} in 24 hours. Try again later, or ask us to add your colleagues."
            if most else "Ask us to add your colleagues: nobody is invited here.", code="too-many-invitations")
    return _add(actor, customer, new.email, new.name, is_confirmed=False)


def _add(actor: Actor, customer: Customer, email: str, name: str | None, *, is_confirmed: bool) -> CustomerUser:
    key = texts.email_key(email)
    users = customer_emails.of_customer(customer.id)
    if any(texts.email_key(one.email) == key for one in users):
        problem = Problem("taken", "is a user of this customer already")
        raise Conflict("This customer has a user with this address already.", fields={"email": problem})
    if len(users) >= MOST:
        raise Conflict(f"A customer has at most {MOST} users.")
    is_free = customer_emails.holder_of(customer, key) is None
    user = CustomerUser(
        merchant_id=customer.merchant_id, test=customer.test, customer_id=customer.id, email=email,
        email_key=key if is_free else None, name=name, is_first=False, is_confirmed=is_confirmed)
    LIFE.add(actor, user)
    if is_free:
        customer_sign_ins.invite(user)
    return user


def update(actor: Actor, user: CustomerUser, changes: dict[str, Any]) -> CustomerUser:
    """Change the name. Another address is another user's."""
    if changes.get("customer_id", user.customer_id) != user.customer_id:
        raise Invalid.field("customer_id", "cannot be changed: a user belongs to one customer", "fixed")
    if texts.email_key(changes.get("email", user.email)) != texts.email_key(user.email):
        raise Invalid.field("email", "cannot be changed: add a user with the new address", "fixed")
    with LIFE.changing(actor, user):
        if "name" in changes:
            user.name = changes["name"]
    return user


def delete(actor: Actor, user: CustomerUser) -> None:
    """Remove a user: signed out at once. Conflict for the first one, and for the last one there is."""
    if user.is_first:
        raise Conflict("This user has the customer's own address. Change that of the customer instead.")
    if len(customer_emails.of_customer(user.customer_id)) == 1:
        raise Conflict("The last user of a customer cannot be removed.")
    LIFE.note(actor, "deleted", user, before=LIFE.snapshot(user))
    customer_emails.remove(user)


def send_again(actor: Actor, user: CustomerUser) -> CustomerUser:
    """Invite a user once more; Conflict for one who has signed in, or whose address another customer has."""
    if user.signed_in_at is not None or user.email_key is None:
        raise Conflict("Only a user who has never signed in, and whose address is free, is invited again.")
    LIFE.note(actor, "invited", user)
    customer_sign_ins.invite(user)
    return user


def turn_off_second_factor(actor: Actor, user: CustomerUser) -> CustomerUser:
    """Turn the second factor of somebody off who has lost it, and sign the user out; Conflict where it is off."""
    if user.two_factor_at is None:
        raise Conflict("Two-factor authentication is off.")
    second_factors.forget(user)
    touch(user)
    customer_sign_ins.end_all(user.id)
    LIFE.note(actor, "two_factor_off", user)
    customer_notices.tell(user, customer_notices.TWO_FACTOR_OFF_BY_STAFF)
    return user


RESOURCE = Resource(
    name="customer_users",
    noun="customer user",
    listing=LISTING,
    read_scope="READ_CUSTOMERS",
    write_scope="WRITE_CUSTOMERS",
    input=CustomerUserInput,
    sample=samples.CUSTOMER_USER,
    create=create,
    update=update,
    delete=deletion(
        delete, title="Remove", past="{} was removed and signed out.",
        confirm=lambda row: ("The user is signed out at once, and can no longer sign in.",),
    ),
    actions={
        "invite": Action(
            run=send_again, title="Invite again", past="{} was invited again.", icon="mail",
            offered=lambda actor, row: row.signed_in_at is None and row.email_key is not None and not row.is_first,
        ),
        "turn_off_two_factor": Action(
            run=turn_off_second_factor, title="Turn off two-factor", past="Two-factor was turned off for {}.",
            icon="shield-lock", danger=True, lasting=True, offered=lambda actor, row: row.two_factor_at is not None,
            confirm=lambda row: (
                "Do this only for somebody whom you know, and who has lost the phone and the recovery codes. "
                "The user is signed out; a password stays.",),
        ),
    },
)
