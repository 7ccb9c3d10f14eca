"""Exchange rates: how many units of one currency another was worth on a day."""

from datetime import date, datetime

from sqlalchemy import ForeignKey, Index, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from database import Model, constraints, pk


class ExchangeRate(Model):
    """One day's rate. The reverse is not stored: it is one divided by this, exact to 28 digits."""

    __tablename__ = "exchange_rates"
    __table_args__ = constraints(
        UniqueConstraint("from_id", "to_id", "day"),
        Index("ix_exchange_rates_to_id_from_id_day", "to_id", "from_id", "day"),
    )

    id: Mapped[pk]
    from_id: Mapped[int] = mapped_column(ForeignKey("currencies.id"))
    to_id: Mapped[int] = mapped_column(ForeignKey("currencies.id"))
    day: Mapped[date]
    rate: Mapped[str] = mapped_column(String(40))       # a decimal as text: neither database rounds it
    source: Mapped[str | None] = mapped_column(String(40))
    created_at: Mapped[datetime]
