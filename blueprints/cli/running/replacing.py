"""A server process or background worker in place of one that died; the supervisor runs it as a program of its own."""

import gc
import sys
from importlib import import_module
from socket import socket

from flask import Flask

import worker
from blueprints.services import services, settings
from config import ROOT
from server.processes import until_signal
from server.serving import SERVER, answer

ALONE = -1
START = "import sys; sys.path.insert(0, {!r}); from blueprints.cli.running.replacing import main; main()"


def command(address: str, threads: int, limits: int, kind: str, descriptor: int) -> list[str]:
    """How the supervisor starts one on the socket of that descriptor, which is reached at `address`.

    `limits` is the descriptor of the memory in which all processes count, ALONE if there is one.
    """
    return [sys.executable, "-c", START.format(str(ROOT)), kind, str(descriptor), address, str(threads), str(limits)]


def main() -> None:
    """Run until told to stop, as the arguments of `command` say."""
    kind, descriptor, address, threads, limits = sys.argv[1:]
    gc.disable()
    app: Flask = import_module("app").create_app()
    services(app).serve_at(address)
    if int(limits) != ALONE:
        services(app).share_limits(int(limits))
    gc.freeze()
    gc.enable()
    with socket(fileno=int(descriptor)) as listening:
        if kind == SERVER:
            answer(app, listening, int(threads))
            return
    worker.run(app, settings(app), until_signal)
