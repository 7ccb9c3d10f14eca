"""Serves the back office: pages for the people who run a merchant's billing."""

from flask import Blueprint

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
    settings,
    switcher,
    tokens,
    users,
    webhooks,
)
from blueprints.admin.crud import finding, records
from blueprints.pages import csrf, errors, session

bp = Blueprint("admin", __name__, url_prefix="/admin")
session.guard(bp)
csrf.attach(bp)
errors.attach(bp)

for page in (customers.PAGE, products.PAGE, pricing.GROUPS, pricing.RULES, budgets.PAGE, users.PAGE, merchants.PAGE,
             webhooks.PAGE):
    records.register(bp, page)
    finding.announce(page)
for page in (keys.PAGE, currencies.PAGE, outbox.PAGE, deliveries.PAGE):      # their modules add the routes
    finding.announce(page)
for part in (overview, budgets, keys, users, audit, settings, account, palette, switcher, webhooks, deliveries,
             outbox, currencies, tokens):
    part.register(bp)
