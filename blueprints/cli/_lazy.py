"""A group of commands whose modules are imported when they are used, because most commands need few."""

from collections.abc import Mapping
from importlib import import_module
from typing import Any

import click


class LazyGroup(click.Group):
    """`lazy` says where each command is defined: name -> "module:attribute" of blueprints.cli."""

    def __init__(self, *given: Any, lazy: Mapping[str, str], **named: Any):
        super().__init__(*given, **named)
        self.lazy = lazy

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """As usual; --json may stand before the command, too."""
        first = args[:1] == ["--json"] and len(args) > 1
        return super().parse_args(ctx, [*args[1:], "--json"] if first else args)

    def list_commands(self, ctx: click.Context) -> list[str]:
        return sorted({*self.commands, *self.lazy})

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name in self.lazy and cmd_name not in self.commands:
            self._import(cmd_name)
        return super().get_command(ctx, cmd_name)

    def load(self) -> None:
        """Import all commands."""
        for name in self.lazy:
            self._import(name)
            if isinstance(group := self.commands[name], LazyGroup):
                group.load()

    def _import(self, name: str) -> None:
        module, _, attribute = self.lazy[name].partition(":")
        self.add_command(getattr(import_module(f"blueprints.cli.{module}"), attribute), name)
