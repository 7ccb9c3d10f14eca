"""Commands that run the server and the background worker."""

import sys
from contextlib import nullcontext
from functools import partial
from importlib import import_module
from socket import socket

import click
from flask import Flask, current_app

import worker
from blueprints.cli._command import Needs, operator_command, show
from blueprints.cli.running import replacing
from blueprints.services import services, settings
from config import command_line
from database import db
from domain.people import users
from operations import revisions
from operations.errors import OperationRefused
from operations.server_lock import only_server
from server.listening import StartRefused, address_of, listen
from server.processes import fork, until_signal, wait_for
from server.serving import run

option = click.option
FIRST_STEPS = """
No users yet. Create the first merchant and the first user (it prompts for a password of 15 characters or more):
  {merchant}
  {user}
Then sign in at {address}/login
"""


@operator_command(
    "serve",
    option("--host", default="127.0.0.1", show_default=True),
    option("--port", type=click.IntRange(0, 65535), default=8000, show_default=True),
    option("--workers", type=click.IntRange(1, 64), default=1, show_default=True, help="Server processes."),
    option("--threads", type=click.IntRange(1, 64), default=8, show_default=True, help="Of each process."),
    option("--no-worker", is_flag=True, help="Without the background worker."),
    option("--upgrade", "first", flag_value="upgrade", help="Apply migrations first."),
    option("--demo", "first", flag_value="demo", help="The same, and load the demo data if the database is empty."),
    needs=Needs.APPLICATION,
)
def serve(*, host: str, port: int, workers: int, threads: int, no_worker: bool, first: str | None) -> None:
    """Run the production server and one background worker until stopped."""
    app: Flask = current_app._get_current_object()  # type: ignore[attr-defined]
    chosen = settings()
    alone = nullcontext() if chosen.redis_url else only_server(chosen.instance)
    with alone, _listening(host, port) as listening:
        if first:
            _prepare(host, listening.getsockname()[1], with_demo=first == "demo")
        _must_be_migrated()
        address = address_of(listening)
        services(app).serve_at(address)
        click.echo(f"Listening on {_where(listening)} (stop with Ctrl-C)", err=True)
        if users.is_empty():
            click.echo(FIRST_STEPS.format(
                merchant=command_line("merchant create --name 'My company' --currency EUR"),
                user=command_line("user create --email you@example.com --role admin_user --all-merchants"),
                address=address,
            ), err=True)
        limits = count_together(app, workers)
        close_connections()                                         # no connection is shared with a child
        run(
            app, listening, partial(replacing.command, address, threads, limits), workers=workers, threads=threads,
            background=None if no_worker else lambda: worker.run(app, chosen, until_signal),
        )


def count_together(app: Flask, workers: int) -> int:
    """Have several server processes count limits in one memory, unless Redis does; its descriptor, or ALONE."""
    if workers == 1 or settings(app).redis_url is not None:
        return replacing.ALONE
    return services(app).share_limits(None)


def _listening(host: str, port: int) -> socket:
    try:
        return listen(host, port)
    except StartRefused as problem:
        raise OperationRefused(str(problem)) from None


def _where(listening: socket) -> str:
    """The text about where the server listens, with a note when it is open to the network."""
    host, port = listening.getsockname()[:2]
    here = address_of(listening)
    return f"all addresses, port {port}: {here} here" if host in ("0.0.0.0", "::") else here  # noqa: S104


def _prepare(host: str, port: int, *, with_demo: bool) -> None:
    """Run migrations and load demo data in a process of its own, which keeps the server's memory small."""
    if not with_demo and revisions.complaint() is None:
        return

    def prepare() -> None:
        import_module("flask_migrate").upgrade()
        if with_demo:
            load = import_module("blueprints.cli.demo").load_demo
            show(load(if_empty=True, host=host, port=port), as_json=False)

    close_connections()
    status = wait_for(fork(prepare))
    if status:
        sys.exit(status)


@operator_command("worker", needs=Needs.APPLICATION)
def background() -> None:
    """Run only the background worker until stopped."""
    _must_be_migrated()
    click.echo("The background worker is running (stop with Ctrl-C)", err=True)
    worker.run(current_app._get_current_object(), settings(), until_signal)  # type: ignore[attr-defined]


def close_connections() -> None:
    """Close all database connections of this process."""
    db.session.remove()
    for engine in db.engines.values():
        engine.dispose()


def _must_be_migrated() -> None:
    complaint = revisions.complaint()
    if complaint:
        raise OperationRefused(complaint)
