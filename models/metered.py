"""Metered periods: which API calls of a period an order bills, how many there were, and what they cost."""

from dataclasses import asdict, dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import JSON, BigInteger, ForeignKey, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from database import Model, constraints, minor, partial_index, pk
from models.order import Order, ScheduledPayment
from models.owned import Owned, Versioned
from models.product import MeteredScheme


@dataclass(frozen=True, slots=True, kw_only=True)
class Tier:
    """The calls up to a number, the last one without end; what each costs, and what the tier costs once."""

    up_to: int | None
    unit_price_micro: int = 0
    flat_minor: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Calls:
    """Which calls are counted. An empty list means any; without keys those of the order's customer."""

    key_ids: list[int] = field(default_factory=list)
    contracts: list[str] = field(default_factory=list)
    endpoints: list[str] = field(default_factory=list)
    methods: list[str] = field(default_factory=list)
    status_classes: list[int] = field(default_factory=list)
    sources: list[str] = field(default_factory=list)


@dataclass(frozen=True, slots=True, kw_only=True)
class Terms:
    """What a line of a metered order agreed on: prices, percentages (ten-thousandths) and the calls."""

    scheme: MeteredScheme
    tiers: list[Tier]
    ceiling_minor: int | None = None
    discount_percent: int | None = None          # of what the calls cost
    fee_percent: int | None = None
    code_percent: int | None = None              # by a discount code, of what is left then
    code_minor: int | None = None
    calls: Calls = field(default_factory=Calls)

    @classmethod
    def read(cls, stored: dict[str, Any]) -> "Terms":
        """The terms as an order's line stores them."""
        return cls(
            **stored | {
                "scheme": MeteredScheme(stored["scheme"]), "tiers": [Tier(**one) for one in stored["tiers"]],
                "calls": Calls(**stored["calls"]),
            },
        )

    def stored(self) -> dict[str, Any]:
        return asdict(self) | {"scheme": self.scheme.value}


class MeteredPeriod(Owned, Versioned, Model):
    """One period of a metered order. What was counted never changes; it can be counted again and compared."""

    __tablename__ = "metered_periods"
    __table_args__ = constraints(
        UniqueConstraint("scheduled_payment_id"),
        partial_index(
            "ix_metered_periods_until_at", "until_at", "id",
            where="counted_at IS NULL AND test_clock_id IS NULL",
        ),
        partial_index(
            "ix_metered_periods_test_clock_id", "test_clock_id", "until_at", "id",
            where="test_clock_id IS NOT NULL",
        ),
    )

    id: Mapped[pk]
    order_id: Mapped[int] = mapped_column(ForeignKey("orders.id"), index=True)
    scheduled_payment_id: Mapped[int] = mapped_column(ForeignKey("scheduled_payments.id"))
    test_clock_id: Mapped[int | None] = mapped_column(ForeignKey("test_clocks.id"))      # the order's
    from_at: Mapped[datetime]                                        # both at a quarter of an hour
    until_at: Mapped[datetime]                                       # exclusive
    terms: Mapped[dict[str, Any]] = mapped_column(JSON)              # as Terms, of the day the period was counted
    question: Mapped[dict[str, Any] | None] = mapped_column(JSON(none_as_null=True))     # exactly what was counted
    counted_at: Mapped[datetime | None]
    count: Mapped[int | None] = mapped_column(BigInteger)
    digest: Mapped[str | None] = mapped_column(String(64))           # of the rows of the log that were added up
    days: Mapped[dict[str, int] | None] = mapped_column(JSON(none_as_null=True))         # calls of each UTC day
    price_minor: Mapped[minor | None]                                # of the calls
    discount_minor: Mapped[minor | None]
    fee_minor: Mapped[minor | None]

    order: Mapped[Order] = relationship()
    scheduled_payment: Mapped[ScheduledPayment] = relationship()

    @property
    def amount_minor(self) -> int | None:
        """What was billed; None while it is not known."""
        if self.price_minor is None:
            return None
        return self.price_minor - (self.discount_minor or 0) + (self.fee_minor or 0)
