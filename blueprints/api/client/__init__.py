"""Declares the Client API: every module of the package is imported, so that what it exposes is part of it."""

from importlib import import_module
from pkgutil import walk_packages

from blueprints.api.client.contract import CONTRACT as CONTRACT

for module in walk_packages(__path__, f"{__name__}."):
    import_module(module.name)
