"""Creates announcements."""

from database import db, transaction
from domain import inputs
from domain.support import announcements
from models.announcement import Announcement
from tests import cast


def make_announcement(merchant_id, title="Maintenance", content="From **02:00** on.", *, actor=None,
                      status="published", **more):
    sent = {"title": title, "content": content, "status": status, **more}
    with transaction():
        return announcements.create(
            actor or cast.actor_for(merchant_id), inputs.parse(announcements.AnnouncementInput, sent)).id


def act(key, run):
    """Do something with a locked announcement as its merchant's staff."""
    with transaction():
        row = db.session.get(Announcement, key)
        who = cast.actor_for(row.merchant_id).in_world(test=row.test)
        return run(*announcements.LISTING.lock(who, key))


def change(key, **changes):
    act(key, lambda own, row: announcements.update(
        own, row, inputs.changes(announcements.AnnouncementInput, changes)))


def stored(key):
    db.session.expire_all()
    return db.session.get(Announcement, key)
