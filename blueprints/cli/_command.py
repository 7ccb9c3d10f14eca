"""Wraps operator commands: --json with one document, and errors as messages."""

import functools
import gc
import json
import sys
import traceback
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from enum import Enum
from importlib import import_module
from typing import Any, Protocol

import click
from flask import Flask
from flask.cli import ScriptInfo, with_appcontext
from sqlalchemy.exc import DatabaseError, OperationalError, ProgrammingError

from blueprints.databases import connect
from config import ConfigError, Settings, command_line, from_environment
from database import DatabaseBusy, DatabaseClash, db
from domain.errors import DomainError
from operations.errors import OperationRefused
from operations.swap import PLAN

UNFINISHED = "The databases lack their tables: run {}"


class Printable(Protocol):
    """A table or other output of several lines, made by `blueprints.cli.tables`."""

    def print(self) -> None: ...


@dataclass(frozen=True, slots=True)
class Result:
    """The result of a command, for programs and for people."""

    data: dict[str, Any]
    words: str | Printable | None = None
    ok: bool = True                                  # False: reported in full, but a failure


Action = Callable[..., Result | None]


class Needs(Enum):
    """What a command needs to be loaded; the last takes longest."""

    READING = "both databases"
    WRITING = "the tables that those of the command refer to as well"
    EVENTS = "what events show of a row as well, if somebody listens to events"
    TABLES = "every table"
    APPLICATION = "all that the contracts and pages declare"


class Applications(ScriptInfo):
    """Creates the application that a command needs: all of it takes seconds, only its databases less than one."""

    def __init__(self, needs: Needs):
        super().__init__()
        self.needs = needs

    def load_app(self) -> Flask:
        if self._loaded_app is None:
            self._loaded_app = self._made()
        return self._loaded_app

    def _made(self) -> Flask:
        if self.needs is Needs.APPLICATION:
            whole: Flask = import_module("app").create_app()
            return whole
        settings = settings_or_exit()
        recover_or_exit(settings)
        app = Flask("countinghouse", static_folder=None)
        connect(app, settings)
        if self.needs is not Needs.READING:
            if self.needs is Needs.TABLES or lacks_tables():
                import_module("models.all_tables")
            import_module("domain.integrations.webhooks").policy.allowed_hosts = settings.webhook_allowed_hosts
        return app


def lacks_tables() -> bool:
    """Whether a table is known that refers to one that is not."""
    tables = [table for each in db.metadatas.values() for table in each.tables.values()]
    names = {table.name for table in tables}
    return any(key.target_fullname.partition(".")[0] not in names for table in tables for key in table.foreign_keys)


def declare_events() -> None:
    """Have events know how the Public API shows their rows. That takes a second, and few merchants have endpoints."""
    if import_module("domain.integrations.events").has_endpoints():
        import_module("app").shape_events()


class OperatorCommand(click.Command):
    """A command whose usage errors are also JSON, with --json."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        if "--json" not in args:
            return super().parse_args(ctx, args)
        try:
            return super().parse_args(ctx, args)
        except click.UsageError as problem:
            emit({"error": problem.format_message(), "details": {}})
            ctx.exit(2)


def operator_command(
    name: str, *options: Callable[[Any], Any], needs: Needs = Needs.WRITING,
    status_of: Callable[[BaseException], int] = lambda problem: 1,
) -> Callable[[Action], click.Command]:
    """Turn a function into a command. It returns its result; None if it has printed it itself.

    `status_of` gives the exit status of a failure, a SystemExit where the program could not begin.
    """

    def build(function: Action) -> click.Command:
        @functools.wraps(function)
        @with_appcontext
        def run(as_json: bool, **given: Any) -> None:
            try:
                made = click.get_current_context().find_object(ScriptInfo)
                if needs is Needs.EVENTS and isinstance(made, Applications):
                    declare_events()
                done = function(**given)
            except (click.ClickException, click.Abort, click.exceptions.Exit):
                raise
            except Exception as problem:
                refuse(problem, as_json=as_json)
                sys.exit(status_of(problem))
            if done is not None:
                show(done, as_json=as_json)
                sys.exit(0 if done.ok else 1)

        decorated: Any = choosing(run, needs, status_of)
        for option in reversed(options):
            decorated = option(decorated)
        decorated = click.option("--json", "as_json", is_flag=True, help="One JSON document on standard output.")(
            decorated
        )
        return click.command(name, cls=OperatorCommand)(decorated)

    return build


def choosing(
    run: Callable[..., None], needs: Needs, status_of: Callable[[BaseException], int] = lambda problem: 1
) -> Callable[..., None]:
    """Have the application created that a command needs, unless there is one already, before `run` is called."""

    @functools.wraps(run)
    def choose(**given: Any) -> None:
        context = click.get_current_context()
        made = context.find_object(ScriptInfo)       # Flask's, when its own program runs the command
        if made is None:
            made = context.find_root().obj = Applications(needs)
            try:
                made.load_app()
            except SystemExit as end:                # the settings or the databases cannot be used
                sys.exit(status_of(end))
        gc.freeze()                                  # what is loaded by now stays to the end
        gc.enable()
        run(**given)

    return choose


def emit(document: dict[str, Any]) -> None:
    """Print the JSON document."""
    click.echo(json.dumps(document, ensure_ascii=False, default=str))


def show(done: Result, *, as_json: bool) -> None:
    if as_json:
        emit(done.data)
    elif isinstance(done.words, str):
        click.echo(done.words)
    elif done.words is not None:
        done.words.print()


def refuse(problem: Exception, *, as_json: bool) -> int:
    """Print the reason of a refusal; returns the exit status."""
    message, details = explained(problem)
    if as_json:
        emit({"error": message, "details": details})
    else:
        click.echo(message, err=True)
        for field, text in details.get("fields", {}).items():
            click.echo(f"  {field} {text}", err=True)
    return 1


def explained(problem: Exception) -> tuple[str, dict[str, Any]]:
    """A failure as a message, with details for programs. Unexpected errors show a traceback."""
    if isinstance(problem, DomainError):
        fields = {name: str(text) for name, text in problem.fields.items()}
        return problem.message, problem.details | ({"fields": fields} if fields else {})
    if isinstance(problem, OperationRefused):
        return problem.message, problem.details
    if isinstance(problem, ConfigError | DatabaseBusy | DatabaseClash):
        return str(problem), {}
    if isinstance(problem, OperationalError | ProgrammingError) or type(problem) is DatabaseError:
        words = str(problem.orig).strip().splitlines()[0]
        absent = "no such table" in words or "does not exist" in words
        return UNFINISHED.format(command_line("db upgrade")) if absent else f"The database cannot be used: {words}", {}
    if isinstance(problem, OSError):
        return f"{problem.filename or 'The system'}: {problem.strerror or problem}.", {}
    traceback.print_exception(problem, file=sys.stderr)
    return "An unexpected error occurred; see standard error.", {}


def settings_or_exit() -> Settings:
    """The settings of the environment; ends the program with one line when they are invalid."""
    try:
        return from_environment()
    except ConfigError as problem:
        sys.exit(refuse(problem, as_json="--json" in sys.argv))


def recover_or_exit(settings: Settings) -> None:
    """Undo an interrupted restore, with a message; ends the program while a restore is running."""
    if not (settings.instance / PLAN).exists():
        return
    try:
        done = import_module("operations.restore").recover(settings)
    except Exception as problem:
        sys.exit(refuse(problem, as_json="--json" in sys.argv))
    if done is not None:
        click.echo(done, err=True)


def iso(moment: datetime | None) -> str | None:
    """A moment in UTC as ISO 8601 with Z."""
    return moment.isoformat().replace("+00:00", "Z") if moment else None
