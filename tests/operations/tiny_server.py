"""A real server around a tiny application, started by the tests as a process of its own.

usage: tiny_server.py PORT WORKERS JOURNAL; prints the port when it listens. Each request that runs
leaves its number in JOURNAL before it is answered. With server|worker and the socket's descriptor in place of
PORT and WORKERS it takes the place of a process that died.
"""

import os
import socket
import sys
import threading
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from server.listening import StartRefused, listen
from server.processes import until_signal
from server.serving import SERVER, WORKER, answer, run

THREADS = 4
FIRST, SECOND, JOURNAL = sys.argv[1:]


def application(environ: dict[str, Any], start_response: Any) -> list[bytes]:
    if "server.refused" in environ:
        status, sentence = environ["server.refused"]
        start_response(f"{status} Refused", [("Content-Length", str(len(sentence)))])
        return [sentence.encode()]
    query = parse_qs(environ["QUERY_STRING"])
    if environ["PATH_INFO"] == "/pid":
        body = str(os.getpid()).encode()
    elif environ["PATH_INFO"] == "/healthz":
        body = b"alive"
    elif environ["PATH_INFO"] == "/large":
        body = b"x" * 1_000_000
    elif environ["PATH_INFO"] == "/headers":
        body = environ.get("HTTP_X_FORWARDED_FOR", "-").encode()
    else:
        number = query["n"][0]
        journal = os.open(JOURNAL, os.O_WRONLY | os.O_APPEND | os.O_CREAT)
        os.write(journal, f"{number}\n".encode())
        os.close(journal)
        threading.Event().wait(float(query.get("s", ["0"])[0]))
        body = f"{number}:{len(environ['wsgi.input'].read())}".encode()
    start_response("200 OK", [("Content-Type", "text/plain"), ("Content-Length", str(len(body)))])
    return [body]


def background() -> None:
    stop = threading.Event()
    until_signal(lambda *_: stop.set())
    Path(JOURNAL + ".worker").write_text(str(os.getpid()))
    while not stop.wait(0.1):
        pass


def replacement(kind: str, descriptor: int) -> list[str]:
    return [sys.executable, __file__, kind, str(descriptor), JOURNAL]


def main() -> None:
    try:
        listening = listen("127.0.0.1", int(FIRST))
    except StartRefused as refused:
        sys.exit(str(refused))
    print(listening.getsockname()[1], flush=True)
    run(application, listening, replacement, workers=int(SECOND), threads=THREADS, background=background)


if __name__ == "__main__":
    if FIRST == SERVER:
        answer(application, socket.socket(fileno=int(SECOND)), THREADS)
    elif FIRST == WORKER:
        background()
    else:
        main()
