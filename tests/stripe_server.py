"""Puts the stand-in of Stripe on the network of this machine, with its faults and the pages that customers see."""

import json
import threading
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qsl, urlsplit

from tests.stripe_stand_in import Answered, StandIn, nested


class Handler(BaseHTTPRequestHandler):
    """Reads requests for the stand-in; its pages are plain forms."""

    protocol_version = "HTTP/1.1"
    stand_in = None

    def log_message(self, *_):
        pass

    def do_GET(self):
        url = urlsplit(self.path)
        if url.path.startswith("/v1/"):
            self.api("GET", url.path, parse_qsl(url.query))
        else:
            place = url.path.strip("/").partition("/")[0]
            names = ("pay", "decline", "back") if place == "c" else ("confirm", "refuse")
            buttons = "".join(f'<button name="answer" value="{one}">{one}</button>' for one in names)
            self.send(200, f'<!doctype html><html lang="en"><title>Stand-in</title><link rel="icon" href="data:,">'
                           f'<form method="post">{buttons}</form></html>'.encode(), "text/html")

    def do_POST(self):
        pairs = parse_qsl(self.rfile.read(int(self.headers.get("Content-Length", 0))).decode())
        path = urlsplit(self.path).path
        if path.startswith("/v1/"):
            self.api("POST", path, pairs)
            return
        place, _, key = path.strip("/").partition("/")
        press = self.stand_in.pay_page if place == "c" else self.stand_in.take_step
        self.send(303, b"", "text/plain", Location=press(key, dict(pairs)["answer"]))

    def api(self, method, path, pairs):
        one, fault = self.stand_in, ""
        if (method, path) in (("POST", "/v1/payment_intents"), ("POST", "/v1/refunds")) and one.faults:
            fault = one.faults.popleft()
        if (method, path) == ("POST", "/v1/checkout/sessions") and one.page_faults:
            fault = one.page_faults.popleft()
        if fault in ("409", "429"):
            code = "idempotency_key_in_use" if fault == "409" else "rate_limit"
            self.send(int(fault), json.dumps(Answered(int(fault), "Later.", code).body).encode())
            return
        if fault == "never arrived":
            self.cut()
            return
        if fault == "500 before":
            body = Answered(500, "An unknown error occurred", kind="api_error").body
            one.replies[one_key(self.headers)] = ((path, nested(pairs)), 500, body)
        status, is_old, body = one.answer(method, path, self.headers, pairs)
        if fault == "answer lost":
            self.cut()
        elif fault == "500 after":
            self.send(500, b'{"error": {"type": "api_error", "message": "An unknown error occurred"}}')
        elif fault == "no JSON":
            self.send(200, b"<html>a proxy says hello</html>")
        else:
            if fault == "slow":
                one.held.set()
                one.released.wait(60)
            replayed = {"Idempotent-Replayed": "true"} if is_old else {}
            self.send(status, json.dumps(body).encode(), **replayed)

    def cut(self):
        self.close_connection = True
        self.connection.close()

    def send(self, status, body, kind="application/json", **more):
        try:
            self.send_response(status)
            usual = {"Content-Type": kind, "Content-Length": len(body), "Request-Id": "req_1"}
            for name, value in (usual | more).items():
                self.send_header(name.replace("_", "-"), str(value))
            self.end_headers()
            self.wfile.write(body)
        except OSError:                          # nobody waited
            self.close_connection = True


def one_key(headers):
    return headers["Authorization"].removeprefix("Bearer "), headers["Idempotency-Key"]


@contextmanager
def standing_in():
    """A stand-in that answers until the end of the block."""
    made = StandIn()
    handler = type("Bound", (Handler,), {"stand_in": made})
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    server.daemon_threads = True
    made.url = f"http://127.0.0.1:{server.server_port}"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    try:
        yield made
    finally:
        made.released.set()
        server.shutdown()
        thread.join()
        server.server_close()
