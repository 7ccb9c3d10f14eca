"""Runs an application in server processes, with a background worker beside them."""

import ctypes
import gc
import logging
import signal
import socket
from collections.abc import Callable
from typing import Any

from server.connections import graceful_server
from server.processes import SIGNALS, fork, until_signal
from server.supervisor import Child, become

FEW_ARENAS = (-8, 2)                # M_ARENA_MAX of mallopt(3): one for each thread takes twenty megabytes more
SERVER, WORKER = "server", "worker"

Replacement = Callable[[str, int], list[str]]       # the command for a SERVER or WORKER on the socket's descriptor


def answer(application: Any, listening: socket.socket, threads: int) -> None:
    """The body of a server process: answer requests until told to stop."""
    logging.getLogger("waitress.queue").setLevel(logging.ERROR)
    getattr(ctypes.CDLL(None), "mallopt", lambda *_: None)(*FEW_ARENAS)
    serving = graceful_server(application, listening, threads)
    until_signal(serving.stop)
    serving.run()


def run(
    application: Any,
    listening: socket.socket,
    replacement: Replacement,
    *,
    workers: int = 1,
    threads: int = 8,
    background: Callable[[], None] | None = None,
) -> None:
    """Fork the first children, which so share what is loaded, and become their parent; never returns.

    `background` is the body of one more process; it must stop on SIGTERM. The caller must have nothing open that
    processes cannot share, such as connections to a database. What it needs open for as long as the server runs, such
    as a lock, has to be inheritable.
    """
    gc.freeze()                                      # memory allocated so far stays shared between the children
    signal.pthread_sigmask(signal.SIG_BLOCK, SIGNALS)
    listening.set_inheritable(True)
    port = listening.fileno()

    def work() -> None:
        listening.close()
        assert background is not None
        background()

    children = [
        Child(f"server {number}", replacement(SERVER, port), fork(lambda: answer(application, listening, threads)))
        for number in range(1, workers + 1)
    ]
    if background is not None:
        children.append(Child("worker", replacement(WORKER, port), fork(work)))
    become(children, port)
