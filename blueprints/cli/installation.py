"""Running the installation: server, worker, checks, backup and restore."""

import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from pathlib import Path
from socket import socket
from typing import Any

import click
from flask import Flask, current_app
from flask_migrate import upgrade
from rich.console import Group
from rich.text import Text

import server
import worker
from analytics import drain, spool
from blueprints.cli._command import Done, operator_command, settings, show, table
from blueprints.cli.demo import load_demo
from config import Settings, command_line
from database import db
from domain.people import users
from operations import backup as archives
from operations import check as checks
from operations import revisions
from operations.alone import only_server
from operations.errors import OperationRefused

option = click.option
COLOURS = {checks.OK: "green", checks.WARNING: "yellow", checks.WRONG: "red"}
FIRST_STEPS = """
Nobody can sign in yet. Make the first merchant and the first user (it asks for a password of 15 characters or more):
  {merchant}
  {user}
Then sign in at {address}/login
"""
DRAINER_WAIT = 30.0                                  # seconds until the drainer must have finished its turn


@operator_command(
    "serve",
    option("--host", default="127.0.0.1", show_default=True),
    option("--port", type=click.IntRange(0, 65535), default=8000, show_default=True),
    option("--workers", type=click.IntRange(1, 64), default=1, show_default=True, help="Server processes."),
    option("--threads", type=click.IntRange(1, 64), default=8, show_default=True, help="Of each process."),
    option("--no-worker", is_flag=True, help="Without the background worker."),
    option("--upgrade", "first", flag_value="upgrade", help="Apply migrations first."),
    option("--demo", "first", flag_value="demo", help="So, and load the demo data if the database is empty."),
)
def serve(*, host: str, port: int, workers: int, threads: int, no_worker: bool, first: str | None) -> None:
    """Run the production server and one background worker, until told to stop."""
    app: Flask = current_app._get_current_object()  # type: ignore[attr-defined]
    chosen = settings()
    if workers > 1 and chosen.redis_url is None:
        raise OperationRefused(
            f"{workers} server processes need COUNTINGHOUSE_REDIS_URL: each would count the rate limits for itself, "
            "and a limit that multiplies by the number of processes is no limit. Set it, or use --workers 1."
        )
    alone = nullcontext() if chosen.redis_url else only_server(chosen.instance)
    with alone, server.listen(host, port) as listening:
        if first:
            _prepare(host, listening.getsockname()[1], with_demo=first == "demo")
        _must_be_migrated()
        click.echo(f"Listening on {_where(listening)} (stop with Ctrl-C)", err=True)
        if users.is_empty():
            click.echo(FIRST_STEPS.format(
                merchant=command_line("merchant create --name 'My company' --currency EUR"),
                user=command_line("user create --email you@example.com --role admin_user --all-merchants"),
                address=server.address_of(listening),
            ), err=True)
        let_go()                                         # no connection is shared with a child
        status = server.run(
            app, listening, workers=workers, threads=threads,
            background=None if no_worker else lambda: worker.run(app, chosen, server.until_signal),
        )
    sys.exit(status)


def _where(listening: socket) -> str:
    """What the server listens on; that it is open to the network must be seen."""
    host, port = listening.getsockname()[:2]
    here = server.address_of(listening)
    return f"all addresses, port {port}: {here} here" if host in ("0.0.0.0", "::") else here  # noqa: S104


def _prepare(host: str, port: int, *, with_demo: bool) -> None:
    """Migrations and demo data in a process of its own, which leaves the server's memory as it was."""

    def prepare() -> None:
        upgrade()
        if with_demo:
            show(load_demo(if_empty=True, host=host, port=port), as_json=False)

    let_go()
    status = server.wait_for(server.fork(prepare))
    if status:
        sys.exit(status)


@operator_command("worker")
def background() -> None:
    """Run the background worker alone, until told to stop."""
    _must_be_migrated()
    click.echo("The background worker runs (stop with Ctrl-C)", err=True)
    worker.run(current_app._get_current_object(), settings(), server.until_signal)  # type: ignore[attr-defined]


@operator_command("check")
def check() -> Done:
    """Look at configuration, databases, migrations, disk, clock and pending work."""
    chosen = settings()
    findings = checks.check(chosen, lambda: drain.backlog(chosen.spool))
    rows = [[each.name, each.status, each.message, each.mend] for each in findings]
    summary = checks.summary(findings)
    words = table("", ["what", "is", "because", "mend"], rows)
    for place, each in enumerate(findings):
        words.rows[place].style = COLOURS[each.status] if each.status != checks.OK else None
    verdict = Text(summary.get("error", "Nothing is wrong."), style="red" if "error" in summary else "green")
    return Done(summary, Group(words, verdict), ok=summary["ok"])


@operator_command(
    "backup",
    click.argument("file", type=click.Path(path_type=Path, dir_okay=False)),
    option("--force", is_flag=True, help="Replace a file that is there."),
    option("--with-secret", is_flag=True, help="Put the installation's secret in: keep that archive locked away."),
)
def backup(file: Path, force: bool, with_secret: bool) -> Done:
    """Save both databases and the spool to one ZIP file, such as countinghouse.zip, while the server runs."""
    chosen = settings()
    if file.exists() and not force:
        raise OperationRefused(f"{file} is there already. Choose another name, or say --force to replace it.")
    data = archives.backup(
        chosen, file.absolute(), with_secret=with_secret, pause=lambda: paused(chosen), content=spool.read
    )
    secret = (
        "It holds the secret of the installation: whoever has the file can read everything and forge sign-ins."
        if with_secret else
        "The secret is not in it: keep it elsewhere, or API keys and encrypted tokens are lost with the machine."
    )
    return Done(data, f"{data['file']}: {data['bytes']} bytes\n{secret}")


@operator_command("restore", click.argument("file", type=click.Path(path_type=Path, dir_okay=False)))
def restore(file: Path) -> Done:
    """Put a backup (ZIP) in place of the present data; checks it first, and wants the server stopped."""
    db.session.remove()
    data = archives.restore(settings(), file.absolute())
    words = [f"Restored the state of {data['created_at']}."]
    words += [f"What was there is kept as {path}" for path in data["kept"]]
    if data["secret"] == "differs":  # noqa: S105  (a state, not a secret)
        words.append(
            "The backup was made under another secret. API keys open nothing until COUNTINGHOUSE_SECRET_KEY "
            "(or instance/secret_key) holds that one."
        )
    if data["needs_upgrade"]:
        words.append(f"It is of an older version: run {command_line('db upgrade')}")
    return Done(data, "\n".join(words))


@contextmanager
def paused(chosen: Settings) -> Iterator[None]:
    """Nobody moves rows from the spools to the database in here."""
    deadline = time.monotonic() + DRAINER_WAIT
    while True:
        with drain.draining(chosen.spool) as ours:
            if ours:
                yield
                return
        if time.monotonic() > deadline:
            raise OperationRefused("The request log is busy; try again in a moment.")
        time.sleep(0.05)


def let_go() -> None:
    """Close all database connections of this process."""
    db.session.remove()
    for engine in db.engines.values():
        engine.dispose()


def _must_be_migrated() -> None:
    complaint = revisions.complaint()
    if complaint:
        raise OperationRefused(complaint)


COMMANDS: tuple[Any, ...] = (serve, background, check, backup, restore)
