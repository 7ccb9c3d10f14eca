"""Defines the grains: which dimensions each roll-up keeps.

A question reads the coarsest grain that still has the dimensions it filters and groups by, so that
"all requests of 90 days" adds up thousands of cells, not millions. Each grain is aggregated from
the one before it, which is cheaper than from the requests.
"""

import hashlib
import json
from dataclasses import dataclass
from enum import IntEnum
from typing import Any

from sqlalchemy import Connection, Engine, func, select

from analytics.store import shapes

Dims = tuple[Any, ...]

ALWAYS = ("kind", "source", "mode")
DIMS = (
    *ALWAYS, "merchant_id", "key_id", "contract", "operation", "method", "endpoint",
    "status_class", "status", "error_code",
)
STATUS_CLASS = DIMS.index("status_class")


class Kind(IntEnum):
    """The kind of a row. Totals of HTTP requests count only the first."""

    REQUEST = 0
    CALL = 1        # one call of a JSON-RPC batch
    PAGE = 2        # no API call: a page, a document, a redirect


PAGES = "pages"     # the source of those
MOST_MET = 100_000  # raw values cached; callers choose some of them
RPC_ERROR = 6       # the status class of an RPC error with an HTTP success
FIRST_ERROR = 4     # status classes from here on are failures


@dataclass(frozen=True, slots=True)
class Grain:
    """A set of kept dimensions."""

    number: int
    parent: int | None
    keeps: frozenset[str]
    timed: bool = True          # has latency histograms
    errors_only: bool = False


def _grain(number: int, parent: int | None, *keeps: str, **more: bool) -> Grain:
    return Grain(number, parent, frozenset((*ALWAYS, *keeps)), **more)


FULL = Grain(0, None, frozenset(DIMS))
KEY = _grain(1, 0, "merchant_id", "key_id", "contract", "status_class")
ENDPOINT = _grain(2, 0, "merchant_id", "contract", "method", "endpoint", "status_class")
ERROR = _grain(
    3, 0, "merchant_id", "contract", "status_class", "status", "error_code", timed=False, errors_only=True)
MERCHANT = _grain(4, 1, "merchant_id", "contract", "status_class")
MERCHANT_PULSE = _grain(5, 4, "merchant_id")
ALL_ENDPOINT = _grain(6, 2, "contract", "method", "endpoint", "status_class")
ALL = _grain(7, 4, "contract", "status_class")
PULSE = _grain(8, 7)
# In the order of aggregation: a parent comes before its children.
GRAINS = (FULL, KEY, ENDPOINT, ERROR, MERCHANT, MERCHANT_PULSE, ALL_ENDPOINT, ALL, PULSE)
COARSEST_FIRST = (PULSE, ALL, MERCHANT_PULSE, MERCHANT, ALL_ENDPOINT, KEY, ERROR, ENDPOINT, FULL)


def coarsest(needed: frozenset[str], *, timed: bool = False, errors_only: bool = False) -> Grain:
    """The coarsest grain that has these dimensions."""
    return next(
        grain for grain in COARSEST_FIRST
        if needed <= grain.keeps and (grain.timed or not timed) and (errors_only or not grain.errors_only)
    )


class Shapes:
    """Caches the ids of shapes in this process. Use within a transaction of the only writer."""

    def __init__(self) -> None:
        self.ids: dict[tuple[int, Dims], int] = {}
        self.dims: dict[int, Dims] = {}
        self.fresh: list[tuple[Any, ...]] = []
        self.met: dict[Dims, int] = {}          # raw values of records to their shapes
        self._coarser: dict[tuple[int, int], int] = {}
        self._last: tuple[int, str] = (0, "")

    def refresh(self, connection: Connection) -> None:
        """Read the shapes that others have added; start empty if this is another database than before."""
        last, digest = self._last
        if len(self.met) > MOST_MET:
            self.met.clear()
        if last and connection.scalar(select(shapes.c.digest).where(shapes.c.id == last)) != digest:
            self.__init__()  # type: ignore[misc]
            last = 0
        wanted = (shapes.c.id, shapes.c.digest, shapes.c.grain, *(shapes.c[name] for name in DIMS))
        for row in connection.execute(select(*wanted).where(shapes.c.id > last).order_by(shapes.c.id)):
            self._know(row[0], row[2], tuple(row[3:]))
            self._last = (row[0], row[1])

    def id_of(self, grain: int, dims: Dims) -> int:
        """The id of a shape; a new one is added to `fresh`, which the caller stores."""
        known = self.ids.get((grain, dims))
        if known is not None:
            return known
        digest = digest_of(grain, dims)
        number = self._last[0] + 1
        self._know(number, grain, dims)
        self._last = (number, digest)
        self.fresh.append((number, digest, grain, *dims))
        return number

    def coarser(self, shape: int, grain: Grain) -> int:
        """The shape that a finer shape is aggregated into."""
        known = self._coarser.get((shape, grain.number))
        if known is None:
            dims = tuple(
                value if name in grain.keeps else None for name, value in zip(DIMS, self.dims[shape], strict=True))
            known = self._coarser[shape, grain.number] = self.id_of(grain.number, dims)
        return known

    def is_error(self, shape: int) -> bool:
        return bool(self.dims[shape][STATUS_CLASS] >= FIRST_ERROR)

    def _know(self, number: int, grain: int, dims: Dims) -> None:
        self.ids[grain, dims] = number
        self.dims[number] = dims


def digest_of(grain: int, dims: Dims) -> str:
    """A digest that identifies a shape: short enough for an index, and never null."""
    return hashlib.sha1(json.dumps([grain, *dims]).encode(), usedforsecurity=False).hexdigest()


def count_of_shapes(engine: Engine) -> int:
    """The number of shapes, which measures how varied the traffic is."""
    with engine.connect() as connection:
        return connection.scalar(select(func.count()).select_from(shapes)) or 0
