"""Writes the mails that tell a user of the dashboard what was changed about signing in."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from blueprints.pages.format import zone
from blueprints.pay.mails.message import Message
from database import db
from domain.people.logins import user_notices
from models.user import User

KINDS = (user_notices.MAIL,)
# What happened, and what it means.
WORDS = {
    user_notices.TWO_FACTOR_ON: (
        "Two-factor authentication was turned on",
        "A code of your app is asked for when you sign in. You are signed out everywhere but where it was turned on."),
    user_notices.TWO_FACTOR_OFF: (
        "Two-factor authentication was turned off", "No code is asked for any more when you sign in."),
    user_notices.TWO_FACTOR_OFF_BY_ADMIN: (
        "Two-factor authentication was turned off", "An administrator did that. You are signed out everywhere."),
    user_notices.CODES_RENEWED: ("New recovery codes were made", "Those of before work no more."),
    user_notices.CODE_USED: (
        "A recovery code was used", "Somebody signed in with it in place of a code of your app."),
}
NOT_YOU = (
    "Was it not you? Sign in and choose another password under My account, which ends all other sessions, and tell an "
    "administrator of your company.")


def of_task(task: Mapping[str, Any], base: str) -> Message | None:
    """The mail of a task; None for a user who is gone for good."""
    user = db.session.get(User, task["user_id"])
    if user is None:
        return None
    at = datetime.fromisoformat(task["at"]).astimezone(zone())
    facts = [("User", user.name or user.email), ("When", f"{at:%-d %B %Y, %H:%M %Z}")]
    if task["ip"]:
        facts.append(("From", task["ip"]))
    return notice(task["change"], task["to"], facts, f"{base}/admin/account")


def notice(change: str, to: str, facts: list[tuple[str, str]], link: str) -> Message:
    """The mail, from what it says."""
    title, under = WORDS[change]
    return Message(
        to=[to], subject=f"{title}, Countinghouse", preview=under, kicker="Signing in", title=title, under=under,
        facts=facts, button="My account", link=link, paragraphs=[NOT_YOU], can_be_answered=False,
        why=f"You get this because {to} signs in to Countinghouse.",
    )
