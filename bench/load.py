"""Sends a bounded load to a loopback server: by wrk where it is installed, else by processes of our own."""

import multiprocessing
import random
import re
import shutil
import socket
import subprocess
import tempfile
import time
from dataclasses import dataclass
from urllib.parse import urlsplit

CONNECTIONS = 8
NUMBER = "000000"           # in a URL or a body: six digits, another number at each request
COUNTING = """
local number = %d
request = function()
  number = number + 1
  local digits = string.format("%%06d", number %% 1000000)
  return wrk.format(nil, %s, nil, %s)
end
"""


@dataclass(frozen=True, slots=True)
class Outcome:
    """The result of a load."""

    requests: int
    seconds: float
    failures: int                   # answers other than 2xx, and broken connections

    @property
    def rate(self) -> float:
        return self.requests / self.seconds


def tool() -> str:
    """The name of the load generator."""
    return "wrk" if shutil.which("wrk") else "own client, 2 processes"


def load(url: str, seconds: float, headers: dict[str, str] | None = None, body: bytes | None = None) -> Outcome:
    """Eight connections that each ask again as soon as they are answered; with a body by POST.

    NUMBER in the URL or in the body is another one at each request.
    """
    if urlsplit(url).hostname != "127.0.0.1":
        raise ValueError("load is for this machine only")
    run = _wrk if shutil.which("wrk") else _own
    return run(url, seconds, headers or {}, body)


def _wrk(url: str, seconds: float, headers: dict[str, str], body: bytes | None) -> Outcome:
    command = ["wrk", "-t1", f"-c{CONNECTIONS}", f"-d{max(1, round(seconds))}s"]
    for name, value in headers.items():
        command += ["-H", f"{name}: {value}"]
    with tempfile.NamedTemporaryFile("w", suffix=".lua") as script:
        if body is not None:
            script.write(f'wrk.method = "POST"\nwrk.body = [==[{body.decode()}]==]\n')
        sent = (body or b"").decode()
        if NUMBER in url + sent:
            parts = urlsplit(url)
            path = f"{parts.path}{'?' + parts.query if parts.query else ''}"
            script.write(COUNTING % (random.randrange(10**5), _varied(path), _varied(sent) if sent else "nil"))
            url = f"http://{parts.netloc}/"
        if script.tell():
            script.flush()
            command += ["-s", script.name]
        said = subprocess.run([*command, url], capture_output=True, text=True, check=True).stdout
    counted = re.search(r"(\d+) requests in ([\d.]+)(ms|s|m)", said)
    assert counted, said
    unit = {"ms": 0.001, "s": 1.0, "m": 60.0}[counted[3]]
    failures = sum(int(one) for one in re.findall(r"Non-2xx or 3xx responses: (\d+)", said))
    broken = re.search(r"Socket errors: connect (\d+), read (\d+), write (\d+), timeout (\d+)", said)
    failures += sum(int(one) for one in broken.groups()) if broken else 0
    return Outcome(int(counted[1]), float(counted[2]) * unit, failures)


def _varied(text: str) -> str:
    """The text in Lua, with the number of the request in it."""
    return " .. digits .. ".join(f"[==[{part}]==]" for part in text.split(NUMBER))


def _own(url: str, seconds: float, headers: dict[str, str], body: bytes | None) -> Outcome:
    """Two processes with four connections each, all kept alive and answered in turn."""
    context = multiprocessing.get_context("spawn")
    with context.Pool(2) as pool:
        began = time.perf_counter()
        first = random.randrange(10**5)             # far apart: no number twice
        parts = pool.starmap(_caller, [
            (url, seconds, headers, body, CONNECTIONS // 2, first + place * 10**5 * 5) for place in range(2)])
        elapsed = time.perf_counter() - began
    return Outcome(sum(one[0] for one in parts), min(elapsed, seconds * 1.5), sum(one[1] for one in parts))


def _caller(
    url: str, seconds: float, headers: dict[str, str], body: bytes | None, connections: int, number: int
) -> tuple[int, int]:
    """Ask on every connection, then read every answer, again and again; requests and failures."""
    parts = urlsplit(url)
    method = "GET" if body is None else "POST"
    path = f"{parts.path or '/'}{'?' + parts.query if parts.query else ''}"
    lines = [f"{method} {path} HTTP/1.1", f"Host: {parts.netloc}", f"Content-Length: {len(body or b'')}"]
    asked = "\r\n".join([*lines, *(f"{name}: {value}" for name, value in headers.items()), "", ""]).encode()
    asked += body or b""
    varies = NUMBER.encode() in asked
    sockets = [socket.create_connection((parts.hostname or "", parts.port or 80)) for _ in range(connections)]
    deadline, done, failures = time.perf_counter() + seconds, 0, 0
    while time.perf_counter() < deadline:
        for one in sockets:
            number = (number + 1) % 10**6
            one.sendall(asked.replace(NUMBER.encode(), b"%06d" % number, 1) if varies else asked)
        for one in sockets:
            done += 1
            failures += 0 if _answer(one) else 1
    for one in sockets:
        one.close()
    return done, failures


def _answer(connection: socket.socket) -> bool:
    """Read one response with a Content-Length; returns whether it was a 2xx."""
    received = b""
    while b"\r\n\r\n" not in received:
        part = connection.recv(65536)
        if not part:
            raise ConnectionError("the server hung up")
        received += part
    head, _, body = received.partition(b"\r\n\r\n")
    stated = re.search(rb"(?i)content-length: (\d+)", head)
    left = int(stated[1]) - len(body) if stated else 0
    while left > 0:
        left -= len(connection.recv(65536))
    return head.split(b" ", 2)[1].startswith(b"2")
