"""Opens the socket that the server listens on, and names its address."""

import os
import socket

BACKLOG = 1024


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


