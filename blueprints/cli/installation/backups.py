"""Commands for the installation: backup and restore."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import click

from analytics.log import drain, spool
from blueprints.cli._command import Needs, Result, operator_command
from blueprints.services import settings
from config import Settings, command_line
from database import db
from operations import backup as archives
from operations import restore as restoring
from operations.errors import OperationRefused

option = click.option
DRAINER_WAIT = 30.0                                  # seconds to wait for the drainer


@operator_command(
    "backup",
    click.argument("file", type=click.Path(path_type=Path, dir_okay=False)),
    option("--force", is_flag=True, help="Replace an existing file."),
    option("--with-secret", is_flag=True, help="Include the installation's secret: store that archive safely."),
    needs=Needs.TABLES,
)
def backup(file: Path, force: bool, with_secret: bool) -> Result:
    """Save both databases and the spool to one ZIP file, such as countinghouse.zip, while the server runs."""
    chosen = settings()
    if file.exists() and not force:
        raise OperationRefused(f"{file} already exists. Choose another name, or use --force to replace it.")
    data = archives.backup(
        chosen, file.absolute(), with_secret=with_secret, pause=lambda: paused(chosen), content=spool.read
    )
    secret = (
        "It contains the installation's secret: anyone with the file can read everything and forge sign-ins."
        if with_secret else
        "It does not contain the secret: back that up too, or API keys and encrypted tokens can be lost."
    )
    return Result(data, f"{data['file']}: {data['bytes']} bytes\n{secret}")


@operator_command(
    "restore", click.argument("file", type=click.Path(path_type=Path, dir_okay=False)), needs=Needs.TABLES
)
def restore(file: Path) -> Result:
    """Replace the current data by a backup (ZIP); checks it first. Stop the server before."""
    db.session.remove()
    data = restoring.restore(settings(), file.absolute())
    words = [f"Restored the state of {data['created_at']}."]
    words += [f"The previous data is kept as {path}" for path in data["kept"]]
    if data["secret"] == "differs":  # noqa: S105  (a state, not a secret)
        words.append(
            "The backup was made under another secret. API keys do not work until COUNTINGHOUSE_SECRET_KEY "
            "(or instance/secret_key) holds that one."
        )
    if data["needs_upgrade"]:
        words.append(f"It is of an older version: run {command_line('db upgrade')}")
    return Result(data, "\n".join(words))


@contextmanager
def paused(chosen: Settings) -> Iterator[None]:
    """Stop the drainer within this context."""
    deadline = time.monotonic() + DRAINER_WAIT
    while True:
        with drain.draining(chosen.spool) as ours:
            if ours:
                yield
                return
        if time.monotonic() > deadline:
            raise OperationRefused("The request log is busy; try again in a moment.")
        time.sleep(0.05)
