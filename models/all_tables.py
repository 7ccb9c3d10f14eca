"""Imports every table, so that foreign keys between them can be resolved.

Imports each file of the package, and offers its classes by their names.
"""

from importlib import import_module
from pkgutil import iter_modules

import models


def _classes() -> dict[str, type]:
    """The classes that the files of the package define, by name."""
    files = [import_module(f"models.{one.name}") for one in iter_modules(models.__path__) if one.name != "all_tables"]
    return {
        name: value for file in files for name, value in vars(file).items()
        if isinstance(value, type) and value.__module__ == file.__name__
    }


CLASSES = _classes()
globals().update(CLASSES)
