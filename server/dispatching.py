"""Runs requests in threads: those that may write leave some threads to the others, and a queue that stands is cut.

Up to its capacity a server answers all; a burst waits for its turn. Beyond it a queue only grows, and everybody waits
for as long as it is. So once requests have waited longer than LONGEST_WAIT for STANDING seconds without a pause, new
ones are refused at once until the queue is short again: below FEW, because so many callers who each wait for an answer
before they ask again are slowed down by the queue itself, and below HANGING seconds, however few they are.
"""

import logging
import threading
import time
from collections import deque
from dataclasses import dataclass, field
from typing import Any

from waitress.task import ThreadedTaskDispatcher

LONGEST_WAIT = 0.25                 # seconds in the queue; what waits longer is too much
STANDING = 1.0                      # seconds for which that must last: shorter ones are bursts
HANGING = 2.0                       # seconds; what waits longer is not even a slow turn
FEW = 100                           # requests in a queue that stays short by itself
CALM = 2.0                          # seconds without such waits, after which a burst may queue again
MOST_WAITING = 256                  # requests in the queue, however short they have waited
REFUSALS_IN_ROW = 3                 # then a request has its turn: callers who ask again at once stop no work
READING = ("GET", "HEAD", "OPTIONS")
WRITERS = 3, 4                      # the share of threads that requests of other methods may take

log = logging.getLogger("countinghouse.server")


@dataclass
class Strain:
    """Decides from the waits that are seen whether new requests are refused."""

    is_refusing: bool = field(default=False, init=False)
    refused: int = field(default=0, init=False)
    _long_since: float | None = field(default=None, init=False)     # waits have been too long since then
    _last_long: float = field(default=0.0, init=False)

    def see(self, waited: float, now: float) -> None:
        """Note how long the oldest request has waited at this moment; 0 if there is none."""
        if waited <= LONGEST_WAIT:
            self._long_since = None
            if self.is_refusing and now - self._last_long > CALM:
                self.is_refusing = False
                log.warning("requests are answered again without delay; %d were refused", self.refused)
            return
        self._last_long = now
        if self._long_since is None:
            self._long_since = now
        if not self.is_refusing and now - self._long_since > STANDING:
            self.is_refusing, self.refused = True, 0
            log.warning("more requests arrive than can be answered: some are refused with 503")

    def refuses(self, waited: float, waiting: int) -> bool:
        """Whether a request that arrives now is refused."""
        is_long = waited > HANGING or (waited > LONGEST_WAIT and waiting >= FEW)
        refuses = waiting >= MOST_WAITING or (self.is_refusing and is_long)
        self.refused += refuses
        return refuses


class BoundedDispatcher(ThreadedTaskDispatcher):  # type: ignore[misc]
    """Answers some refusals, then a request: in the order of their arrival, and only some at once may write."""

    def __init__(self) -> None:
        super().__init__()
        self.queue: deque[tuple[float, Any]] = deque()          # with the time of arrival
        self.writes: deque[tuple[float, Any]] = deque()
        self.refusals: deque[tuple[float, Any]] = deque()
        self.writing = 0
        self.most_writing = 1
        self.strain = Strain()
        self._in_row = 0                                        # refusals since the last request
        self._refused_cv = threading.Condition(self.lock)

    def start(self, count: int) -> None:
        """Start the threads, and one for refusals alone, which goes on while all others wait for a database."""
        self.most_writing = max(1, count * WRITERS[0] // WRITERS[1])
        self.set_thread_count(count + 1)

    def offer(self, task: Any, method: str, *, always: bool = False) -> bool:
        """Queue a request, unless it is to be refused; `always` for those that must not be."""
        queue = self.queue if method in READING else self.writes
        now = time.monotonic()
        with self.lock:
            waited = now - queue[0][0] if queue else 0.0
            self.strain.see(max(waited, self._oldest(now)), now)
            if not always and self.strain.refuses(waited, len(queue)):
                return False
            queue.append((now, task))
            self.queue_cv.notify()
        return True

    def refuse(self, task: Any) -> None:
        """Queue what only has to be told that it is refused."""
        with self.lock:
            self.refusals.append((0.0, task))
            self.queue_cv.notify()
            self._refused_cv.notify()

    def handler_thread(self, thread_no: int) -> None:
        while (found := self._next(thread_no)) is not None:
            task, writes = found
            try:
                task.service()
            except BaseException:
                self.logger.exception("Exception when servicing %r", task)
            if writes:
                with self.lock:
                    self.writing -= 1

    def set_thread_count(self, count: int) -> None:
        super().set_thread_count(count)
        with self.lock:
            self._refused_cv.notify_all()

    def shutdown(self, cancel_pending: bool = True, timeout: float = 5) -> bool:
        super().shutdown(cancel_pending=False, timeout=timeout)
        with self.lock:
            for queue in (self.refusals, self.queue, self.writes):
                while cancel_pending and queue:
                    queue.popleft()[1].cancel()
        return cancel_pending

    def _next(self, thread_no: int) -> tuple[Any, bool] | None:
        """The request that a thread answers next, and whether it may write; None when the thread is to end."""
        refuses_only = thread_no == 0
        wakes = self._refused_cv if refuses_only else self.queue_cv
        with self.lock:
            while self.stop_count == 0 and (queue := self._turn(refuses_only)) is None:
                self.active_count -= 1
                wakes.wait()
                self.active_count += 1
            if self.stop_count > 0:
                self.active_count -= 1
                self.stop_count -= 1
                self.threads.discard(thread_no)
                self.thread_exit_cv.notify()
                return None
            assert queue is not None
            now = time.monotonic()
            self.strain.see(self._oldest(now), now)
            writes = queue is self.writes
            self.writing += writes
            if not refuses_only:
                self._in_row = self._in_row + 1 if queue is self.refusals else 0
            return queue.popleft()[1], writes

    def _turn(self, refuses_only: bool) -> deque[tuple[float, Any]] | None:
        """The queue whose turn it is: some refusals, else requests, else refusals."""
        if self.refusals and (refuses_only or self._in_row < REFUSALS_IN_ROW):
            return self.refusals
        return None if refuses_only else self._requests() or self.refusals or None

    def _requests(self) -> deque[tuple[float, Any]] | None:
        """The queue of the older request, if it may begin."""
        if not self.writes or self.writing >= self.most_writing:
            return self.queue or None
        return self.queue if self.queue and self.queue[0][0] <= self.writes[0][0] else self.writes

    def _oldest(self, now: float) -> float:
        """How long the oldest request of both queues has waited."""
        return max((now - queue[0][0] for queue in (self.queue, self.writes) if queue), default=0.0)
