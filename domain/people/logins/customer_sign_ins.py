"""Lets the users of customers sign in by a link, or a code, that is sent to their address; the link of an invitation is
one too, which works for a week, in any browser.

Both work once, for 15 minutes, and only in the browser that asked. They are derived from a stored nonce and the
installation's secret: whoever reads the database or the outbox has neither.
"""

import hmac
import re
from collections.abc import Callable
from datetime import timedelta

from sqlalchemy import delete, func, select, update

from database import db
from domain import audit, clock, texts
from domain.access import customer_sessions, link_tokens
from domain.access.customer_sessions import Opened
from domain.access.sessions import digest
from domain.people import merchant_mails
from domain.people.merchant_mails import INVITATION, SIGN_IN
from domain.vault import vault
from models.customer_login import CustomerSignIn
from models.customer_user import CustomerUser
from models.merchant import Merchant

LASTS = timedelta(minutes=15)
INVITATION_LASTS = timedelta(days=7)
IN_ANY = ""                             # the digest of any browser: no digest is empty
MOST_TRIES = 5                          # wrong codes for one mail
MOST_GUESSES = 30                       # wrong codes for all mails to a user in a day, from browsers that are unknown
DAY = timedelta(days=1)
KEPT = timedelta(days=1)
LINK = "customer sign-in link"          # what its token is for
KEY = re.compile("[0-9a-f]{1,16}")      # of a merchant's area


def merchant_of(key: str) -> Merchant | None:
    """The merchant whose client area has this key in its address; None also for one that is switched off."""
    return None if not KEY.fullmatch(key) else db.session.scalar(select(Merchant).where(
        Merchant.area_key == key, Merchant.active.is_(True), Merchant.deleted_at.is_(None)))


def only_merchant() -> Merchant | None:
    """The merchant of an installation that has a single one."""
    found = db.session.scalars(
        select(Merchant).where(Merchant.active.is_(True), Merchant.deleted_at.is_(None)).order_by(Merchant.id).limit(2)
    ).all()
    return found[0] if len(found) == 1 else None


def ask(merchant: Merchant, email: str, browser: str, *, test: bool, ip: str | None) -> None:
    """Send a link to the user with this address, if there is one; what is stored is the same otherwise."""
    user, now = known(merchant, email, test=test), clock.now()
    row = CustomerSignIn(
        merchant_id=merchant.id, test=test, nonce=link_tokens.fresh_nonce(), browser_digest=digest(browser), tries=0,
        ip=ip, created_at=now, expires_at=now + LASTS, **_whose(user),
    )
    _send(SIGN_IN, row, user)


def invite(user: CustomerUser) -> None:
    """Send a link to a new user, who has not asked for it."""
    now = clock.now()
    row = CustomerSignIn(
        merchant_id=user.merchant_id, test=user.test, nonce=link_tokens.fresh_nonce(), browser_digest=IN_ANY, tries=0,
        ip=None, created_at=now, expires_at=now + INVITATION_LASTS, **_whose(user),
    )
    _send(INVITATION, row, user)


def _whose(user: CustomerUser | None) -> dict[str, int | None]:
    if user is None:
        return {"customer_id": None, "customer_user_id": None}
    return {"customer_id": user.customer_id, "customer_user_id": user.id}


def _send(name: str, row: CustomerSignIn, user: CustomerUser | None) -> None:
    db.session.add(row)
    db.session.flush()                                  # the task names it by its id
    if user is not None:
        merchant_mails.put(
            name, lane=f"{SIGN_IN}_{row.id}", merchant_id=row.merchant_id, test=row.test,
            about=f"customer_{user.customer_id}", sign_in_id=row.id,
        )


def known(merchant: Merchant, email: str, *, test: bool) -> CustomerUser | None:
    """The user with an address, who may sign in."""
    found = db.session.scalar(select(CustomerUser).where(
        CustomerUser.merchant_id == merchant.id, CustomerUser.test == test, CustomerUser.deleted_at.is_(None),
        CustomerUser.email_key == texts.email_key(texts.composed(email.strip())),
    ))
    return found if found is not None and customer_sessions.may_enter(found, merchant) else None


# What is sent ---------------------------------------------------------------------------------------


def token_of(row: CustomerSignIn) -> str:
    """The end of the link's address."""
    return link_tokens.token_of(row.nonce, LINK)


def code_of(row: CustomerSignIn) -> str:
    """The six digits, for people whose mail is on another device."""
    return _digits(vault.digest(_code(row.nonce)))


def _code(nonce: str) -> str:
    return f"customer sign-in code {nonce}"


def _digits(said: str) -> str:
    return f"{int(said, 16) % 1_000_000:06d}"


# What comes back ------------------------------------------------------------------------------------


def by_token(token: str) -> CustomerSignIn | None:
    """What a link is for, in whatever browser it was opened; None for one that is unknown, used or too old."""
    nonce = link_tokens.nonce_of(token, LINK)
    if nonce is None:
        return None
    row = db.session.scalar(select(CustomerSignIn).where(CustomerSignIn.nonce == nonce))
    return row if row is not None and is_open(row) else None


def is_open(row: CustomerSignIn) -> bool:
    """Whether it can still be used."""
    return row.user is not None and row.used_at is None and row.expires_at > clock.now()


def is_of(row: CustomerSignIn, browser: str) -> bool:
    """Whether it works in this browser: the one that asked for it, or any."""
    return row.browser_digest == IN_ANY or hmac.compare_digest(row.browser_digest, digest(browser))


def by_code(browser: str, code: str, is_known: Callable[[CustomerSignIn], bool]) -> CustomerSignIn | None:
    """What the newest mail that this browser asked for has this code; a wrong one is counted. Inside a transaction.

    `is_known` says whether its user has signed in with this browser before: such a one may go on when others have
    typed too many wrong codes. The link works for everybody.
    """
    row = db.session.scalar(
        select(CustomerSignIn).where(
            CustomerSignIn.browser_digest == digest(browser), CustomerSignIn.used_at.is_(None),
            CustomerSignIn.expires_at > clock.now(),
        ).order_by(CustomerSignIn.id.desc()).limit(1).with_for_update()
    )
    if row is None or row.tries >= MOST_TRIES:
        return None
    typed = "".join(char for char in code if char in "0123456789")
    is_right = any(hmac.compare_digest(typed, _digits(one)) for one in vault.digests(_code(row.nonce)))
    if is_right and row.user is not None and (is_known(row) or _guesses(row) < MOST_GUESSES):
        return row
    row.tries += 1
    return None


def _guesses(row: CustomerSignIn) -> int:
    """How many wrong codes were typed for the user's mails, whoever asked for them."""
    return db.session.scalar(select(func.coalesce(func.sum(CustomerSignIn.tries), 0)).where(
        CustomerSignIn.customer_user_id == row.customer_user_id, CustomerSignIn.created_at > clock.now() - DAY)) or 0


def enter(row: CustomerSignIn, *, ip: str | None, user_agent: str | None) -> Opened | None:
    """Sign in by what a mail brought; None where it was used meanwhile. Inside a transaction."""
    now, user = clock.now(), row.user
    merchant = db.session.get(Merchant, row.merchant_id)
    if user is None or merchant is None or not customer_sessions.may_enter(user, merchant):
        return None
    taken = db.session.scalar(
        update(CustomerSignIn).where(CustomerSignIn.id == row.id, CustomerSignIn.used_at.is_(None))
        .values(used_at=now).returning(CustomerSignIn.id)
    )
    if taken is None:
        return None
    # Earlier mails to the same person open nothing any more.
    db.session.execute(
        update(CustomerSignIn).where(CustomerSignIn.customer_user_id == user.id, CustomerSignIn.used_at.is_(None))
        .values(used_at=now))
    user.is_confirmed = True
    return begin(user, by_link=True, ip=ip, user_agent=user_agent)


def begin(user: CustomerUser, *, by_link: bool, ip: str | None, user_agent: str | None) -> Opened:
    """Begin the session of somebody who was recognised; one that is complete stands in the audit trail."""
    opened = customer_sessions.begin(user, by_link=by_link, ip=ip, user_agent=user_agent)
    if not opened.needs_code:
        note(user, ip)
    return opened


def note(user: CustomerUser, ip: str | None) -> None:
    """Write into the audit trail that a user has signed in."""
    who = customer_sessions.actor_of_user(user, ip=ip)
    audit.record(who, "customer.signed_in", user.customer, merchant_id=user.merchant_id)


def end_all(user_id: int) -> None:
    """End every session of a user, and every link that was sent."""
    customer_sessions.end_all(user_id)
    with db.session.no_autoflush:                       # the customer's row may be half changed
        db.session.execute(
            update(CustomerSignIn).where(CustomerSignIn.customer_user_id == user_id, CustomerSignIn.used_at.is_(None))
            .values(used_at=clock.now()))


def forget_old(limit: int = 5000) -> int:
    """Remove what was asked for over a day ago; returns how many."""
    old = select(CustomerSignIn.id).where(CustomerSignIn.expires_at < clock.now() - KEPT).limit(limit)
    keys = db.session.scalars(old).all()
    db.session.execute(delete(CustomerSignIn).where(CustomerSignIn.id.in_(keys)))
    return len(keys)
