"""A group of commands whose modules are imported when they are used, because most commands need few."""

from collections.abc import Mapping
from importlib import import_module
from typing import Any, NamedTuple

import click


class Lazy(NamedTuple):
    """A command that is not imported yet: "module:attribute" of blueprints.cli, and the first sentence of its help."""

    place: str
    help: str

    def short_help(self, width: int) -> str:
        """The help, cut to a width."""
        return click.Command(None, help=self.help).get_short_help_str(width)

    def command(self) -> click.Command:
        """Import the command."""
        module, _, attribute = self.place.partition(":")
        found: click.Command = getattr(import_module(f"blueprints.cli.{module}"), attribute)
        return found


class LazyGroup(click.Group):
    """A group that says where each of its commands is defined, by name."""

    def __init__(self, *given: Any, lazy: Mapping[str, Lazy], **named: Any):
        super().__init__(*given, **named)
        self.lazy = lazy

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """As usual; --json may stand before the command, too."""
        first = args[:1] == ["--json"] and len(args) > 1
        return super().parse_args(ctx, [*args[1:], "--json"] if first else args)

    def list_commands(self, ctx: click.Context) -> list[str]:
        return sorted(self.lazy)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        return self.lazy[cmd_name].command() if cmd_name in self.lazy else None

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """List the commands from the table, without importing them."""
        width = formatter.width - 6 - max(map(len, self.lazy))
        rows = [(name, one.short_help(width)) for name, one in sorted(self.lazy.items())]
        with formatter.section("Commands"):
            formatter.write_dl(rows)
