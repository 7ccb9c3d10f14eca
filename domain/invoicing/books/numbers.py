"""Gives documents their numbers, in the transaction that issues them: without gaps, whatever is rolled back.

The counter is a row for each series, merchant and world. It changes under the lock of the books: who issues next
waits for the outcome.
"""

from dataclasses import dataclass
from datetime import date

from sqlalchemy import update
from sqlalchemy.dialects import postgresql, sqlite

from database import db
from domain.invoicing.books import chain
from domain.people import invoice_numbering
from models.books import NumberSeries, Series
from models.merchant import Merchant

PATTERNS = {Series.INVOICE: "invoice_pattern", Series.CREDIT_NOTE: "credit_note_pattern"}
UNIQUE = ["merchant_id", "test", "kind", "period"]


@dataclass(frozen=True, slots=True)
class Given:
    """A number, and its place in the series."""

    number: str
    count: int


def take(merchant: Merchant, kind: Series, day: date, *, test: bool) -> Given:
    """The next number of a series. `day` is the issue date, whose year the pattern may have."""
    chain.lock(merchant.id, test=test)
    pattern: str = getattr(merchant, PATTERNS[kind])
    whose = {
        "merchant_id": merchant.id, "test": test, "kind": kind, "period": invoice_numbering.period(pattern, day.year),
    }
    session = db.session()
    insert = (postgresql if session.get_bind().dialect.name == "postgresql" else sqlite).insert(NumberSeries)
    session.execute(insert.values(**whose, last=0).on_conflict_do_nothing(index_elements=UNIQUE))
    count = session.execute(
        update(NumberSeries).filter_by(**whose).values(last=NumberSeries.last + 1).returning(NumberSeries.last),
        execution_options={"synchronize_session": False},
    ).scalar_one()
    return Given(invoice_numbering.number(pattern, count, day.year, test=test), count)
