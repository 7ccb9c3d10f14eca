"""The link under which a customer sees a budget and answers it without an account."""

from datetime import datetime
from enum import StrEnum

from sqlalchemy import ForeignKey, Index, String
from sqlalchemy.orm import Mapped, mapped_column, relationship

from database import SECRET, Model, constraints, long_text, partial_index, pk, word
from models.budget import Budget
from models.owned import Owned, Versioned


class Answer(StrEnum):
    ACCEPTED = "accepted"
    DECLINED = "declined"


class BudgetLink(Owned, Versioned, Model):
    """One link; a budget has one that is not withdrawn. It ends when the budget does. The answer is given once."""

    __tablename__ = "budget_links"
    __table_args__ = constraints(
        partial_index("uq_budget_links_budget_id", "budget_id", unique=True, where="withdrawn_at IS NULL"),
        Index("ix_budget_links_budget_id", "budget_id"),
    )

    id: Mapped[pk]
    budget_id: Mapped[int] = mapped_column(ForeignKey("budgets.id"))
    digest: Mapped[str] = mapped_column(String(64), unique=True, info=SECRET)       # HMAC of the token
    token: Mapped[long_text | None] = mapped_column(info=SECRET)                    # encrypted; null once withdrawn
    withdrawn_at: Mapped[datetime | None]

    answer: Mapped[Answer | None] = mapped_column(word(Answer))
    answered_at: Mapped[datetime | None]
    answered_by: Mapped[str | None] = mapped_column(String(100))        # the name as the customer typed it
    comment: Mapped[long_text | None]
    asked_at: Mapped[datetime | None]                                   # the customer asked for a new budget
    asked_for: Mapped[long_text | None]

    budget: Mapped[Budget] = relationship()
