"""Writes the mail with which a customer signs in to the client area: a link, and a code for another device."""

from collections.abc import Mapping
from typing import Any

from blueprints.pay.brand import Seller
from blueprints.pay.mails.message import Message
from database import db
from domain.people import customer_sign_ins
from models.customer_login import CustomerSignIn

HIDDEN = "••• •••"                       # for users who look at what was sent


def of_task(task: Mapping[str, Any], who: Seller, base: str, *, hides_secrets: bool) -> Message | None:
    """The mail of a task; None where the link was used, is too old, or the customer has no address any more."""
    row = db.session.get(CustomerSignIn, task["sign_in_id"])
    if row is None or row.customer is None or not row.customer.email or not customer_sign_ins.is_open(row):
        return None
    link = "" if hides_secrets else f"{base}/client/link/{customer_sign_ins.token_of(row)}"
    code = "" if hides_secrets else customer_sign_ins.code_of(row)
    return sign_in(who, name=row.customer.name, email=row.customer.email, code=code, link=link, ip=row.ip)


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
