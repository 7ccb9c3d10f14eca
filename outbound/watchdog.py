"""Enforces total deadlines: a read time-out restarts with every byte, so a slow receiver could block without end.

One thread watches all connections and shuts those down whose time is over; a thread that waits on such
a socket gets an end of file at once.
"""

import contextlib
import heapq
import itertools
import socket
import threading
import time
from dataclasses import dataclass, field


@dataclass(order=True)
class Watch:
    """Enforces the deadline of one connection."""

    deadline: float
    number: int
    sock: socket.socket | None = field(compare=False, default=None)
    expired: bool = field(compare=False, default=False)
    lock: threading.Lock = field(compare=False, default_factory=threading.Lock)

    def connected(self, sock: socket.socket) -> None:
        """Watch this socket; shuts it down at once when its deadline has passed.

        A duplicate is watched, because TLS detaches the descriptor of the socket that it wraps.
        """
        self.finish()
        with self.lock:
            self.sock = sock.dup()
        if self.expired:
            self.expire()

    def finish(self) -> None:
        """Stop watching."""
        with self.lock:
            if self.sock is not None:
                self.sock.close()
            self.sock = None

    def expire(self) -> None:
        """Shut the connection down."""
        with self.lock:
            self.expired = True
            if self.sock is not None:
                with contextlib.suppress(OSError):
                    self.sock.shutdown(socket.SHUT_RDWR)


class Watchdog:
    """Watches connections in a thread, which starts with the first watch."""

    def __init__(self) -> None:
        self._heap: list[Watch] = []
        self._changed = threading.Condition()
        self._numbers = itertools.count()
        self._thread: threading.Thread | None = None

    def watch(self, seconds: float) -> Watch:
        """A watch that expires in that many seconds."""
        watch = Watch(time.monotonic() + seconds, next(self._numbers))
        with self._changed:
            heapq.heappush(self._heap, watch)
            if self._thread is None or not self._thread.is_alive():
                self._thread = threading.Thread(target=self._run, name="watchdog", daemon=True)
                self._thread.start()
            self._changed.notify()
        return watch

    def _run(self) -> None:
        while True:
            with self._changed:
                while not self._heap:
                    self._changed.wait()
                pause = self._heap[0].deadline - time.monotonic()
                if pause > 0:
                    self._changed.wait(pause)
                    continue
                watch = heapq.heappop(self._heap)
            watch.expire()


watchdog = Watchdog()
