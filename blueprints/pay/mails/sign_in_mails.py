"""Writes the mails with which users of customers sign in to the client area: a link, and a code for another device; or
the link of an invitation.
"""

import re
from collections.abc import Mapping
from typing import Any

from blueprints.pay.brand import Seller
from blueprints.pay.mails.message import Message
from database import db
from domain.people.logins import customer_sign_ins
from domain.people.merchant_mails import INVITATION, SIGN_IN
from models.customer import Customer
from models.customer_login import CustomerSignIn

KINDS = (SIGN_IN, INVITATION)
# Customers choose their names and whom they invite: mails in the merchant's name carry no links of theirs.
LINK = re.compile(r"://|www\.|\w\.\w{2,}[/:?#]", re.IGNORECASE)
LINK_OR_HOST = re.compile(rf"{LINK.pattern}|\w\.[^\W\d_]{{2,}}", re.IGNORECASE)
HIDDEN = "••• •••"                       # for users who look at what was sent


def of_task(task: Mapping[str, Any], who: Seller, base: str, *, hides_secrets: bool) -> Message | None:
    """The mail of a task; None where the link was used, is too old, or the user is gone."""
    row = db.session.get(CustomerSignIn, task["sign_in_id"])
    if row is None or row.user is None or row.user.deleted_at is not None or not customer_sign_ins.is_open(row):
        return None
    user = row.user
    link = "" if hides_secrets else f"{base}/client/link/{customer_sign_ins.token_of(row)}"
    if task["mail"] == INVITATION:
        name = None if LINK_OR_HOST.search(user.name or "") else user.name
        return invitation(who, customer=_of(user.customer), email=user.email, name=name, link=link)
    code = "" if hides_secrets else customer_sign_ins.code_of(row)
    return sign_in(who, name=user.shown_name, email=user.email, code=code, link=link, ip=row.ip)


def _of(customer: Customer) -> str:
    """The customer's name, as it may write it; its code where that could be pressed as a link."""
    name = customer.organisation or customer.name
    return customer.code if LINK.search(name) else name


def invitation(who: Seller, *, customer: str, email: str, name: str | None, link: str) -> Message:
    """The mail to a new user, from what it says."""
    days = customer_sign_ins.INVITATION_LASTS.days
    facts = [("Customer", customer), ("Works for", f"{days} days, once")]
    return Message(
        to=[email], reply_to=who.email, subject=f"Your access to {customer} at {who.name}",
        preview=f"Invoices, services and questions of {customer}.", kicker="Invitation",
        title=f"{'Hello ' + name + ', you' if name else 'You'} can sign in at {who.name}",
        under=f"You were added as a user of {customer}: its invoices, services and questions are there.",
        button="Sign in", link=link, facts=facts,
        paragraphs=["You do not know what this is about? Then do nothing."],
        why=f"You get this because somebody added {email} as a user of {customer}.",
    )


def sign_in(who: Seller, *, name: str, email: str, code: str, link: str, ip: str | None) -> Message:
    """The mail, from what it says."""
    minutes = int(customer_sign_ins.LASTS.total_seconds() // 60)
    facts = [("Customer", name), ("Works for", f"{minutes} minutes, once"), ("Works in", "the browser where you asked")]
    if ip:
        facts.append(("Asked from", ip))
    return Message(
        to=[email], reply_to=who.email, subject=f"Sign in at {who.name}",
        preview=f"Your link and your code. They work for {minutes} minutes.", kicker="Sign in",
        title=f"Sign in at {who.name}", amount=f"{code[:3]} {code[3:]}" if code else HIDDEN,
        under="is your code. Type it where you asked for it, or press the button in the same browser.",
        button="Sign in", link=link, facts=facts,
        paragraphs=["You did not ask for this? Then do nothing: without this mail nobody can sign in."],
        why=f"You get this because somebody asked to sign in with {email}.",
    )
