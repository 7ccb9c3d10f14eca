"""The operator's commands, `countinghouse …`. Each calls the domain or operations and has no rules of its own."""

from flask import Flask

from blueprints.cli._command import recover_or_exit, settings_or_exit
from blueprints.cli.console import console

__all__ = ["recover_or_exit", "register", "settings_or_exit"]


def register(app: Flask) -> None:
    """Add the commands to the application's command line, `flask --app app …`."""
    console.load()
    for name, command in console.commands.items():
        app.cli.add_command(command, name)
