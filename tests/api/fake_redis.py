"""Servers on a free port that imitate a failing Redis in different ways."""

import socket
import threading
import time
from contextlib import contextmanager, suppress


def refused(connection, over):
    raise AssertionError("nobody listens")


def cut(connection, over):
    connection.recv(100)


def hung(connection, over):
    over.wait()


def garbage(connection, over):
    while connection.recv(65536):
        connection.sendall(b"HTTP/1.1 400 Bad Request\r\n\r\n")


def numbers(connection, over):
    """Replies that are well-formed, but to no command."""
    while connection.recv(65536):
        connection.sendall(b":1\r\n" * 4)


def loading(connection, over):
    while connection.recv(65536):
        connection.sendall(b"-LOADING Redis is loading the dataset in memory\r\n")


def slow(connection, over):
    """A byte now and then, which no time-out of a single read notices."""
    connection.sendall(b"+")
    while not over.wait(0.05):
        connection.sendall(b"O")


KINDS = (refused, cut, hung, garbage, numbers, loading, slow)


@contextmanager
def serving(kind):
    """The address of a server of this kind."""
    listening, over, threads = socket.create_server(("127.0.0.1", 0), backlog=64), threading.Event(), []
    address = f"redis://127.0.0.1:{listening.getsockname()[1]}/0"

    def one(connection):
        with connection, suppress(OSError):
            kind(connection, over)

    def take():
        with suppress(OSError):
            while True:
                connection, _ = listening.accept()
                connection.settimeout(10)
                threads.append(threading.Thread(target=one, args=(connection,)))
                threads[-1].start()

    if kind is refused:
        listening.close()
    taker = threading.Thread(target=take)
    taker.start()
    try:
        yield address
    finally:
        over.set()
        with suppress(OSError):
            listening.shutdown(socket.SHUT_RDWR)
        listening.close()
        taker.join()
        for thread in threads:
            thread.join()


def took(work):
    """Seconds."""
    began = time.perf_counter()
    work()
    return time.perf_counter() - began
