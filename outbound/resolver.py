"""Resolves names with a timeout, which the system's resolver does not support.

Each look-up has a thread of its own, which is abandoned after the timeout; threads that hang
neither block other look-ups nor keep the process from ending.
"""

import socket
import threading
from collections.abc import Callable, Sequence
from queue import Empty, SimpleQueue

Resolve = Callable[[str, int], Sequence[str]]
MOST = threading.BoundedSemaphore(256)       # look-ups at once, abandoned ones included


def system(host: str, port: int) -> list[str]:
    """Every address of a name from the system's resolver."""
    found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return list(dict.fromkeys(str(one[4][0]) for one in found))


def within(seconds: float, resolve: Resolve, host: str, port: int) -> Sequence[str]:
    """The addresses of a name; raises TimeoutError after the timeout, or what `resolve` raises."""
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
