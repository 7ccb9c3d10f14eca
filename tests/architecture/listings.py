"""Finds every listing that a module of the domain declares."""

import sys

from domain.listing import Listing
from tests.architecture.source import modules


def listings():
    """Each listing once."""
    found = {}
    for one in modules():
        if one.name.startswith("domain."):
            __import__(one.name)
            values = vars(sys.modules[one.name]).values()
            found |= {id(value): value for value in values if isinstance(value, Listing)}
    return list(found.values())
