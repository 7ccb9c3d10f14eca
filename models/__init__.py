"""Tables and value types, one noun a file; `models.all_tables` imports them all."""

from importlib import import_module
from typing import Any


def __getattr__(name: str) -> Any:
    """`from models import Customer`. Importing one file of this package does not import the others."""
    if name.startswith("__") and name != "__all__":
        raise AttributeError(name)
    try:
        return getattr(import_module("models.all_tables"), name)
    except AttributeError:
        raise AttributeError(f"models has no {name}") from None
