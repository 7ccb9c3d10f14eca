"""The request log as metered orders see it: an interface, which the composition root connects to the log itself."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """Which calls of which period are counted. Both ends are at a quarter of an hour; an empty list means any."""

    merchant_id: int
    test: bool
    from_at: datetime
    until_at: datetime
    key_ids: list[int]                       # of none of these keys: nothing is counted
    contracts: list[str]
    endpoints: list[str]
    methods: list[str]
    status_classes: list[int]
    sources: list[str]

    def stored(self) -> dict[str, Any]:
        """As JSON."""
        names = [name for name in self.__slots__ if name not in ("from_at", "until_at")]
        ends = {"from_at": self.from_at.isoformat(), "until_at": self.until_at.isoformat()}
        return {name: getattr(self, name) for name in names} | ends

    @classmethod
    def read(cls, stored: dict[str, Any]) -> "Question":
        ends = {name: datetime.fromisoformat(stored[name]) for name in ("from_at", "until_at")}
        return cls(**stored | ends)


class Counted(Protocol):
    """How many calls there were."""

    @property
    def count(self) -> int: ...

    @property
    def digest(self) -> str:
        """SHA-256 of the rolled-up rows that were added up; docs/metered.md says how it is computed."""

    @property
    def days(self) -> dict[str, int]:
        """The calls of each UTC day that had any."""


class Counter(Protocol):
    """Counts calls in the request log."""

    def is_complete(self) -> bool:
        """Whether every request that was answered until now can be counted; waits a moment for it."""

    def count(self, question: Question) -> Counted | None:
        """The calls of a period; None where the log keeps no rows any more that are as fine as its ends."""


class CallLog:
    """The request log of this installation."""

    def __init__(self) -> None:
        self._counter: Counter | None = None

    def connect(self, counter: Counter) -> None:
        self._counter = counter

    @property
    def counter(self) -> Counter:
        """The counter; raises LookupError before the application has connected one."""
        if self._counter is None:
            raise LookupError("no request log is connected")
        return self._counter


call_log = CallLog()
