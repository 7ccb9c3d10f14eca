"""The mails that came in: what each of them became. One that was kept aside can be made a ticket by hand."""

from sqlalchemy import select

from domain.actor import Actor
from domain.errors import Conflict
from domain.lifecycle import Lifecycle
from domain.list_parts import Filter, common_filters
from domain.listing import Listing
from domain.resource import Action, Resource
from domain.support import departments
from domain.support.mails.ticket_receiving import CAME_IN, NO_WORDS, NOBODY, subject_of, user_of
from domain.support.ticket_authors import Author
from domain.support.ticket_writing import Draft, add_ticket
from domain.support.tickets import LONGEST
from models.ticket import AuthorType, Ticket, TicketSource
from models.ticket_mail import MailKind, TicketMail

ASIDE = frozenset({MailKind.KEPT, MailKind.IGNORED})

LISTING = Listing(
    model=TicketMail,
    noun="ticket mail",
    columns={
        **{name: getattr(TicketMail, name) for name in (
            "id", "merchant_id", "test", "kind", "ticket_id", "reply_id", "address", "name", "subject", "text",
            "reason", "refused", "created_at",
        )},
        "ticket_number": Ticket.number,
    },
    joins=((Ticket, Ticket.id == TicketMail.ticket_id),),
    sort={"id": TicketMail.id, "created_at": TicketMail.created_at},
    filters={**common_filters(TicketMail), "kind": Filter(MailKind, lambda bound: TicketMail.kind == bound)},
    customer=None,
    own=select(Ticket.assignee_id).where(Ticket.id == TicketMail.ticket_id).correlate(TicketMail).scalar_subquery(),
    where=(TicketMail.kind.in_(CAME_IN),),
)

LIFE = Lifecycle(noun="ticket_mail")


def make_ticket(actor: Actor, mail: TicketMail) -> TicketMail:
    """Open a ticket with the words of a mail that was kept aside. Conflict for one that is in a ticket."""
    if mail.kind not in ASIDE or mail.ticket_id is not None:
        raise Conflict("This mail is in a ticket already.")
    user = user_of(mail.merchant_id, mail.address_key) if not mail.test else None
    draft = Draft(
        subject=subject_of(mail.subject), message=(mail.text or "").strip()[:LONGEST] or NO_WORDS,
        department=departments.numbered(mail.merchant_id, None, "department"),
        customer_id=user.customer_id if user is not None else None,
    )
    name = user.shown_name if user is not None else mail.name or mail.address or NOBODY
    author = Author(kind=AuthorType.CLIENT, name=name, source=TicketSource.MAIL, sender=mail.address or None)
    ticket = add_ticket(actor, draft, author)
    before = LIFE.snapshot(mail)
    mail.kind, mail.ticket_id, mail.reason = MailKind.CREATED, ticket.id, None
    LIFE.note(actor, "opened", mail, before=before, after=LIFE.snapshot(mail))
    return mail


RESOURCE = Resource(
    name="ticket_mails",
    noun="ticket mail",
    listing=LISTING,
    read_scope="READ_TICKETS",
    write_scope="WRITE_TICKETS",
    actions={
        "make_ticket": Action(
            run=make_ticket, title="Make a ticket of it", past="{} is a ticket now.", icon="ticket", bulk=True,
            offered=lambda actor, row: row.kind in ASIDE and row.ticket_id is None,
        ),
    },
)
