"""The command `rates import`: reads the file that the European Central Bank publishes every working day."""

from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Any

import click

from blueprints.cli import _rejected
from blueprints.cli._command import Result, operator_command
from blueprints.cli.logs import progress
from database import transaction
from domain.actor import Actor
from domain.catalog import ecb
from domain.catalog.ecb import Part

CREDIT = "Source: European Central Bank."


@click.group()
def rates() -> None:
    """Exchange rates."""


@operator_command("import", click.argument("file", type=click.Path(path_type=Path, exists=True, dir_okay=False)))
def rates_import(file: Path) -> Result:
    """Import the ECB's reference rates (CSV, plain or .gz); replaces days that are already stored."""
    parts = list(_parts(file))
    rejected = [one for part in parts for one in part.rejected]
    data: dict[str, Any] = {
        "imported": sum(part.stored for part in parts), "rejected": len(rejected),
        "first": _edge(min, [part.first for part in parts]), "last": _edge(max, [part.last for part in parts]),
        "rejected_file": str(_rejected.keep(file, ((one.line, one.reason) for one in rejected))) if rejected else None,
    }
    words = f"{data['imported']} rates imported, of the days {data['first']} to {data['last']}. {CREDIT}"
    if rejected:
        words += f"\n{len(rejected)} values are invalid; they are in {data['rejected_file']} with the reasons."
    return Result(data, words)


def _parts(file: Path) -> Iterator[Part]:
    """Store the file part by part, each in its own transaction."""
    actor, count = Actor.operator(), 0
    with file.open("rb") as raw, progress("Importing", "bytes") as (bar, task):
        bar.update(task, total=file.stat().st_size)
        for portion in ecb.portions(raw):
            with transaction():
                part = ecb.import_some(portion, actor)
            yield part
            count += part.stored
            elapsed = bar.tasks[0].elapsed or 0.0
            speed = f", {count / elapsed:,.0f}/s" if elapsed else ""
            bar.update(task, completed=min(raw.tell(), file.stat().st_size), lines=f"{count} rates{speed}")


def _edge(choose: Any, days: list[date | None]) -> str | None:
    known = [one for one in days if one is not None]
    return choose(known).isoformat() if known else None


rates.add_command(rates_import)
