"""Writes the mails that tell a user of the dashboard what was changed about signing in."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from blueprints.pages.browsers import browser
from blueprints.pages.format import zone
from blueprints.pay.mails.message import Message
from database import db
from domain.people.logins import user_notices
from models.user import User

KINDS = (user_notices.MAIL,)
# What happened, and what it means.
WORDS = {
    user_notices.PASSWORD_SET: ("A password was set", "You sign in with it from now on."),
    user_notices.PASSWORD_CHANGED: ("Your password was changed", "You are signed out everywhere."),
    user_notices.PASSWORD_BY_ADMIN: (
        "Your password was changed", "An administrator has set another one. You are signed out everywhere."),
    user_notices.OLD_ADDRESS: ("Your address for signing in was changed", "{to} signs nobody in any more."),
    user_notices.NEW_ADDRESS: (
        "Your address for signing in was changed", "You sign in with {to} from now on, and the same password."),
    user_notices.NEW_BROWSER: (
        "You signed in from a new browser", "Nobody has signed in to your account with this browser before."),
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
NOT_WANTED = "Did you not want that? Tell an administrator of your company at once."


def of_task(task: Mapping[str, Any], base: str) -> Message | None:
    """The mail of a task; None for a user who is gone for good."""
    user = db.session.get(User, task["user_id"])
    if user is None:
        return None
    at = datetime.fromisoformat(task["at"]).astimezone(zone())
    facts = [("User", user.name or user.email), ("When", f"{at:%-d %B %Y, %H:%M %Z}")]
    if task["user_agent"] is not None:
        facts.append(("Browser", browser(task["user_agent"])))
    if task["ip"]:
        facts.append(("From", task["ip"]))
    return notice(task["change"], task["to"], facts, f"{base}/admin/account")


def notice(change: str, to: str, facts: list[tuple[str, str]], link: str) -> Message:
    """The mail, from what it says."""
    title, under = WORDS[change]
    under, is_gone = under.format(to=to), change == user_notices.OLD_ADDRESS
    return Message(
        to=[to], subject=f"{title}, Countinghouse", preview=under, kicker="Signing in", title=title, under=under,
        facts=facts, button="" if is_gone else "My account", link="" if is_gone else link,
        paragraphs=[NOT_WANTED if is_gone else NOT_YOU], can_be_answered=False,
        why=f"You get this because {to} {'signed' if is_gone else 'signs'} in to Countinghouse.",
    )
