"""Serves the connections of one process with waitress, which does I/O in one asynchronous thread.

Slow clients cost no worker thread. Told to stop, it answers every request that has begun.
"""

import resource
import socket
import sys
import time
from contextlib import suppress
from io import BytesIO
from typing import Any

from waitress import wasyncore
from waitress.adjustments import Adjustments
from waitress.channel import HTTPChannel
from waitress.server import TcpWSGIServer
from waitress.task import ThreadedTaskDispatcher, WSGITask

from server.dispatching import READING, BoundedDispatcher
from server.listening import BACKLOG
from server.requests import LARGEST_BODY, LARGEST_HEADER, RequestParser

MOST_CONNECTIONS = 2000
OWN_DESCRIPTORS = 48                # for databases, logs and spool
IDLE_GRACE = 1.0                    # seconds in which a kept-alive connection may still send a request
UPLOAD_GRACE = 5.0                  # seconds for a request that is still arriving
DRAIN_LIMIT = 25.0                  # seconds for a request in progress
LIVENESS = "/healthz"               # asks whether the process answers, not whether it can serve
MONITORING = ("/readyz", "/metrics")    # what is asked above all while there is too much to do
BUSY = 503, "The server has more requests than it can answer. Try again in a moment."
MOST_REFUSALS = 100                 # that wait for the application to word them
LINGER = 2 * LARGEST_BODY           # bytes that are read and thrown away after a refusal
LONGEST_IN, LONGEST_OUT = 64 * 1024, 128 * 1024     # bytes of a body, of an answer in memory; the rest is in files
UNREAD = 256 * 1024                 # bytes of answers that the caller has not read: the next request waits for that
REFUSED = "server.refused"          # in the environment: status and sentence, which the application answers
# What is sent without the application: when not even it could answer, or has too many refusals to word.
FAILED = "500 Internal Server Error", b'{"error":"internal_error","message":"An unexpected error occurred."}'
UNABLE = "503 Service Unavailable", b'{"error":"unavailable","message":"' + BUSY[1].encode() + b'"}'


def room_for_connections() -> int:
    """The number of connections that the limit of open files allows, at most MOST_CONNECTIONS."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = MOST_CONNECTIONS * 2
    if soft != resource.RLIM_INFINITY and soft < wanted:
        soft = wanted if hard == resource.RLIM_INFINITY else min(wanted, hard)
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
    return MOST_CONNECTIONS if soft == resource.RLIM_INFINITY else max(8, min(MOST_CONNECTIONS, soft - OWN_DESCRIPTORS))


class ClosingTask(WSGITask):  # type: ignore[misc]
    """Sends `Connection: close` once the server is stopping; has the application answer what is refused.

    So a refusal looks like any other answer, and is logged.
    """

    def build_response_header(self) -> bytes:
        if self.channel.server.stopping:
            self.set_close_on_finish()
        return bytes(super().build_response_header())

    def execute(self) -> None:
        if self.request.refusal is BUSY and self.channel.server.is_flooded:
            self.answer(*UNABLE)
            return
        super().execute()

    def answer(self, status: str, body: bytes) -> None:
        """Answer without the application."""
        self.complete, self.status = True, status
        self.response_headers += [("Content-Type", "application/json"), ("Retry-After", "1")]
        self.content_length = len(body)
        self.write(body)

    def get_environment(self) -> dict[str, Any]:
        environ: dict[str, Any] = super().get_environment()
        if self.request.refusal is not None:
            environ[REFUSED] = self.request.refusal
        return environ


class RefusalTask(ClosingTask):
    """Answers a request that could not be read, and ends its connection."""

    def execute(self) -> None:
        self.set_close_on_finish()
        if self.request.refusal is not None:
            super().execute()
        else:
            self.answer(*FAILED)

    def get_environment(self) -> dict[str, Any]:
        environ = super().get_environment()
        environ["wsgi.input"] = BytesIO()
        return environ


class Channel(HTTPChannel):  # type: ignore[misc]
    parser_class = RequestParser
    task_class = ClosingTask
    error_task_class = RefusalTask
    request: RequestParser | None       # the one that is being read
    refused = False                     # a request of this connection; nothing else is read from it
    lingers = 0                         # bytes that may still arrive; above zero once the answer is sent
    waits = False                       # with the next request, for the caller to read earlier answers

    def received(self, data: bytes) -> bool:
        used: bool = super().received(data)
        self.refused = self.refused or any(request.error for request in self.requests)
        return used

    def give_up(self, *, ended: bool = False) -> None:
        """Have a request refused whose rest does not arrive: in time, or because the caller ended the connection."""
        assert self.request is not None
        with self.requests_lock:
            self.refused = True
            self.request.give_up(ended=ended)
            self.requests.append(self.request)
            self.request = None
        self.server.add_task(self)

    def writable(self) -> bool:
        return bool(super().writable()) or self.waits

    def handle_write(self) -> None:
        super().handle_write()
        if self.waits:
            self.go_on()

    def go_on(self) -> None:
        """Queue the request that waited, once the caller has read enough."""
        with self.requests_lock:
            if self.waits and self.total_outbufs_len <= UNREAD:
                self.waits = False
                if self.connected:
                    self.server.queue(self)

    def readable(self) -> bool:
        return bool(super().readable()) or (self.lingers > 0 and not self.will_close)

    def handle_read(self) -> None:
        if not self.lingers:
            if self.is_cut_off():
                self.give_up(ended=True)
            else:
                super().handle_read()
            return
        with suppress(OSError):
            self.lingers -= len(self.recv(self.adj.recv_bytes)) or self.lingers
        if self.lingers <= 0:
            self.handle_close()

    def handle_close(self) -> None:
        """Close; after a refusal only once the caller has done so, or was read to the end.

        Closing while data arrives would have the kernel reset the connection, and take the answer from a
        caller who has not read it yet. The server closes it anyway after `channel_timeout`.
        """
        if self.refused and self.connected and not self.lingers:
            with suppress(OSError):
                self.socket.shutdown(socket.SHUT_WR)
                self.lingers, self.will_close = LINGER, False
                return
        super().handle_close()

    def is_cut_off(self) -> bool:
        """Whether the caller ended the connection in the middle of a body."""
        if self.request is None or not self.request.is_in_body or self.requests or self.refused:
            return False
        try:
            return not self.socket.recv(1, socket.MSG_PEEK)
        except OSError:
            return False

    def is_stalled(self, since: float) -> bool:
        """Whether a part of a request arrived, and nothing after that moment."""
        return self.request is not None and not (self.requests or self.refused) and self.last_activity < since

    def is_done(self, since: float) -> bool:
        """Whether this connection may be closed, `since` seconds after the stop was requested."""
        if self.requests or self.total_outbufs_len:
            return False
        return since > (IDLE_GRACE if self.request is None else UPLOAD_GRACE)


class GracefulServer(TcpWSGIServer):  # type: ignore[misc]
    """waitress with a graceful stop: no new connections, all open requests answered, then exit."""

    channel_class = Channel
    stopping = False

    def __init__(self, *given: Any, **named: Any):
        super().__init__(*given, **named)
        self._liveness = ThreadedTaskDispatcher()
        self._liveness.set_thread_count(1)

    def add_task(self, task: Channel) -> None:
        """Queue the next request of a connection, unless earlier answers have not been read.

        waitress would make the thread wait for that, so that a few callers who read nothing hold all of them.
        """
        if task.total_outbufs_len > UNREAD:
            task.waits = True
        else:
            self.queue(task)

    def queue(self, task: Channel) -> None:
        """Queue a request, or refuse it when those before it wait for too long.

        Liveness has a thread of its own: it is answered while all others wait for a database.
        """
        request = task.requests[0]
        if len(task.requests) == 1 and request.path == LIVENESS and not request.error:
            self._liveness.add_task(task)
        elif not self.task_dispatcher.offer(
            task, READING[0] if request.error else request.command, always=request.path in MONITORING
        ):
            request.refusal = request.refusal or BUSY
            self.task_dispatcher.refuse(task)

    @property
    def is_flooded(self) -> bool:
        """Whether refusals have to be brief, because too many wait."""
        return len(self.task_dispatcher.refusals) > MOST_REFUSALS

    def maintenance(self, now: float) -> None:
        """Close idle connections; those that are in the middle of a request are answered with 408 before."""
        cutoff = now - self.adj.channel_timeout
        for channel in list(self.active_channels.values()):
            if channel.is_stalled(cutoff):
                channel.give_up()
            elif channel.waits and channel.last_activity < cutoff:
                channel.will_close = True
        super().maintenance(now)

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
        for dispatcher in (self.task_dispatcher, self._liveness):
            dispatcher.shutdown(cancel_pending=True, timeout=1)

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
        inbuf_overflow=LONGEST_IN, outbuf_overflow=LONGEST_OUT, outbuf_high_watermark=sys.maxsize,
    )
    info = (listening.family, listening.type, listening.proto, listening.getsockname())
    dispatcher = BoundedDispatcher()
    dispatcher.start(threads)
    return GracefulServer(
        application, {}, True, listening, dispatcher=dispatcher, adj=adjustments, bind_socket=False, sockinfo=info
    )
