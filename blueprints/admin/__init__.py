"""The back office: pages for the people who run a merchant's billing."""

from flask import Blueprint

from blueprints import _csrf, _errors, _session
from blueprints.admin import (
    account,
    audit,
    budgets,
    currencies,
    customers,
    deliveries,
    keys,
    merchants,
    outbox,
    overview,
    palette,
    pricing,
    products,
    records,
    settings,
    switcher,
    tokens,
    users,
    webhooks,
)

bp = Blueprint("admin", __name__, url_prefix="/admin")
_session.guard(bp)
_csrf.attach(bp)
_errors.attach(bp)

for page in (customers.PAGE, products.PAGE, pricing.GROUPS, pricing.RULES, budgets.PAGE, users.PAGE, merchants.PAGE,
             webhooks.PAGE):
    records.register(bp, page)
for part in (overview, budgets, keys, users, audit, settings, account, palette, switcher, webhooks, deliveries,
             outbox, currencies, tokens):
    part.register(bp)
