"""Names to addresses, with an end: the system's resolver cannot be told how long it may take.

Each look-up has a thread of its own, which is left behind when time is over; threads that hang
neither take anybody's place nor keep the process from ending.
"""

import socket
import threading
from collections.abc import Callable, Sequence
from queue import Empty, SimpleQueue

Resolve = Callable[[str, int], Sequence[str]]
MOST = threading.BoundedSemaphore(256)       # look-ups at once, those left behind included


def system(host: str, port: int) -> list[str]:
    """Every address that the system knows for a name."""
    found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return list(dict.fromkeys(str(one[4][0]) for one in found))


def within(seconds: float, resolve: Resolve, host: str, port: int) -> Sequence[str]:
    """The addresses of a name; raises TimeoutError when they are not there in time, or what `resolve` raises."""
    answers: SimpleQueue[Sequence[str] | Exception] = SimpleQueue()

    def run() -> None:
        try:
            answers.put(resolve(host, port))
        except Exception as problem:
            answers.put(problem)
        finally:
            MOST.release()

    if not MOST.acquire(timeout=seconds):
        raise TimeoutError("too many host names are being resolved")
    threading.Thread(target=run, name="resolver", daemon=True).start()
    try:
        answer = answers.get(timeout=seconds)
    except Empty:
        raise TimeoutError("the name was not resolved in time") from None
    if isinstance(answer, Exception):
        raise answer
    return answer
