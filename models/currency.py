"""ISO 4217 currencies, global to all merchants; the id is ISO's numeric code."""

from sqlalchemy import String
from sqlalchemy.orm import Mapped, mapped_column

from database import Model
from database.text_keys import search_key, sort_key


class Currency(Model):
    """A currency and how many decimals its rates, details and totals show."""

    __tablename__ = "currencies"

    id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    code: Mapped[str] = mapped_column(String(3), unique=True)
    name: Mapped[str] = mapped_column(String(100))
    exponent: Mapped[int]
    rates_precision: Mapped[int] = mapped_column(default=6)
    details_precision: Mapped[int] = mapped_column(default=6)
    name_sort: Mapped[str | None] = sort_key("name")
    search_text: Mapped[str | None] = search_key("code", "name")
    historic: Mapped[bool] = mapped_column(default=False)      # no longer money, still in old rates
