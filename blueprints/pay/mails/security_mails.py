"""Writes the mail that tells a customer's user what was changed about signing in."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from blueprints.pages.format import zone
from blueprints.pay.brand import Seller
from blueprints.pay.mails.message import Message
from database import db
from domain.people.logins import customer_notices
from domain.people.merchant_mails import SECURITY
from models.customer import Customer
from models.customer_user import CustomerUser
from models.merchant import Merchant

KINDS = (SECURITY,)
# What happened, and what it means.
WORDS = {
    customer_notices.PASSWORD_SET: ("A password was set", "You can sign in with it, and by links in mails as before."),
    customer_notices.PASSWORD_CHANGED: (
        "Your password was changed", "You are signed out everywhere but where it was changed."),
    customer_notices.TWO_FACTOR_ON: (
        "Two-factor authentication was turned on", "A code of your app is asked for when you sign in."),
    customer_notices.TWO_FACTOR_OFF: (
        "Two-factor authentication was turned off", "No code is asked for any more when you sign in."),
    customer_notices.TWO_FACTOR_OFF_BY_STAFF: (
        "Two-factor authentication was turned off", "{seller} did that for you. You are signed out everywhere."),
    customer_notices.CODES_RENEWED: ("New recovery codes were made", "Those of before work no more."),
    customer_notices.CODE_USED: (
        "A recovery code was used", "Somebody signed in with it in place of a code of your app."),
    customer_notices.NEW_ADDRESS: (
        "Your address for signing in was changed", "You sign in with this one, {to}, from now on. A password that you "
        "had works no more: sign in by a link, then you can set one."),
    customer_notices.OLD_ADDRESS: (
        "Your address for signing in was changed", "{to} signs nobody in any more. You are signed out everywhere."),
}
NOT_YOU = (
    "Was it not you? Sign in by a link, set another password, and see where you are signed in. Or answer this mail.")
NOT_WANTED = "Did you not want that? Then answer this mail."


def of_task(task: Mapping[str, Any], merchant: Merchant, who: Seller, base: str) -> Message | None:
    """The mail of a task; None for a user who is gone for good."""
    user = db.session.get(CustomerUser, task["customer_user_id"])
    if user is None:
        return None
    place = "test" if user.test else "sign-in"
    return notice(
        who, change=task["change"], to=task["to"], name=user.shown_name, customer=_of(user.customer), ip=task["ip"],
        at=datetime.fromisoformat(task["at"]), link=f"{base}/client/{place}/{merchant.area_key}")


def _of(customer: Customer) -> str:
    return customer.organisation or customer.name


def notice(
    who: Seller, *, change: str, to: str, name: str, customer: str, ip: str | None, at: datetime, link: str,
) -> Message:
    """The mail, from what it says."""
    title, under = WORDS[change]
    facts = [("User", name), ("Customer", customer), ("When", f"{at.astimezone(zone()):%-d %B %Y, %H:%M %Z}")]
    if ip:
        facts.append(("From", ip))
    is_gone = change == customer_notices.OLD_ADDRESS
    return Message(
        to=[to], reply_to=who.email, subject=f"{title}, {who.name}", preview=under.format(seller=who.name, to=to),
        kicker="Signing in", title=title, under=under.format(seller=who.name, to=to), facts=facts,
        button="" if is_gone else "Sign in", link="" if is_gone else link,
        paragraphs=[NOT_WANTED if is_gone or change == customer_notices.NEW_ADDRESS else NOT_YOU],
        why=f"You get this because {to} {'signed' if is_gone else 'signs'} in at {who.name}.",
    )
