"""A real receiver in a process of its own: `python -m tests.outbound.receiver` prints its port.

The path says how it answers; every request is a line of JSON in the file given as argument. With a
certificate and its key as further arguments it speaks TLS.
"""

import contextlib
import json
import socket
import ssl
import sys
import threading
import time
import zlib
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

BIG = 1024 * 1024
NOTING = threading.Lock()


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_POST(self):
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        seen = {"path": self.path, "body": body.decode(), "headers": dict(self.headers.items()), "at": time.time()}
        with NOTING, open(sys.argv[1], "a") as file:
            file.write(json.dumps(seen) + "\n")
        getattr(self, "answer_" + self.path.strip("/").split("/")[0].split("?")[0], self.answer_200)()

    def _plain(self, status, **headers):
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name.replace("_", "-"), value)
        self.send_header("Content-Length", "2")
        self.end_headers()
        self.wfile.write(b"ok")

    def answer_200(self):
        self._plain(200)

    def answer_status(self):
        """/status/503?retry=7200"""
        path, _, query = self.path.partition("?")
        retry = {"Retry_After": query.partition("=")[2].replace("+", " ")} if query else {}
        self._plain(int(path.split("/")[2]), **retry)

    def answer_redirect(self):
        """/redirect/307"""
        self._plain(int(self.path.split("/")[2]), Location=f"http://127.0.0.1:{self.server.server_address[1]}/200/followed")

    def answer_unruly(self):
        """/unruly/3: fails for as long as the file of that name is there."""
        self._plain(500 if (Path(sys.argv[1]).parent / self.path.split("/")[2]).exists() else 200)

    def answer_close(self):
        self.connection.shutdown(socket.SHUT_RDWR)
        self.close_connection = True

    def answer_hold(self):
        """No answer for as long as the file `held` is there."""
        while (Path(sys.argv[1]).parent / "held").exists():
            time.sleep(0.02)
        self._plain(200)

    def answer_hang(self):
        time.sleep(60)

    def answer_drip(self):
        self._drip(b"HTTP/1.1 200 OK\r\nX-Slow: ")

    def answer_dripbody(self):
        self._drip(b"HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\n")

    def answer_continue(self):
        self._drip(b"", b"HTTP/1.1 100 Continue\r\n\r\n")

    def _drip(self, first, part=b"a"):
        with contextlib.suppress(OSError):
            self.wfile.write(first)
            for _ in range(600):
                self.wfile.write(part)
                self.wfile.flush()
                time.sleep(0.05)
        self.close_connection = True

    def answer_garbage(self):
        self.wfile.write(b"\x00\xff\x16\x03 this is no HTTP\r\n\r\n")
        self.close_connection = True

    def answer_headers(self):
        self.wfile.write(b"HTTP/1.1 200 OK\r\n" + b"X: y\r\n" * 100_000)
        self.close_connection = True

    def answer_bomb(self):
        """What would be 16 MB if somebody unpacked it."""
        packed = zlib.compress(b"\0" * 16 * BIG)
        self.send_response(200)
        self.send_header("Content-Encoding", "deflate")
        self.send_header("Content-Length", str(len(packed)))
        self.end_headers()
        self.wfile.write(packed)

    def answer_nul(self):
        self.send_response(500)
        self.send_header("X-Odd", "a\x00b\xff")
        self.send_header("Content-Length", "9")
        self.end_headers()
        self.wfile.write(b"<b>\x00\xff\xfe\xed\xa0\x80")

    def answer_huge(self):
        self.send_response(200)
        self.send_header("Content-Length", str(1024 * BIG))
        self.end_headers()
        try:
            for _ in range(1024):
                self.wfile.write(b"x" * BIG)
        except OSError:
            pass
        self.close_connection = True

    def log_message(self, *_):
        pass


class Server(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 512

    def handle_error(self, request, client_address):
        """Callers that hang up are what the tests are about."""


if __name__ == "__main__":
    server = Server(("127.0.0.1", 0), Handler)
    if len(sys.argv) > 2:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(sys.argv[2], sys.argv[3])
        server.socket = context.wrap_socket(server.socket, server_side=True, do_handshake_on_connect=False)
    print(server.server_address[1], flush=True)
    server.serve_forever()
