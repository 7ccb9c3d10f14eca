"""Manages users: who signs in, with which role, for which merchants."""

from dataclasses import dataclass
from typing import Annotated, Any

from sqlalchemy import func, select

from database import db
from domain import texts
from domain.access import password_links, passwords, second_factors, sessions, tokens
from domain.actor import Actor, All
from domain.errors import Conflict, Forbidden, Invalid, Problem
from domain.inputs import Choice, Email, Input, Maybe, NameText, Networks, OrAbsent, RowId, TimeZone, Truth
from domain.inputs.schema_facts import SchemaFacts
from domain.lifecycle import put_back
from domain.list_parts import among
from domain.people import samples, user_guards
from domain.people.logins import user_links, user_notices, user_second_factors
from domain.people.logins.user_trail import LIFE
from domain.people.user_listing import LISTING
from domain.resource import Action, Resource, deletion, switch
from models.merchant import Merchant
from models.user import Membership, Role, User, UserLink

PASSWORD = SchemaFacts({"format": "password", "minLength": passwords.MINIMUM, "maxLength": passwords.MAXIMUM})
Password = OrAbsent[Annotated[str, PASSWORD]]


class UserInput(Input):
    """A user as an admin may write it; `merchant_ids` are those granted one by one."""

    email: Email
    password: Password = None
    name: Maybe[Annotated[str, NameText(100)]] = None
    role: Annotated[Role, Choice(Role)] = Role.NORMAL
    active: Truth = True
    all_merchants: Truth = False
    merchant_ids: list[RowId] = []
    api_access: Truth = False
    allowed_ips: Networks = []
    timezone: Maybe[TimeZone] = None


@dataclass(frozen=True, slots=True)
class NewUser:
    """A user as `create` stores it."""

    input: UserInput
    password_hash: str                   # empty: the user is invited to choose a password


def hashed(actor: Actor, new: UserInput) -> NewUser:
    """The input with its password hashed, which takes too long for a transaction; raises Invalid."""
    return NewUser(new, passwords.hash_of(new.password) if new.password else "")


def hashed_changes(actor: Actor, changes: dict[str, Any]) -> dict[str, Any]:
    """The changes with a new password hashed, which takes too long for a transaction; raises Invalid."""
    others = {name: value for name, value in changes.items() if name != "password"}
    new = changes.get("password")
    return others if new is None else others | {"password_hash": passwords.hash_of(new)}


def create(actor: Actor, new: NewUser) -> User:
    """A new user, only with merchants that the actor has; without a password, a mail invites to choose one."""
    given = new.input
    user = User(
        password_hash=new.password_hash, token_version=1,
        **{name: getattr(given, name) for name in ("name", "role", "active", "api_access", "allowed_ips", "timezone")},
    )
    _email(user, given.email)
    _grant(actor, user, {"all_merchants": given.all_merchants, "merchant_ids": given.merchant_ids})
    if not user.all_merchants and not user.memberships:
        raise Invalid.field("merchant_ids", "must name at least one merchant", "blank")
    LIFE.add(actor, user)
    for test in (False, True):
        tokens.issue(actor, user, test=test)
    if not user.password_hash:
        user_links.invite(user)
    return user


def invite(actor: Actor, user: User) -> User:
    """Send a link by which the user chooses a password; earlier links work no more."""
    _invitable(user)
    user_links.invite(user)
    LIFE.note(actor, "invited", user)
    return user


def invitation(actor: Actor, user: User) -> UserLink:
    """The same link, to be handed over by the actor."""
    _invitable(user)
    LIFE.note(actor, "invited", user)
    return user_links.invitation(user)


def _invitable(user: User) -> None:
    if not user.active:
        raise Conflict("This user is deactivated. Activate the user first.")


def update(actor: Actor, user: User, changes: dict[str, Any], *, is_proven: bool = False) -> User:
    """Change what was sent, the password hashed; fewer permissions or a new password end the user's sessions.

    `is_proven` says that whoever sets the own password has shown the old one, or has the link to the address.
    """
    if "password" in changes:
        raise TypeError("a password is hashed before the transaction: hashed_changes()")
    if "password_hash" in changes and not is_proven:
        user_guards.forbid_own_password(actor, user)
    had_password = bool(user.password_hash)
    with LIFE.changing(actor, user) as change:
        for name in ("name", "role", "active", "api_access", "allowed_ips", "timezone"):
            if name in changes:
                setattr(user, name, changes[name])
        if "email" in changes:
            _email(user, changes["email"])
        if changes.keys() & {"all_merchants", "merchant_ids"}:
            _grant(actor, user, changes)
        user_guards.forbid_self_lockout(actor, user, change.before)
        user_guards.require_an_operator(user)       # before any flush: it compares with the stored row
        if "password_hash" in changes:
            user.password_hash = changes["password_hash"]
        if _powers(change.before) != _powers(LIFE.snapshot(user)) or "password_hash" in changes:
            user.token_version += 1
            sessions.end_all(user.id)
        if changes.keys() & {"email", "password_hash"}:
            password_links.end_all(user.id)         # they were sent to an address that is no longer this user's
    if "password_hash" in changes:
        LIFE.note(actor, "password_changed", user)
        user_notices.tell_of_password(actor, user, had_one=had_password)
    user_notices.tell_of_address(user, change.before["email"])
    return user


def archive(actor: Actor, user: User) -> User:
    """Deactivate the user: sessions end, tokens are refused."""
    return update(actor, user, {"active": False})


def activate(actor: Actor, user: User) -> User:
    return update(actor, user, {"active": True})


def delete(actor: Actor, user: User) -> None:
    """Delete a user, who can no longer sign in; the audit log keeps the name."""
    with LIFE.removing(actor, user) as change:
        user.active = False
        user_guards.forbid_self_lockout(actor, user, change.before)
        user_guards.require_an_operator(user)
        user.email_key = f"{user.id}:{user.email_key}"[:254]     # the address is free again
        user.token_version += 1
        sessions.end_all(user.id)
        second_factors.forget(user)
        for test in (False, True):
            if tokens.of_user(user.id, test=test) is not None:
                tokens.revoke(actor, user, test=test)


def find_by_email(email: str) -> User | None:
    """The user with an address as somebody typed it, which may be no text at all."""
    if not email.isprintable():
        return None
    key = texts.email_key(texts.composed(email))
    return db.session.scalar(select(User).where(User.email_key == key, User.deleted_at.is_(None)))


def has_password(user_id: int) -> bool:
    """Whether a user has chosen a password, or was given one."""
    return bool(db.session.scalar(select(User.password_hash).where(User.id == user_id)))


def is_empty() -> bool:
    """Whether there is no user yet."""
    return db.session.scalar(select(func.count()).select_from(User)) == 0


def _email(user: User, email: str) -> None:
    key = texts.email_key(email)
    with db.session.no_autoflush:      # the row itself is half written
        other = db.session.scalar(select(User.id).where(User.email_key == key, User.id != (user.id or 0)))
    if other is not None:
        problem = Problem("taken", "is already used by another user")
        raise Conflict("Another user already has this e-mail address.", fields={"email": problem})
    user.email, user.email_key = email, key


def _grant(actor: Actor, user: User, given: dict[str, Any]) -> None:
    """Set a user's merchants, only to those that the actor has."""
    if "all_merchants" in given:
        if given["all_merchants"] and not isinstance(actor.merchant_ids, All) and not user.all_merchants:
            raise Forbidden("Only a user with all merchants can grant all merchants.")
        user.all_merchants = given["all_merchants"]
    if "merchant_ids" not in given:
        return
    wanted = set(given["merchant_ids"])
    with db.session.no_autoflush:      # the row itself is half written
        known = set(db.session.scalars(select(Merchant.id).where(among(Merchant.id, wanted))))
    if not wanted <= known or not all(actor.reaches(one) for one in wanted):
        raise Invalid.field("merchant_ids", "must be merchants that you have yourself", "unknown")
    user.memberships = [one for one in user.memberships if one.merchant_id in wanted]
    have = {one.merchant_id for one in user.memberships}
    user.memberships.extend(Membership(merchant_id=one) for one in sorted(wanted - have))


def _powers(snapshot: dict[str, Any]) -> tuple[Any, ...]:
    return tuple(str(snapshot[name]) for name in ("role", "active", "all_merchants", "merchant_ids"))


RESOURCE = Resource(
    name="users",
    noun="user",
    listing=LISTING,
    read_scope="READ_USERS",
    write_scope="WRITE_USERS",
    input=UserInput,
    sample=samples.USER,
    create=create,
    update=update,
    before_create=hashed,
    before_update=hashed_changes,
    delete=deletion(
        delete, past="{} was deleted; the audit log keeps the name.",
        confirm=lambda row: ("The user is deleted permanently.",),
    ),
    actions={
        "turn_off_two_factor": Action(
            run=user_second_factors.turn_off, title="Turn off two-factor", past="Two-factor was turned off for {}.",
            icon="shield-lock", danger=True, lasting=True,
            offered=lambda actor, row: row.two_factor_at is not None and row.id != actor.user_id,
            confirm=lambda row: (
                "Do this only for somebody whom you know, and who has lost the phone and the recovery codes. "
                "A mail tells the user.",),
        ),
        "invite": Action(
            run=invite, title="Send invitation", past="{} gets a mail with a link to choose a password.", icon="mail",
            offered=lambda actor, row: bool(row.active),
        ),
        **switch(
            archive, activate, is_on=lambda row: bool(row.active), undo=put_back(update, UserInput), keeps="active",
            confirm=lambda row: (
                "The user is signed out, and API tokens are refused until you activate the user again.",),
            titles=("Deactivate", "Activate"), past=("{} was deactivated and signed out.", "{} was activated."),
        ),
    },
)
