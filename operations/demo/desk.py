"""Creates the demonstration's tickets, each a short conversation, its customers' domain names, and a second user."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from decimal import Decimal

from sqlalchemy import select

from database import db
from domain.actor import Actor
from domain.hosting import domain_names
from domain.hosting.domain_names import DomainNameInput
from domain.people.logins import customer_users
from domain.people.logins.customer_users import CustomerUserInput
from domain.support import tickets, tickets_of_customer
from domain.support.ticket_listing import LISTING
from domain.support.tickets import ReplyInput
from domain.support.tickets_of_customer import CustomerReplyInput, CustomerTicketInput
from models.customer import Customer
from models.customer_user import CustomerUser
from models.domain_name import DomainStatus
from models.outbox import Task, TaskStatus
from operations.demo import answers
from operations.demo.moments import at

ANSWER, NOTE, REPLY, CLOSED = "answer", "note", "reply", "closed"


@dataclass(frozen=True, slots=True)
class Story:
    """A ticket of so many hours ago, and what followed, each some hours after the one before."""

    hours: float
    department: int                     # 1 support, 2 technical, 3 billing
    priority: int
    subject: str
    message: str
    then: Sequence[tuple[float, str, str]] = ()


STORIES = (
    Story(
        310, 3, 2, "Two payments for one order",
        "Hello,\n\nmy bank shows two payments of the same amount on the same day. Was I charged twice?",
        (
            (2, NOTE, "The second one is the weekly box, due on the same day. Checked in the payments."),
            (0.5, ANSWER, "Hello,\n\nthey belong to two orders that are due on the same day: one is for the studio, "
                          "one for the weekly box. You find both receipts on your order pages."),
            (20, REPLY, "I see, thank you!"),
            (1, CLOSED, ""),
        ),
    ),
    Story(
        122, 2, 3, "The API answers 429 since this morning",
        "Since 9:10 each of our calls is refused with 429. We have not changed anything.",
        (
            (0.7, ANSWER, "Your key may make 1,000 calls an hour, and a job of yours makes one for each product. Ask "
                          "for 100 products at once, then 60 calls are enough."),
            (5, REPLY, "That helped. Could the limit be raised for the season all the same?"),
            (3, ANSWER, "It is 2,000 an hour until the end of January."),
        ),
    ),
    Story(
        30, 1, 2, "How do I change the card?",
        "Our old card ends this month. Where can I enter the new one?",
        ((3, ANSWER, "On the page of your order, under “Change card”. Nothing is charged by that."),
         (14, REPLY, "The page asks for a code of my bank that I do not get on my phone. What can I do?")),
    ),
    Story(
        9, 3, 2, "Invoice with our purchase number",
        "Please write our purchase number PO-7731 on the invoices from now on.",
    ),
    Story(
        3, 1, 4, "Nobody can order",
        "Our shop shows an error for each order since ten minutes. It is the last Sunday of the sale!",
    ),
    Story(
        1.5, 2, 1, "A webhook for changed prices?",
        "Is there an event when a product's price changes? I found product.updated, but it comes for texts as well.",
    ),
)
# Of each of the first customers: days until the name ends, and how it is.
NAMES = ((200, DomainStatus.ACTIVE, True), (21, DomainStatus.ACTIVE, False), (-12, DomainStatus.EXPIRED, False),
         (340, DomainStatus.ACTIVE, True))


def fill(staff: Actor, now: datetime, *, home: bool) -> None:
    """The tickets and domain names of a merchant's customers with orders."""
    buyers = db.session.scalars(
        select(Customer).where(
            Customer.merchant_id == staff.merchant_id, Customer.test == staff.test,
            Customer.email.like("accounts@%"))
        .order_by(Customer.id)).all()
    colleague = _colleague(staff, buyers[0], now) if home else None
    for place, story in enumerate(STORIES if home else STORIES[1:4]):
        buyer = buyers[place % len(buyers)]
        _tell(staff, buyer, story, now, colleague if buyer is buyers[0] else None)
    for buyer, (days, status, renews) in zip(buyers, NAMES, strict=False):
        _domain_name(staff, buyer, now, days, status, renews=renews)
    if home:
        answers.fill(staff, now)


def _colleague(staff: Actor, buyer: Customer, now: datetime) -> CustomerUser:
    """A second user of a customer, who has signed in."""
    host = (buyer.email or "").partition("@")[2]
    with at(now - timedelta(days=70)):
        user = customer_users.create(staff, CustomerUserInput(
            customer_id=buyer.id, email=f"mara@{host}", name="Mara Lind"))
    user.signed_in_at = now - timedelta(hours=8)
    _send_mails(f"customer_{buyer.id}")
    return user


def _tell(staff: Actor, buyer: Customer, story: Story, now: datetime, user: CustomerUser | None) -> None:
    label = f"{user.shown_name} <{user.email}>" if user is not None else f"customer_{buyer.id}"
    customer = replace(
        staff, customer_id=buyer.id, customer_user_id=user.id if user is not None else None, user_id=None, label=label,
        source="client")
    moment = now - timedelta(hours=story.hours)
    with at(moment):
        ticket = tickets_of_customer.create(customer, CustomerTicketInput(
            subject=story.subject, message=story.message, department=story.department, priority=story.priority))
    for hours, what, text in story.then:
        moment += timedelta(hours=hours)
        with at(moment):
            own, row = LISTING.lock(staff, ticket.id)
            if what == REPLY:
                tickets_of_customer.reply(customer, row, CustomerReplyInput(message=text))
            elif what == CLOSED:
                tickets.close(own, row)
            else:
                tickets.take_over(own, row)
                tickets.reply(own, row, ReplyInput(message=text, internal=what == NOTE))
    _send_mails(f"ticket_{ticket.id}")


def _send_mails(about: str) -> None:
    """The mails about a row were sent."""
    db.session.flush()
    for task in db.session.scalars(select(Task).where(Task.about == about, Task.kind == "mail")):
        task.status, task.attempts, task.finished_at = TaskStatus.DONE, 1, task.created_at + timedelta(seconds=2)


def _domain_name(
    actor: Actor, buyer: Customer, now: datetime, days: int, status: DomainStatus, *, renews: bool
) -> None:
    assert buyer.email is not None
    ends = now.date() + timedelta(days=days)
    began = now - timedelta(days=80)
    with at(began):
        domain_names.create(actor, DomainNameInput(
            customer_id=buyer.id, name=buyer.email.partition("@")[2], registrar="Example Registrar", status=status,
            registered_on=(began - timedelta(days=285)).date(), expires_on=ends,
            next_due_on=ends - timedelta(days=30) if renews else None, auto_renew=renews, amount=Decimal("14.50"),
        ))
