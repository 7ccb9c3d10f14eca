"""Serves the back office: pages for the people who run a merchant's billing.

Every module of the package is imported. A ListPage that it declares gets its addresses and its place in the
navigation; a function `register(bp)` adds what the module has besides.
"""

from importlib import import_module
from pkgutil import iter_modules

from flask import Blueprint

from blueprints.admin import currencies, deliveries, keys, outbox
from blueprints.admin.crud import history, records, related, searching, tabs
from blueprints.admin.crud.listing import ListPage
from blueprints.pages import csrf, errors, session

OWN_ADDRESSES = (keys.PAGE, currencies.PAGE, outbox.PAGE, deliveries.PAGE)      # their modules add the addresses

bp = Blueprint("admin", __name__, url_prefix="/admin")
session.guard(bp)
csrf.attach(bp)
errors.attach(bp)

MODULES = [import_module(f"{__name__}.{one.name}") for one in iter_modules(__path__) if not one.ispkg]
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
