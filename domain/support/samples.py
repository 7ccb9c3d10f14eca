"""Sample tickets for the API reference."""

from datetime import UTC, datetime

from domain.resource import Sample
from models.ticket import AuthorType, TicketSource, TicketStatus

ATTACHMENT = {"id": 1, "name": "till.log", "size": 14_213, "mime_type": "text/plain"}
REPLY = {
    "id": 1, "author_type": AuthorType.STAFF, "author_name": "Grace Hopper", "internal": False,
    "message": "Your order is on its way.", "created_at": datetime(2026, 1, 31, 12, tzinfo=UTC),
    "attachments": [ATTACHMENT],
}
TICKET = Sample(
    sent={
        "merchant_id": 1, "customer_id": 1, "subject": "Where is my order?", "department": 1, "priority": 2,
        "message": "I ordered two lamps a week ago.", "assignee_id": None,
        "links": [{"noun": "request", "key": "req_0123456789abcdef"}],
    },
    read_only={
        "number": "TKT-A3F7B2C1", "status": TicketStatus.ANSWERED, "source": TicketSource.CLIENT, "sender": None,
        "replies": [REPLY], "attachments": [],
    },
    changed=("priority",),
)
OF_CUSTOMER = Sample(
    sent={name: TICKET.sent[name] for name in ("subject", "message", "department", "priority")},
    read_only={**TICKET.read_only, "department_name": "Support"},
    changed=("subject",),
)
