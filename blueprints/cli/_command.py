"""What every operator's command has in common: --json, one document, refusals with a sentence."""

import functools
import json
import sys
import traceback
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import click
from flask.cli import with_appcontext
from rich.console import Console, RenderableType
from rich.table import Table
from sqlalchemy.exc import OperationalError, ProgrammingError

from blueprints.services import services
from config import ConfigError, Settings, command_line, from_environment
from database import DatabaseBusy, DatabaseClash
from domain.errors import DomainError
from operations.errors import OperationRefused
from server import StartRefused

UNFINISHED = "The databases lack their tables: run {}"
WIDE = 100_000                                       # columns


@dataclass(frozen=True, slots=True)
class Done:
    """What a command did: for programs, and for people."""

    data: dict[str, Any]
    words: RenderableType | None = None
    ok: bool = True                                  # False: reported in full, and yet a failure


Action = Callable[..., Done | None]


class OperatorCommand(click.Command):
    """A command whose usage errors are a JSON document too, when JSON was asked for."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        if "--json" not in args:
            return super().parse_args(ctx, args)
        try:
            return super().parse_args(ctx, args)
        except click.UsageError as problem:
            emit({"error": problem.format_message(), "details": {}})
            ctx.exit(2)


def operator_command(name: str, *options: Callable[[Any], Any]) -> Callable[[Action], click.Command]:
    """Turn a function into a command. It returns what it did; None says that it has spoken itself."""

    def build(function: Action) -> click.Command:
        @with_appcontext
        @functools.wraps(function)
        def run(as_json: bool, **given: Any) -> None:
            try:
                done = function(**given)
            except (click.ClickException, click.Abort, click.exceptions.Exit):
                raise
            except Exception as problem:
                sys.exit(refuse(problem, as_json=as_json))
            if done is not None:
                show(done, as_json=as_json)
                sys.exit(0 if done.ok else 1)

        decorated: Any = run
        for option in reversed(options):
            decorated = option(decorated)
        decorated = click.option("--json", "as_json", is_flag=True, help="One JSON document on standard output.")(
            decorated
        )
        return click.command(name, cls=OperatorCommand)(decorated)

    return build


def emit(document: dict[str, Any]) -> None:
    """The one JSON document."""
    click.echo(json.dumps(document, ensure_ascii=False, default=str))


def show(done: Done, *, as_json: bool) -> None:
    if as_json:
        emit(done.data)
    elif done.words is not None:
        console = Console(highlight=False, soft_wrap=True)
        if not console.is_terminal:                  # a file or a pipe has no edge to cut values off at
            console.width = WIDE
        console.print(done.words)


def refuse(problem: Exception, *, as_json: bool) -> int:
    """Say why not; the exit status."""
    message, details = explained(problem)
    if as_json:
        emit({"error": message, "details": details})
    else:
        click.echo(message, err=True)
        for field, text in details.get("fields", {}).items():
            click.echo(f"  {field} {text}", err=True)
    return 1


def explained(problem: Exception) -> tuple[str, dict[str, Any]]:
    """A failure as a sentence, and details for programs. What nobody foresaw shows its traceback."""
    if isinstance(problem, DomainError):
        fields = {name: str(text) for name, text in problem.fields.items()}
        return problem.message, problem.details | ({"fields": fields} if fields else {})
    if isinstance(problem, OperationRefused):
        return problem.message, problem.details
    if isinstance(problem, StartRefused | ConfigError | DatabaseBusy | DatabaseClash):
        return str(problem), {}
    if isinstance(problem, OperationalError | ProgrammingError):
        words = str(problem.orig).strip().splitlines()[0]
        absent = "no such table" in words or "does not exist" in words
        return UNFINISHED.format(command_line("db upgrade")) if absent else f"The database cannot be used: {words}", {}
    if isinstance(problem, OSError):
        return f"{problem.filename or 'The system'}: {problem.strerror or problem}.", {}
    traceback.print_exception(problem, file=sys.stderr)
    return f"Something broke on our side: {type(problem).__name__}.", {}


def settings_or_exit() -> Settings:
    """The settings of the environment; ends the program with one line when they cannot be read."""
    try:
        return from_environment()
    except ConfigError as problem:
        sys.exit(refuse(problem, as_json="--json" in sys.argv))


def settings() -> Settings:
    """The settings of the running application."""
    return services().settings


def iso(moment: datetime | None) -> str | None:
    """A moment in UTC as ISO 8601 with Z."""
    return moment.isoformat().replace("+00:00", "Z") if moment else None


def table(title: str, columns: list[str], rows: list[list[Any]]) -> Table:
    """A table for the terminal."""
    built = Table(title=title, title_justify="left")
    for column in columns:
        built.add_column(column)
    for row in rows:
        built.add_row(*("" if cell is None else str(cell) for cell in row))
    return built
