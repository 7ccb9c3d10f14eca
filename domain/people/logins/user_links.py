"""Sends users the links by which they choose a password: who was invited, and who has forgotten the old one."""

from datetime import timedelta

from domain.access import password_links
from domain.outbox import tasks
from models.user import User, UserLink

LASTS = timedelta(hours=1)
INVITATION_LASTS = timedelta(days=7)
MAIL = "user_link"                      # the name of its mail in the outbox


def ask(user: User | None, *, ip: str | None) -> None:
    """Send a link to who has forgotten the password; without a user the same is stored, and nothing sent."""
    _send(password_links.new(user, LASTS, invites=False, ip=ip))


def invite(user: User) -> None:
    """Send an invitation."""
    _send(invitation(user))


def invitation(user: User) -> UserLink:
    """The link of an invitation, to be handed over; those of before work no more."""
    password_links.end_all(user.id)
    return password_links.new(user, INVITATION_LASTS, invites=True, ip=None)


def _send(link: UserLink) -> None:
    if link.user_id is not None:
        tasks.put(
            "mail", lane=f"{MAIL}_{link.user_id}", pool="mail_users", about=f"user_{link.user_id}",
            payload={"mail": MAIL, "link_id": link.id})
