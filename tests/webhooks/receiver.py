"""A real receiver in a process of its own: `python -m tests.webhooks.receiver` prints its port.

The path says how it answers; every request is a line of JSON in the file given as argument.
"""

import json
import sys
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

BIG = 1024 * 1024


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_POST(self):
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        seen = {"path": self.path, "body": body.decode(), "headers": dict(self.headers.items()), "at": time.time()}
        with open(sys.argv[1], "a") as file:
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

    def answer_500(self):
        self._plain(500)

    def answer_503(self):
        self._plain(503, Retry_After="7200")

    def answer_410(self):
        self._plain(410)

    def answer_redirect(self):
        self._plain(307, Location=f"http://127.0.0.1:{self.server.server_address[1]}/200/followed")

    def answer_close(self):
        self.connection.close()

    def answer_hang(self):
        time.sleep(60)

    def answer_drip(self):
        try:
            self.wfile.write(b"HTTP/1.1 200 OK\r\nX-Slow: ")
            for _ in range(200):
                self.wfile.write(b"a")
                self.wfile.flush()
                time.sleep(0.2)
        except OSError:
            pass

    def answer_huge(self):
        self.send_response(200)
        self.send_header("Content-Length", str(1024 * BIG))
        self.end_headers()
        try:
            for _ in range(1024):
                self.wfile.write(b"x" * BIG)
        except OSError:
            pass

    def log_message(self, *_):
        pass


class Server(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 512


if __name__ == "__main__":
    server = Server(("127.0.0.1", 0), Handler)
    print(server.server_address[1], flush=True)
    server.serve_forever()
