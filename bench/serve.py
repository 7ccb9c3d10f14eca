"""Runs one server process for a measurement: `python -m bench.serve KIND [PORT [PROCESSES]]`; prints its port.

bare      a Flask view that returns jsonify(ok=True): the floor that P1 compares with
reading   a Flask view that reads JSON and answers 201: the floor that P8 compares with
ours      the whole application
silent    the whole application with a request log that writes nothing
worker    the whole application and its background worker

All on the same production server, with its threads, and one process if no number is given.
"""

import sys
from functools import partial
from typing import Any

from flask import Flask, Response, jsonify, request

import worker
from app import create_app
from blueprints.cli.running import replacing
from blueprints.cli.running.serving import close_connections, count_together
from blueprints.services import settings
from server.listening import address_of, listen
from server.processes import until_signal
from server.serving import run

THREADS = 8


def bare() -> Flask:
    """The floor."""
    app = Flask(__name__)
    app.add_url_rule("/", "ok", lambda: jsonify(ok=True))
    return app


def reading() -> Flask:
    """The floor of writes."""
    app = Flask(__name__)

    def read() -> tuple[Response, int]:
        return jsonify(data=request.get_json()), 201

    app.add_url_rule("/<path:name>", "read", lambda name: read(), methods=["POST"])
    return app


FLOORS = {"bare": bare, "reading": reading}


def ours(kind: str) -> Flask:
    """The application, with its own request log or with none."""
    app = create_app(sink=(lambda record: None) if kind == "silent" else None)
    with app.app_context():
        close_connections()
    return app


def main(kind: str, port: int = 0, processes: int = 1) -> None:
    app = FLOORS[kind]() if kind in FLOORS else ours(kind)
    listening = listen("127.0.0.1", port)
    print(listening.getsockname()[1], flush=True)
    background: Any = None
    if kind == "worker":
        chosen = settings(app)
        background = lambda: worker.run(app, chosen, until_signal)  # noqa: E731
    limits = replacing.ALONE if kind in FLOORS else count_together(app, processes)
    again = partial(replacing.command, address_of(listening), THREADS, limits)
    run(app, listening, again, workers=processes, threads=THREADS, background=background)


if __name__ == "__main__":
    main(sys.argv[1], *map(int, sys.argv[2:]))
