"""Commands for the request log: import, prune, rebuild."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import click
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TaskID, TextColumn, TimeRemainingColumn

from analytics import importer, retention
from analytics.formats import entries
from analytics.log import drain
from blueprints.cli._command import Result, iso, operator_command
from blueprints.cli._merchant import for_merchant
from blueprints.services import settings
from domain import zones
from domain.inputs import Input, Moment, parse
from operations.errors import OperationRefused

option = click.option
CATCH_UP = 60.0                                      # seconds


class PruneInput(Input):
    before: Moment


@click.group()
def logs() -> None:
    """The request log and its figures."""


@operator_command(
    "import",
    click.argument("file", type=click.Path(path_type=Path, exists=True, dir_okay=False)),
    option("--format", "form", type=click.Choice(entries.FORMATS), default="auto", show_default=True,
           help="combined reads any text line (Apache, nginx, Traefik, HAProxy, Envoy, AWS, W3C); auto looks first."),
    option("--merchant", "merchant_id", type=int, metavar="ID", help="Whose requests they are."),
    option("--source", metavar="NAME", help="The name of the source in reports; by default the file's name."),
    option("--trusted-proxies", type=click.IntRange(1, 10), metavar="N",
           help="Of a list of addresses take the Nth from the right; the left-most public one when left out."),
)
def logs_import(
    file: Path, form: str, merchant_id: int | None, source: str | None, trusted_proxies: int | None
) -> Result:
    """Import an access log, plain or .gz; skips lines already imported under the same source."""
    if merchant_id is not None:
        for_merchant(merchant_id)
    rejects = settings().instance / "rejected"
    rejects.mkdir(mode=0o700, exist_ok=True)
    try:
        with progress("Importing", "bytes") as (bar, task):
            def advance(lines: int, done: int, size: int) -> None:
                bar.update(task, completed=done, total=size, lines=f"{lines} lines, {_rate(bar, lines)}/s")

            result = importer.import_file(
                file, format=form, merchant_id=merchant_id, source=source, trusted_proxies=trusted_proxies,
                progress=advance, rejects_folder=rejects,
            )
    except ValueError as problem:
        raise OperationRefused(f"{file} cannot be imported: {problem}") from None
    data = {
        "read": result.read, "imported": result.imported, "rejected": result.rejected, "duplicate": result.duplicate,
        "without_duration": result.without_duration,
        "first": iso(result.first), "last": iso(result.last),
        "rejected_file": str(result.rejects_path) if result.rejects_path else None,
    }
    words = f"{result.imported} of {result.read} lines imported, {result.duplicate} already stored."
    if result.without_duration:
        words += f"\n{result.without_duration} have no duration: percentiles leave them out."
    if result.rejects_path:
        words += f"\n{result.rejected} are invalid; they are in {result.rejects_path} with the reasons."
    return Result(data, words)


@operator_command("prune", option("--before", required=True, metavar="ISO", help="Such as 2026-01-31."))
def logs_prune(before: str) -> Result:
    """Delete requests before a day, imported ones included; their figures stay."""
    moment = parse(PruneInput, {"before": before}, zone=zones.system().key).before
    drain.catch_up(settings().spool, within=CATCH_UP)
    deleted = retention.prune(moment, imported=True)
    return Result({"deleted": deleted, "before": iso(moment)}, f"{deleted} requests deleted.")


@operator_command("rebuild")
def logs_rebuild() -> Result:
    """Recount the figures of all days whose requests are kept."""
    drain.catch_up(settings().spool, within=CATCH_UP)
    with progress("Counting", "days") as (bar, task):
        counted = retention.rebuild(lambda done, total: bar.update(task, completed=done, total=total, lines=""))
    return Result({"counted": counted}, f"{counted} requests counted.")


@contextmanager
def progress(what: str, unit: str) -> Iterator[tuple[Progress, TaskID]]:
    """A bar on standard error, on a terminal only."""
    console = Console(stderr=True)
    columns: list[Any] = [TextColumn(what), BarColumn(), TextColumn("{task.fields[lines]}"), TimeRemainingColumn()]
    if unit != "bytes":
        columns.insert(2, MofNCompleteColumn())
    with Progress(*columns, console=console, disable=not console.is_terminal) as bar:
        yield bar, bar.add_task(what, total=None, lines="")


def _rate(bar: Progress, lines: int) -> int:
    elapsed = bar.tasks[0].elapsed or 0.0
    return round(lines / elapsed) if elapsed else 0


logs.add_command(logs_import)
logs.add_command(logs_prune)
logs.add_command(logs_rebuild)
