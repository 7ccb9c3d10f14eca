"""A server that accepts connections and never responds."""

import socket
import threading
from contextlib import contextmanager, suppress


class Silent:
    """Counts those who wait; `end` hangs up on all of them."""

    def __init__(self, listening):
        self.listening = listening
        self.waiting = []
        self.enough = threading.Condition()

    @property
    def port(self):
        return self.listening.getsockname()[1]

    def take(self):
        with suppress(OSError):
            while True:
                connection, _ = self.listening.accept()
                with self.enough:
                    self.waiting.append(connection)
                    self.enough.notify_all()

    def wait_for(self, count):
        with self.enough:
            assert self.enough.wait_for(lambda: len(self.waiting) >= count, timeout=20)

    def end(self):
        with suppress(OSError):
            self.listening.shutdown(socket.SHUT_RDWR)
        self.listening.close()
        for one in self.waiting:
            one.close()


@contextmanager
def silence():
    """Such a server on a free port of this machine."""
    made = Silent(socket.create_server(("127.0.0.1", 0), backlog=64))
    thread = threading.Thread(target=made.take)
    thread.start()
    try:
        yield made
    finally:
        made.end()
        thread.join()
