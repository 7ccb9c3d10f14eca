"""The operator's commands: `flask --app app …`. Each calls the domain or operations and decides nothing."""

from flask import Flask

from blueprints.cli import accounts, demo, installation, keys, logs, rates, reference, schema
from blueprints.cli._command import settings_or_exit

__all__ = ["register", "settings_or_exit"]


def register(app: Flask) -> None:
    """Add the commands to the application's command line."""
    for module in (installation, accounts, keys, logs, rates, reference, demo):
        for command in module.COMMANDS:
            app.cli.add_command(command)
    schema.register()
