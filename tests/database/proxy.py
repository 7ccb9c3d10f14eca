"""A TCP proxy on loopback that can fail on demand."""

import socket
import threading
from contextlib import contextmanager, suppress


class Proxy:
    """Forwards to a server; `silent` and `slow` affect open connections, `silent_for` only earlier ones."""

    def __init__(self, host, port):
        self.target = (host, port)
        self.over, self.moved = threading.Event(), threading.Condition()
        self.is_silent, self.deaf, self.delay = False, set(), 0.0
        self.sockets, self.threads = [], []
        self.listening = socket.create_server(("127.0.0.1", 0), backlog=64)
        self.port = self.listening.getsockname()[1]
        self._start(self._take)

    def silent(self):
        self.is_silent = True

    def half_open(self):
        """Open connections transfer nothing more and stay open; new ones are served."""
        self.deaf = set(self.sockets)

    def slow(self, seconds):
        self.delay = seconds

    def cut(self):
        with suppress(OSError):                     # else the thread in accept() would take one more
            self.listening.shutdown(socket.SHUT_RDWR)
        self.listening.close()
        self._hang_up()

    def well(self):
        with self.moved:
            self.is_silent, self.deaf, self.delay = False, set(), 0.0
            self.moved.notify_all()

    def end(self):
        self.over.set()
        self.well()
        with suppress(OSError):
            self.listening.shutdown(socket.SHUT_RDWR)
        self.listening.close()
        self._hang_up()
        for thread in self.threads:
            thread.join()

    def _hang_up(self):
        for one in self.sockets:
            with suppress(OSError):
                one.shutdown(socket.SHUT_RDWR)

    def _start(self, work, *given):
        self.threads.append(threading.Thread(target=work, args=given))
        self.threads[-1].start()

    def _take(self):
        with suppress(OSError):
            while True:
                here, _ = self.listening.accept()
                there = socket.create_connection(self.target)
                self.sockets += [here, there]
                self._start(self._forward, here, there)
                self._start(self._forward, there, here)

    def _forward(self, source, target):
        with suppress(OSError):
            while data := source.recv(65536):
                if self.delay:
                    self.over.wait(self.delay)
                with self.moved:
                    self.moved.wait_for(lambda: self.over.is_set() or not (self.is_silent or source in self.deaf))
                target.sendall(data)
        with suppress(OSError):
            target.shutdown(socket.SHUT_RDWR)
        source.close()


@contextmanager
def proxying(host, port):
    made = Proxy(host, port)
    try:
        yield made
    finally:
        made.end()
