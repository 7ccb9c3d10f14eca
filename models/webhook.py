"""Webhooks: endpoints, deliveries and their attempts."""

from datetime import datetime
from enum import StrEnum

from sqlalchemy import ForeignKey, Index, String
from sqlalchemy.orm import Mapped, mapped_column, relationship

from database import SECRET, Model, constraints, long_text, pk, word
from database.text_keys import search_key, sort_key
from models.credential import Credential
from models.outbox import Task
from models.owned import Owned, Removable, Versioned


class EndpointStatus(StrEnum):
    ACTIVE = "active"
    PAUSED = "paused"            # by a person; what happens meanwhile is held
    DISABLED = "disabled"        # by the program: gone (410), or too many failures in a row


class Endpoint(Owned, Versioned, Removable, Model):
    """A receiver. A key's webhook URL is one, with `credential_id`."""

    __tablename__ = "webhook_endpoints"

    id: Mapped[pk]
    credential_id: Mapped[int | None] = mapped_column(ForeignKey("credentials.id"), index=True)
    url: Mapped[str] = mapped_column(String(2048))
    description: Mapped[str | None] = mapped_column(String(500))
    events: Mapped[list[str]] = mapped_column(default=list)                 # empty: all of them
    status: Mapped[EndpointStatus] = mapped_column(
        word(EndpointStatus),
        default=EndpointStatus.ACTIVE,
    )
    disabled_reason: Mapped[str | None] = mapped_column(String(200))
    failures_in_row: Mapped[int] = mapped_column(default=0)
    failing_since: Mapped[datetime | None]                                  # the first of these failures
    waits_until: Mapped[datetime | None]                                    # the receiver asked for time
    wait_reason: Mapped[str | None] = mapped_column(String(200))
    secret: Mapped[long_text] = mapped_column(info=SECRET)                  # encrypted
    previous_secret: Mapped[long_text | None] = mapped_column(info=SECRET)  # encrypted, signs too until…
    previous_until: Mapped[datetime | None]
    created_by_user_id: Mapped[int | None] = mapped_column(ForeignKey("users.id"))
    url_sort: Mapped[str | None] = sort_key("url")
    search_text: Mapped[str | None] = search_key("url", "description")

    credential: Mapped[Credential | None] = relationship()


class Delivery(Owned, Model):
    """One event for one endpoint. The body is written once: every attempt sends the same bytes."""

    __tablename__ = "webhook_deliveries"
    __table_args__ = constraints(
        Index("ix_webhook_deliveries_merchant_id_test_created_at", "merchant_id", "test", "created_at"),
        Index("ix_webhook_deliveries_endpoint_id_test_merchant_id", "endpoint_id", "test", "merchant_id", "created_at"),
        Index("ix_webhook_deliveries_created_at_id_test", "created_at", "id", "test"),
        Index("ix_webhook_deliveries_resource", "resource", "created_at"),
    )

    id: Mapped[pk]
    endpoint_id: Mapped[int] = mapped_column(ForeignKey("webhook_endpoints.id"))
    task_id: Mapped[int | None] = mapped_column(ForeignKey("outbox_tasks.id"), unique=True)
    message_id: Mapped[str] = mapped_column(String(40), unique=True)        # webhook-id: the same for every attempt
    event: Mapped[str] = mapped_column(String(100))
    resource: Mapped[str] = mapped_column(String(80))                       # budget_12
    body: Mapped[long_text]
    created_at: Mapped[datetime]

    task: Mapped[Task | None] = relationship()
    endpoint: Mapped[Endpoint] = relationship()


class Attempt(Model):
    """One try: what was sent, what came back, how long it took."""

    __tablename__ = "webhook_attempts"

    id: Mapped[pk]
    delivery_id: Mapped[int] = mapped_column(ForeignKey("webhook_deliveries.id"), index=True)
    number: Mapped[int]
    started_at: Mapped[datetime]
    duration_ms: Mapped[int]
    address: Mapped[str | None] = mapped_column(String(64))                 # the IP that was connected to
    status_code: Mapped[int | None]
    error: Mapped[str | None] = mapped_column(String(300))
    request_headers: Mapped[dict[str, str]]
    response_headers: Mapped[dict[str, str]]
    response_body: Mapped[long_text]                                        # the first 1,000 characters
