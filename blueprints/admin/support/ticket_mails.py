"""Pages of the mails that came in."""

from typing import Any

from blueprints.admin.crud.list_filters import ListFilter
from blueprints.admin.crud.listing import Column, ListPage
from blueprints.admin.support import tickets
from domain.support.mails import ticket_mails
from models.ticket_mail import MailKind

KINDS = (
    (MailKind.CREATED.value, "Opened a ticket"), (MailKind.REPLIED.value, "Reply"), (MailKind.KEPT.value, "Kept aside"),
    (MailKind.IGNORED.value, "Ours, came back"),
)


def context(record: Any) -> dict[str, Any]:
    """The page of its ticket."""
    return {"ticket_url": tickets.PAGE.at(record.ticket_id) if record.ticket_id is not None else None}


PAGE = ListPage(
    resource=ticket_mails.RESOURCE,
    title="Mails received",
    group="Support",
    position=187,
    icon="mail",
    about="What came in by mail, and what it became. Mails of programs are kept aside and answered by nobody.",
    columns=(
        Column(name="subject", kind="link", shown=lambda row: row.subject or "(no subject)"),
        Column(name="address", title="From"),
        Column(name="kind", kind="tag", choices=KINDS),
        Column(name="ticket_number", title="Ticket", kind="mono", minor=True),
        Column(name="created_at", title="Came", kind="ago", sort="id"),
    ),
    list_filters=(ListFilter(name="kind", choices=KINDS, read=MailKind),),
    sort="-id",
    tones={"kept": "warn", "ignored": ""},
    name=lambda row: row.subject or "(no subject)",
    show="admin/ticket_mail.html",
    details="admin/_ticket_mail.html",
    context=context,
)
