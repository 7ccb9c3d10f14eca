"""Serves the dashboard: pages for the people who run a merchant's billing.

Every module of the package and of its groups is imported (crud is what they are made of). A ListPage that it declares
gets its addresses and its place in the navigation; a function `register(bp)` adds what the module has besides.
"""

from importlib import import_module
from pkgutil import walk_packages

from flask import Blueprint

from blueprints.admin import currencies
from blueprints.admin.crud import history, records, related, searching, tabs
from blueprints.admin.crud.listing import ListPage
from blueprints.admin.developers import deliveries, keys
from blueprints.admin.system import outbox
from blueprints.pages import csrf, errors, session

OWN_ADDRESSES = (keys.PAGE, currencies.PAGE, outbox.PAGE, deliveries.PAGE)      # their modules add the addresses

bp = Blueprint("admin", __name__, url_prefix="/admin")
session.guard(bp)
csrf.attach(bp)
errors.attach(bp)

MODULES = [
    import_module(one.name) for one in walk_packages(__path__, f"{__name__}.")
    if not one.ispkg and not one.name.startswith(f"{__name__}.crud.")
]
PAGES = {id(value): value for module in MODULES for value in vars(module).values() if isinstance(value, ListPage)}

for page in PAGES.values():
    if not any(page is own for own in OWN_ADDRESSES):
        records.register(bp, page)
    searching.register(page)
    related.register(page)
tabs.add(10, related.provide)
tabs.add(30, history.provide)
for module in MODULES:
    if hasattr(module, "register"):
        module.register(bp)
