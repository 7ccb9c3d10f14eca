"""Commands for the program's own settings; those of the environment are not among them."""

from typing import Any

import click

from blueprints.cli._command import Needs, Result, operator_command
from blueprints.cli.tables import Output, table
from database import transaction
from domain import inputs
from domain import settings as stored
from domain.actor import Actor
from domain.errors import NotFound


@click.group()
def settings() -> None:
    """Settings that can be changed while the server runs."""


@operator_command("list", needs=Needs.READING)
def list_settings() -> Result:
    """Show all settings."""
    found = stored.everything()
    rows = [[name, str(value), stored.MEANINGS[name]] for name, value in found.items()]
    return Result(found, Output(table("Settings", ["name", "value", "meaning"], rows)))


@operator_command("set", click.argument("name"), click.argument("value"))
def set_setting(name: str, value: str) -> Result:
    """Change a setting; a running server obeys within a second."""
    if name not in stored.SettingsInput.model_fields:
        raise NotFound("setting", name)
    changed = inputs.changes(stored.SettingsInput, {name: value}, text=True)
    with transaction():
        stored.update(Actor.operator(), changed)
    data: dict[str, Any] = {"name": name, "value": changed[name]}
    return Result(data, f"{name} is now {changed[name]}.")


settings.add_command(list_settings)
settings.add_command(set_setting)
