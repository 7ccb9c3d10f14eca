"""What each user has read of the tickets."""

from datetime import datetime

from sqlalchemy import ForeignKey, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from database import Model, constraints, pk


class TicketRead(Model):
    """When a user last looked at a ticket."""

    __tablename__ = "ticket_reads"
    __table_args__ = constraints(UniqueConstraint("user_id", "ticket_id"))

    id: Mapped[pk]
    user_id: Mapped[int] = mapped_column(ForeignKey("users.id"))
    ticket_id: Mapped[int] = mapped_column(ForeignKey("tickets.id"), index=True)
    read_at: Mapped[datetime]
