"""Sets the domain's clock to a moment of the past, for rows that came then."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime

from domain import clock


@contextmanager
def at(moment: datetime) -> Iterator[None]:
    """Set the domain's clock to this moment."""
    original = clock.now
    clock.now = lambda: moment
    try:
        yield
    finally:
        clock.now = original
