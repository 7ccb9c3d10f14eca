"""Writes the mail by which a user of the dashboard chooses a password; the installation sends it, no merchant."""

from collections.abc import Mapping
from typing import Any

from blueprints.pay.brand import Seller
from blueprints.pay.mails.message import Message
from database import db
from domain.access import password_links
from domain.people import brand
from domain.people.logins import user_links
from models.user import UserLink

KINDS = (user_links.MAIL,)
SENDER = Seller(
    name="Countinghouse", legal_name="Countinghouse", address="", tax_number=None, email=None, phone=None, website=None,
    footer=None, colour=brand.USUAL,
)


def of_task(task: Mapping[str, Any], base: str, *, hides_secrets: bool) -> Message | None:
    """The mail of a task; None where the link was used, is too old, or the user is gone or deactivated."""
    link = db.session.get(UserLink, task["link_id"])
    if link is None or link.user is None or not password_links.is_open(link):
        return None
    address = "" if hides_secrets else f"{base}/login/link/{password_links.token_of(link)}"
    if link.invites:
        return invitation(link.user.email, address)
    return forgotten(link.user.email, address, link.ip)


def invitation(email: str, address: str) -> Message:
    """The mail to a user who was created, or invited again."""
    return Message(
        to=[email], subject="Your access to Countinghouse", preview="Choose a password, and sign in.",
        kicker="Invitation", title="You can sign in to Countinghouse",
        under="Somebody gave you access to the billing dashboard. Choose a password to sign in.",
        button="Choose a password", link=address,
        facts=[("User", email), ("Works for", f"{user_links.INVITATION_LASTS.days} days, once")],
        paragraphs=["You do not know what this is about? Then do nothing."], can_be_answered=False,
        why=f"You get this because somebody made {email} a user of Countinghouse.",
    )


def forgotten(email: str, address: str, ip: str | None) -> Message:
    """The mail to a user who has forgotten the password."""
    facts = [("User", email), ("Works for", "1 hour, once")]
    if ip:
        facts.append(("Asked from", ip))
    return Message(
        to=[email], subject="Choose a new password for Countinghouse", preview="The link works once, for an hour.",
        kicker="Forgotten password", title="Choose a new password",
        under="Your old password works until you have chosen another one. You are then signed out everywhere.",
        button="Choose a password", link=address, facts=facts,
        paragraphs=["You did not ask for this? Then do nothing: without this mail nobody can change your password."],
        can_be_answered=False, why=f"You get this because somebody asked for a new password for {email}.",
    )
