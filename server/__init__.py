"""Runs the production server: waitress in forked children on one socket, and one background worker.

The parent binds the port, forks, replaces a child that died, and on SIGTERM stops the children once they
have answered their requests.
"""

import ctypes
import gc
import logging
import os
import signal
import socket
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from server.connections import BACKLOG, graceful_server

STOP_LIMIT = 28.0                   # seconds until the parent ends a child that does not stop
QUICK_EXIT = 1.0                    # seconds; a child that lived shorter is replaced after RESPAWN_PAUSE
RESPAWN_PAUSE = 0.5
PR_SET_PDEATHSIG = 1
FEW_ARENAS = (-8, 2)                # M_ARENA_MAX of mallopt(3): one for each thread takes twenty megabytes more
SIGNALS = (signal.SIGTERM, signal.SIGINT, signal.SIGHUP, signal.SIGCHLD)

log = logging.getLogger("countinghouse.server")


class StartRefused(Exception):
    """The server cannot start; the message is one line for the operator."""


def listen(host: str, port: int) -> socket.socket:
    """The listening socket; refuses a port in use."""
    try:
        family = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0][0]
        both = host == "::" and socket.has_dualstack_ipv6()      # all addresses: those of IPv4 as well
        return socket.create_server((host, port), family=family, backlog=BACKLOG, dualstack_ipv6=both)
    except OSError as problem:
        reason = os.strerror(problem.errno) if problem.errno and problem.errno > 0 else str(problem)
        raise StartRefused(f"Cannot listen on {f'[{host}]' if ':' in host else host}:{port}: {reason}.") from None


def address_of(listening: socket.socket) -> str:
    """The server's URL for a browser on this machine."""
    host, port = listening.getsockname()[:2]
    host = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(host, host)  # noqa: S104  (compared, not bound)
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"


@dataclass
class Child:
    """One forked process, replaced when it dies."""

    name: str
    body: Callable[[], None]
    pid: int = 0
    started: float = 0.0
    due: float = 0.0                                 # monotonic time from which it may be forked again


@dataclass
class Parent:
    """Forks the children and replaces dead ones until it is told to stop."""

    children: list[Child]
    listening: socket.socket
    stopping: bool = field(default=False, init=False)

    def run(self) -> int:
        """Run until a signal; returns the exit status."""
        signal.pthread_sigmask(signal.SIG_BLOCK, SIGNALS)
        while not self.stopping:
            self._fork_missing()
            got = signal.sigtimedwait(SIGNALS, 0.2 if self._missing() else 3600.0)
            self._reap()
            self.stopping = got is not None and got.si_signo != signal.SIGCHLD
        return self._stop()

    def _missing(self) -> list[Child]:
        return [child for child in self.children if not child.pid]

    def _fork_missing(self) -> None:
        for child in self._missing():
            if time.monotonic() >= child.due:
                child.started = time.monotonic()
                child.pid = fork(child.body)

    def _reap(self) -> None:
        for child in self.children:
            if not child.pid:
                continue
            pid, status = os.waitpid(child.pid, os.WNOHANG)
            if pid:
                child.pid = 0
                lived = time.monotonic() - child.started
                child.due = time.monotonic() + (RESPAWN_PAUSE if lived < QUICK_EXIT else 0)
                if not self.stopping:
                    log.warning("%s (%d) ended with %d; replacing it", child.name, pid, code_of(status))

    def _stop(self) -> int:
        self.stopping = True
        self.listening.close()
        deadline = time.monotonic() + STOP_LIMIT
        self._send_to_children(signal.SIGTERM)
        while any(child.pid for child in self.children):
            if time.monotonic() > deadline:
                self._send_to_children(signal.SIGKILL)
            signal.sigtimedwait((signal.SIGCHLD,), 0.2)
            self._reap()
        return 0

    def _send_to_children(self, number: signal.Signals) -> None:
        for child in self.children:
            if child.pid:
                os.kill(child.pid, number)


def fork(body: Callable[[], None]) -> int:
    """Run `body` in a child process that dies with its parent; its process id."""
    parent = os.getpid()
    sys.stdout.flush()
    sys.stderr.flush()
    pid = os.fork()
    if pid:
        return pid
    status = 1
    try:
        die_with_parent(parent)
        signal.pthread_sigmask(signal.SIG_UNBLOCK, SIGNALS)
        body()
        status = 0
    except BaseException:
        log.exception("a child process failed")
    finally:
        # Never return into the parent's stack, nor wait for a thread that hangs.
        logging.shutdown()
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(status)


def wait_for(pid: int) -> int:
    """The exit code of a child, once it has ended."""
    return code_of(os.waitpid(pid, 0)[1])


def code_of(status: int) -> int:
    """A wait status as a shell's exit status: 137 after SIGKILL."""
    return os.WEXITSTATUS(status) if os.WIFEXITED(status) else 128 + os.WTERMSIG(status)


def die_with_parent(parent: int) -> None:
    """Have the kernel end this process when its parent ends, which frees the port."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
    if os.getppid() != parent:                       # it ended before the call
        os._exit(1)


def until_signal(stop: Callable[..., None]) -> None:
    """Call `stop` on the signals of a graceful stop."""
    for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
        signal.signal(number, stop)


def run(
    application: Any,
    listening: socket.socket,
    *,
    workers: int = 1,
    threads: int = 8,
    background: Callable[[], None] | None = None,
) -> int:
    """Serve until told to stop; returns the exit status.

    `background` is the body of one more process; it must stop on SIGTERM. The caller must have
    nothing open that processes cannot share, such as connections to a database.
    """
    logging.getLogger("waitress.queue").setLevel(logging.ERROR)
    gc.collect()
    gc.freeze()                                      # memory allocated so far stays shared with the children

    def answer() -> None:
        getattr(ctypes.CDLL(None), "mallopt", lambda *_: None)(*FEW_ARENAS)
        serving = graceful_server(application, listening, threads)
        until_signal(serving.stop)
        serving.run()

    def work() -> None:
        listening.close()
        assert background is not None
        background()

    children = [Child(f"server {number}", answer) for number in range(1, workers + 1)]
    if background is not None:
        children.append(Child("worker", work))
    return Parent(children, listening).run()
