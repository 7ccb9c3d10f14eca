"""Gives customers their e-mail addresses. Whoever has the address is the customer's first user, without being invited.

An address belongs to one user of one customer of a merchant and world. Whom a customer's user invites has it only once
that person has signed in: until then staff may give it to another customer.
"""

from collections.abc import Iterable

from sqlalchemy import bindparam, select, update

from database import db
from database.inserting import flush_new
from database.reader import Reader
from database.statements import Prepared
from domain import clock, texts
from domain.errors import Conflict, Problem
from domain.listing import touch
from domain.people.logins import customer_notices, customer_sign_ins
from models.customer import Customer
from models.customer_user import CustomerUser


def change(customer: Customer, email: str | None) -> None:
    """Set the address, or take it off; Conflict where a user of another customer has it."""
    if customer.id and email == customer.email and customer.deleted_at is None and customer.email_key is None:
        return                         # a duplicate address from before addresses compared without case
    key = texts.email_key(email) if email else None
    is_asked = key != customer.email_key or (customer.deleted_at is None and customer.id)
    if key is not None and is_asked:
        with db.session.no_autoflush:      # the row is not complete yet
            claim(customer, key)
    customer.email, customer.email_key = email, key
    if customer.id:
        follow(customer)


def claim(customer: Customer, key: str) -> None:
    """Make an address free for a user of the customer; Conflict where somebody else's user has it for certain."""
    other = holder_of(customer, key)
    if other is None:
        return
    if other.is_confirmed:
        raise taken_email()
    customer_sign_ins.end_all(other.id)                 # the invitation, which nobody has used
    db.session.execute(                                 # at once: rows that are new are written before others change
        update(CustomerUser).where(CustomerUser.id == other.id)
        .values(email_key=None, version=CustomerUser.version + 1, updated_at=clock.now()))


_HOLDER = Prepared(select(CustomerUser.id).where(
    CustomerUser.merchant_id == bindparam("merchant_id"), CustomerUser.test == bindparam("test"),
    CustomerUser.email_key == bindparam("key"), CustomerUser.customer_id != bindparam("customer_id")))


def holder_of(customer: Customer, key: str) -> CustomerUser | None:
    """The user of another customer who has an address, as addresses compare, or was invited to it."""
    wanted = {"merchant_id": customer.merchant_id, "test": customer.test, "key": key, "customer_id": customer.id or 0}
    found = Reader().first(_HOLDER, wanted)
    return None if found is None else db.session.get(CustomerUser, found.id)


def taken_email() -> Conflict:
    problem = Problem("taken", "is already used by another customer")
    return Conflict("Another customer already has this e-mail address.", fields={"email": problem})


def begin(customer: Customer) -> None:
    """Give a new customer with an address its first user: the customer's row must have its id."""
    if customer.email is not None and customer.email_key is not None:
        _add_first(customer, customer.email, customer.email_key)
        flush_new(db.session())


def _add_first(customer: Customer, email: str, key: str) -> None:
    now = clock.now()
    db.session.add(CustomerUser(
        merchant_id=customer.merchant_id, test=customer.test, customer=customer, email=email, email_key=key,
        is_first=True, is_confirmed=True, created_at=now, updated_at=now, version=1))


def follow(customer: Customer) -> None:
    """Let the first user have the customer's address: the customer's row must have its id."""
    with db.session.no_autoflush:                       # the customer's row may be half changed
        users = of_customer(customer.id)
    first = next((one for one in users if one.is_first), None)
    email, key = customer.email, customer.email_key
    same = next((one for one in users if key is not None and one.email_key == key), None)
    if first is not None and first is not same and (key is None or same is not None):
        remove(first)
        customer_notices.tell_of_address(first, first.email)
    if email is None or key is None:
        return
    if same is not None:
        same.email, same.is_first, same.is_confirmed = email, True, True
    elif first is not None:
        old = first.email
        first.email, first.email_key = email, key
        if texts.email_key(old) != key:                 # whoever reads the old address, or knows its password
            customer_sign_ins.end_all(first.id)
            first.password_hash = None
            customer_notices.tell_of_address(first, old)
        touch(first)
    else:
        _add_first(customer, email, key)


def of_customer(customer_id: int) -> list[CustomerUser]:
    """The users of a customer, the first one first."""
    return list(db.session.scalars(
        select(CustomerUser).where(CustomerUser.customer_id == customer_id, CustomerUser.deleted_at.is_(None))
        .order_by(CustomerUser.is_first.desc(), CustomerUser.id)))


def at_address(merchant_id: int, email_key: str, *, test: bool = False) -> CustomerUser | None:
    """The user of a customer who has an address for certain, as addresses compare."""
    return db.session.scalar(select(CustomerUser).where(
        CustomerUser.merchant_id == merchant_id, CustomerUser.test.is_(test), CustomerUser.email_key == email_key,
        CustomerUser.is_confirmed,
    )) if email_key else None


def remove(user: CustomerUser) -> None:
    """Mark a user as deleted: signed out at once, and the address is free."""
    customer_sign_ins.end_all(user.id)
    user.deleted_at, user.email_key = clock.now(), None
    touch(user)


def free(customer: Customer) -> None:
    """Let the addresses of a deleted customer be free."""
    for one in of_customer(customer.id):
        one.email_key = None


def take_again(customer: Customer) -> None:
    """Give the addresses back after a deletion was undone; other users whose own was taken stay without."""
    change(customer, customer.email)
    users = [one for one in of_customer(customer.id) if one.email_key is None]
    keys = _free(customer, (texts.email_key(one.email) for one in users))
    for one in users:
        key = texts.email_key(one.email)
        if key in keys:
            keys.remove(key)
            one.email_key = key


def _free(customer: Customer, keys: Iterable[str]) -> set[str]:
    wanted = set(keys)
    taken = select(CustomerUser.email_key).where(
        CustomerUser.merchant_id == customer.merchant_id, CustomerUser.test == customer.test,
        CustomerUser.email_key.in_(wanted))
    return wanted - {one for one in db.session.scalars(taken) if one is not None}
