"""Finds the nouns of the product: resources, and the pages about them."""

from functools import cache
from importlib import import_module

from blueprints.admin.crud.listing import ListPage
from domain.resource import Resource
from tests.architecture.source import ROOT, modules, within


@cache
def declared(kind, package):
    """Every object of a kind that modules of a package hold, by the name of its resource, with the file."""
    found = {}
    for module in modules():
        if within(module.name, (package,)):
            for value in vars(import_module(module.name)).values():
                if isinstance(value, kind):
                    found.setdefault(value.name if kind is Resource else value.resource.name, (value, module.path.name))
    return found


def resources():
    return [value for value, _ in declared(Resource, "domain").values()]


def file_of(resource):
    """The file in which a noun is declared, for whoever has to mend it."""
    for module in modules():
        if within(module.name, ("domain",)) and any(
            value is resource for value in vars(import_module(module.name)).values()
        ):
            return str(module.path.relative_to(ROOT))
    return "domain/"


def pages():
    return [value for value, _ in declared(ListPage, "blueprints.admin").values()]
