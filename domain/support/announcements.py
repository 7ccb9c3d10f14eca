"""Manages announcements: drafts, published ones, also planned for a time to come, and withdrawn ones.

One that names no customers is for all customers of the merchant, also for those who come later.
"""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Annotated, Any

from pydantic import Field
from sqlalchemy import String, and_, bindparam, case, exists, or_, type_coerce

from domain import clock, usage
from domain.actor import Actor
from domain.errors import Conflict, Invalid
from domain.inputs import Choice, Input, Maybe, Moment, OrAbsent, RowId, Title
from domain.lifecycle import Lifecycle
from domain.list_parts import Children, Filter, common_filters
from domain.listing import Listing
from domain.markdown import Markdown
from domain.pages import Query, Record
from domain.people import customers
from domain.resource import Action, Resource, Sample, deletion
from domain.usage import Use
from models.announcement import Announcement, AnnouncementRecipient, AnnouncementStatus
from models.customer import Customer
from models.merchant import Merchant

MOST_RECIPIENTS = 1000
RECENT = 20                             # of a customer
DRAFT, PUBLISHED, WITHDRAWN = AnnouncementStatus.DRAFT, AnnouncementStatus.PUBLISHED, AnnouncementStatus.WITHDRAWN
LIFE = Lifecycle(noun="announcement")
NOW = bindparam("now", type_=Announcement.published_at.type, callable_=lambda: clock.now())


class AnnouncementInput(Input):
    """An announcement as callers may write it. A published one without a time is published at once."""

    title: Title
    content: Markdown
    status: OrAbsent[Annotated[AnnouncementStatus, Choice(AnnouncementStatus)]] = None
    published_at: Maybe[Moment] = None
    customer_ids: Annotated[list[RowId], Field(max_length=MOST_RECIPIENTS)] = []


COLUMNS = {
    name: getattr(Announcement, name)
    for name in (
        "id", "merchant_id", "test", "title", "content", "status", "published_at", "for_all", "created_at",
        "updated_at", "version",
    )
}
LISTING = Listing(
    model=Announcement,
    noun="announcement",
    columns={
        **COLUMNS,
        "state": case((and_(Announcement.status == PUBLISHED, Announcement.published_at > NOW), "planned"),
                      else_=type_coerce(Announcement.status, String())),
    },
    children={
        "recipients": Children(
            AnnouncementRecipient.announcement_id,
            {"customer_id": AnnouncementRecipient.customer_id, "name": Customer.name},
            AnnouncementRecipient.customer_id, AnnouncementRecipient.customer_id == Customer.id),
    },
    sort={
        "created_at": Announcement.created_at, "updated_at": Announcement.updated_at, "id": Announcement.id,
        "title": Announcement.title_sort, "published_at": Announcement.published_at,
    },
    filters={
        **common_filters(Announcement),
        "status": Filter(AnnouncementStatus, lambda bound: Announcement.status == bound),
        "customer_id": Filter(int, lambda bound: _is_for(bound)),
    },
    search=(Announcement.search_text,),
)


def _is_for(bound: Any) -> Any:
    """The clause of announcements for a customer."""
    return or_(Announcement.for_all, exists().where(
        AnnouncementRecipient.announcement_id == Announcement.id, AnnouncementRecipient.customer_id == bound))


# As customers read them.
OF_CUSTOMERS = Listing(
    model=Announcement,
    noun="announcement",
    columns={name: COLUMNS[name] for name in ("id", "title", "content", "published_at", "updated_at", "version")},
    sort={"published_at": Announcement.published_at},
    customer=_is_for,
    where=(Announcement.status == PUBLISHED, Announcement.published_at <= NOW),
)


def recent(actor: Actor, limit: int = RECENT) -> Sequence[Record]:
    """What is published for the customer who asks by now, the newest first; staff reads those of all."""
    return OF_CUSTOMERS.page(actor, Query(sort="published_at", limit=limit)).records


def create(actor: Actor, new: AnnouncementInput) -> Announcement:
    """A new announcement, a draft unless it says otherwise."""
    announcement = Announcement(
        **actor.ownership(), title=new.title, content=new.content, published_at=new.published_at)
    _set_recipients(actor, announcement, new.customer_ids)
    _set_status(announcement, new.status or DRAFT)
    LIFE.add(actor, announcement)
    return announcement


def update(actor: Actor, announcement: Announcement, changes: dict[str, Any]) -> Announcement:
    """Change what was sent; an empty list of customers makes it one for all."""
    with LIFE.changing(actor, announcement):
        for name in ("title", "content"):
            if name in changes:
                setattr(announcement, name, changes[name])
        if "customer_ids" in changes:
            _set_recipients(actor, announcement, changes["customer_ids"])
        if "published_at" in changes:
            announcement.published_at = changes["published_at"]
        _set_status(announcement, changes.get("status") or announcement.status)
    return announcement


def publish(actor: Actor, announcement: Announcement) -> Announcement:
    """Publish it: at its planned time, if that is to come, else now. Conflict for one that is published."""
    if announcement.status is PUBLISHED:
        raise Conflict("This announcement is published already, or planned.")
    with LIFE.changing(actor, announcement, "published"):
        if announcement.published_at is not None and announcement.published_at < clock.now():
            announcement.published_at = None
        _set_status(announcement, PUBLISHED)
    return announcement


def withdraw(actor: Actor, announcement: Announcement) -> Announcement:
    """Show it to customers no more; Conflict for one that is not published."""
    if announcement.status is not PUBLISHED:
        raise Conflict("This announcement is not published.")
    with LIFE.changing(actor, announcement, "withdrawn"):
        announcement.status = WITHDRAWN
    return announcement


def delete(actor: Actor, announcement: Announcement) -> None:
    """Mark the announcement as deleted."""
    LIFE.remove(actor, announcement)


def restore(actor: Actor, announcement: Announcement, was: Mapping[str, Any] | None = None) -> Announcement:
    """Undo of `delete`."""
    with LIFE.restoring(actor, announcement):
        pass
    return announcement


def _put_back(actor: Actor, announcement: Announcement, was: Mapping[str, Any]) -> Announcement:
    """Undo of `publish` and `withdraw`."""
    try:
        status = AnnouncementStatus(str(was.get("status")))
    except ValueError:
        raise Invalid("This cannot be undone.") from None
    return update(actor, announcement, {"status": status})


def _set_status(announcement: Announcement, status: AnnouncementStatus) -> None:
    announcement.status = status
    if status is PUBLISHED and announcement.published_at is None:
        announcement.published_at = clock.now()


def _set_recipients(actor: Actor, announcement: Announcement, keys: Sequence[int]) -> None:
    """Say for which customers it is; raises Invalid for one that the actor cannot reach."""
    wanted = sorted(set(keys))
    found = customers.LISTING.page(actor, Query(filters={"id": wanted}, sort="id", limit=MOST_RECIPIENTS)).records
    if wanted and {one.id for one in found} != set(wanted):
        raise Invalid.field("customer_ids", "must exist", "unknown")
    kept = {one.customer_id: one for one in announcement.recipients}
    announcement.recipients = [
        kept.get(key) or AnnouncementRecipient(
            customer_id=key, merchant_id=announcement.merchant_id, test=announcement.test)
        for key in wanted
    ]
    announcement.for_all = not wanted


usage.register(Merchant, Use("announcement", "announcements", lambda row: usage.rows(Announcement, merchant_id=row.id)))

RESOURCE = Resource(
    name="announcements",
    noun="announcement",
    listing=LISTING,
    read_scope="READ_TICKETS",
    write_scope="WRITE_SUPPORT",
    input=AnnouncementInput,
    sample=Sample(
        sent={
            "merchant_id": 1, "title": "Maintenance on Sunday", "content": "From **02:00 to 04:00 UTC**.",
            "status": DRAFT, "published_at": datetime(2026, 1, 31, 12, tzinfo=UTC), "customer_ids": [1],
        },
        changed=("title",),
    ),
    create=create,
    update=update,
    actions={
        "publish": Action(
            run=publish, title="Publish", past="{} was published.", icon="world", bulk=True, primary=True,
            undo=_put_back, keeps=("status",),
            offered=lambda actor, row: row.status != PUBLISHED,
        ),
        "withdraw": Action(
            run=withdraw, title="Withdraw", past="{} was withdrawn.", icon="eye-off", bulk=True,
            undo=_put_back, keeps=("status",),
            offered=lambda actor, row: row.status == PUBLISHED,
        ),
    },
    delete=deletion(delete, undo=restore, bulk=True),
)
