"""Runs the production server: waitress in forked children on one socket, and one background worker.

The parent binds the port, forks, replaces a child that died, and on SIGTERM stops the children once they
have answered their requests. waitress does I/O in one asynchronous thread: slow clients cost no worker thread.
"""

import ctypes
import gc
import logging
import os
import resource
import signal
import socket
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from waitress import wasyncore
from waitress.adjustments import Adjustments
from waitress.channel import HTTPChannel
from waitress.server import TcpWSGIServer
from waitress.task import WSGITask

BACKLOG = 1024
LARGEST_BODY = 32 * 1024 * 1024     # bytes; above the application's own limits, whose errors explain them
LARGEST_HEADER = 64 * 1024          # bytes of all headers together
MOST_CONNECTIONS = 2000
OWN_DESCRIPTORS = 48                # for databases, logs and spool
IDLE_GRACE = 1.0                    # seconds in which a kept-alive connection may still send a request
UPLOAD_GRACE = 5.0                  # seconds for a request that is still arriving
DRAIN_LIMIT = 25.0                  # seconds for a request in progress
STOP_LIMIT = 28.0                   # seconds until the parent ends a child that does not stop
QUICK_EXIT = 1.0                   # seconds; a child that lived shorter is replaced after RESPAWN_PAUSE
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


def room_for_connections() -> int:
    """The number of connections that the limit of open files allows, at most MOST_CONNECTIONS."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = MOST_CONNECTIONS * 2
    if soft != resource.RLIM_INFINITY and soft < wanted:
        soft = wanted if hard == resource.RLIM_INFINITY else min(wanted, hard)
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
    return MOST_CONNECTIONS if soft == resource.RLIM_INFINITY else max(8, min(MOST_CONNECTIONS, soft - OWN_DESCRIPTORS))


# One process that answers


class ClosingTask(WSGITask):  # type: ignore[misc]
    """Sends `Connection: close` once the server is stopping."""

    def build_response_header(self) -> bytes:
        if self.channel.server.stopping:
            self.set_close_on_finish()
        return bytes(super().build_response_header())


class Channel(HTTPChannel):  # type: ignore[misc]
    task_class = ClosingTask

    def is_done(self, since: float) -> bool:
        """Whether this connection may be closed, `since` seconds after the stop was requested."""
        if self.requests or self.total_outbufs_len:
            return False
        return since > (IDLE_GRACE if self.request is None else UPLOAD_GRACE)


class GracefulServer(TcpWSGIServer):  # type: ignore[misc]
    """waitress with a graceful stop: no new connections, all open requests answered, then exit."""

    channel_class = Channel
    stopping = False

    def stop(self, *_: Any) -> None:
        """End the loop at once; for signal handlers."""
        self.stopping = True
        self.pull_trigger()

    def run(self) -> None:
        while not self.stopping:
            self._turn(1)
        self.drain()

    def _turn(self, seconds: float) -> None:
        wasyncore.loop(timeout=seconds, use_poll=True, map=self._map, count=1)

    def drain(self) -> None:
        began = time.monotonic()
        self._accept_pending()
        wasyncore.dispatcher.close(self)             # the port only; open channels stay
        while self.active_channels and (since := time.monotonic() - began) < DRAIN_LIMIT:
            for channel in list(self.active_channels.values()):
                if channel.is_done(since):
                    channel.handle_close()
            self._turn(0.1)
        self.task_dispatcher.shutdown(cancel_pending=True, timeout=1)

    def _accept_pending(self) -> None:
        """Accept connections that the kernel has completed, which would be reset otherwise."""
        for _ in range(BACKLOG):
            before = len(self.active_channels)
            self.handle_accept()
            if len(self.active_channels) == before:
                return


def graceful_server(application: Any, listening: socket.socket, threads: int) -> GracefulServer:
    """A server for a WSGI application on a listening socket."""
    # Forwarded headers stay unchanged: the application trusts as many proxies as the settings say
    # (ProxyFix) and needs them to tell a proxied request from a local one.
    adjustments = Adjustments(
        sockets=[listening], threads=threads, connection_limit=room_for_connections(), backlog=BACKLOG, ident=None,
        asyncore_use_poll=True, channel_timeout=30, cleanup_interval=5, max_request_body_size=LARGEST_BODY,
        max_request_header_size=LARGEST_HEADER, clear_untrusted_proxy_headers=False, log_socket_errors=False,
    )
    info = (listening.family, listening.type, listening.proto, listening.getsockname())
    return GracefulServer(application, {}, True, listening, adj=adjustments, bind_socket=False, sockinfo=info)


# The parent


@dataclass
class Child:
    """One forked process, replaced when it dies."""

    name: str
    body: Callable[[], None]
    pid: int = 0
    born: float = 0.0
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
                child.born = time.monotonic()
                child.pid = fork(child.body)

    def _reap(self) -> None:
        for child in self.children:
            if not child.pid:
                continue
            pid, status = os.waitpid(child.pid, os.WNOHANG)
            if pid:
                child.pid = 0
                lived = time.monotonic() - child.born
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
        server = graceful_server(application, listening, threads)
        until_signal(server.stop)
        server.run()

    def work() -> None:
        listening.close()
        assert background is not None
        background()

    children = [Child(f"server {number}", answer) for number in range(1, workers + 1)]
    if background is not None:
        children.append(Child("worker", work))
    return Parent(children, listening).run()
