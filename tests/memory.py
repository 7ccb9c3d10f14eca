"""Measures the memory that Python takes for something."""

import tracemalloc
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def bounded_memory(most: int) -> Iterator[None]:
    """Fails if what is done inside takes more bytes at any moment than `most`."""
    tracemalloc.start()
    try:
        yield
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert peak <= most, f"{peak:,} bytes, where {most:,} are allowed"
