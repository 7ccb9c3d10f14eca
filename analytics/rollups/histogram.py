"""Packs latency histograms in logarithmic buckets, which merge by addition.

Bucket i holds durations from GROWTH**i to GROWTH**(i+1) microseconds, so its middle differs by at
most 2 % from any of them. Few durations are stored as the list of their buckets, two bytes each, and
merge by concatenation. Many are one integer with a 32-bit field for each bucket: two of them merge
by adding two integers, which runs in C whatever the number of buckets.
"""

import sys
from array import array
from collections import Counter
from collections.abc import Iterable, Sequence
from math import ceil, log

GROWTH = 1.04
BUCKETS = 600                                # the last begins at 4.6 hours
LAST_US = GROWTH ** (BUCKETS - 1)            # where the last one begins, which holds everything above
FIELD = 32                                   # bits: four thousand million requests in one bucket
MANY = 64                                    # durations, from which fields are shorter than a list
_WIDTH = FIELD // 8
_SCALE = 1 / log(GROWTH)
_LIST, _FIELDS = b"\0", b"\1"


def bucket_of(duration_us: int) -> int:
    """The bucket of a duration in microseconds."""
    if duration_us <= 1:
        return 0
    return min(BUCKETS - 1, int(log(duration_us) * _SCALE))


def middle_us(bucket: int) -> float:
    """The duration that represents a bucket, in microseconds; the first holds 0 and 1."""
    return float(GROWTH ** (bucket + 0.5)) if bucket else 1.0


def _number(buckets: Iterable[int]) -> int:
    """Durations, given by their buckets, as one integer."""
    counts = Counter(buckets)
    first = min(counts)
    fields = array("I", bytes(_WIDTH * (max(counts) - first + 1)))
    for bucket, count in counts.items():
        fields[bucket - first] = count
    return int.from_bytes(fields.tobytes(), sys.byteorder) << (FIELD * first)


def _fields(packed: bytes) -> int:
    return int.from_bytes(packed[3:], "little") << (FIELD * int.from_bytes(packed[1:3], "little"))


def _listed(packed: bytes) -> "array[int]":
    found = array("H")
    found.frombytes(packed[1:])
    if sys.byteorder == "big":
        found.byteswap()
    return found


def added(packed: bytes | None, buckets: Sequence[int]) -> bytes:
    """A packed histogram (None: an empty one) and more durations, packed for the database."""
    if packed is None or packed[:1] == _LIST:
        if (len(packed) // 2 if packed else 0) + len(buckets) <= MANY:
            more = array("H", buckets)
            if sys.byteorder == "big":
                more.byteswap()
            return (packed or _LIST) + more.tobytes()
        total = _number([*_listed(packed), *buckets] if packed else buckets)
    else:
        total = _fields(packed) + _number(buckets)
    first = ((total & -total).bit_length() - 1) // FIELD
    total >>= first * FIELD
    return _FIELDS + first.to_bytes(2, "little") + total.to_bytes((total.bit_length() + 7) // 8, "little")


class Merger:
    """Adds up packed histograms."""

    __slots__ = ("_few", "_total")

    def __init__(self) -> None:
        self._total = 0
        self._few = array("H")

    def add(self, packed: bytes) -> None:
        if packed[:1] == _LIST:
            self._few.extend(_listed(packed))
        else:
            self._total += _fields(packed)

    def counts(self) -> list[tuple[int, int]]:
        """The buckets that are not empty, with their counts, in ascending order."""
        if self._few:
            self._total += _number(self._few)
            self._few = array("H")
        data = self._total.to_bytes((self._total.bit_length() + FIELD - 1) // FIELD * _WIDTH, sys.byteorder)
        fields = array("I", data)
        return [(bucket, count) for bucket, count in enumerate(fields) if count]

    def quantiles(self, shares: tuple[float, ...], longest_us: int) -> tuple[float | None, ...]:
        """The quantiles (µs) by nearest rank; None without durations."""
        counts = self.counts()
        total = sum(count for _, count in counts)
        if not total:
            return (None,) * len(shares)
        return tuple(min(_ranked(counts, max(1, ceil(share * total))), float(longest_us)) for share in shares)


def _ranked(counts: list[tuple[int, int]], rank: int) -> float:
    for bucket, count in counts:
        rank -= count
        if rank <= 0:
            return middle_us(bucket)
    return middle_us(counts[-1][0])
