"""A noun that is declared is whole: its columns, its roles, its trail, and what pages and the Core API offer of it.

Each list of exceptions says why a noun does without; a new noun is in none of them.
"""

import re
from importlib import import_module

import pytest
from sqlalchemy import BigInteger, Float, Integer, Numeric

from app import CONTRACTS
from blueprints.api.field_parts import Many, One
from domain.integrations import events
from domain.lifecycle import Lifecycle
from domain.permissions import EVERYTHING, ROLE_SCOPES
from models import all_tables
from models.user import Role
from tests.architecture.nouns import file_of, pages, resources
from tests.architecture.source import ROOT, modules, within

HERE = __name__.replace(".", "/") + ".py"
TABLES = {kind.__table__.name: kind for kind in all_tables.CLASSES.values() if hasattr(kind, "__table__")}
LIVES = {value.noun: value for module in modules() if within(module.name, ("domain",))
         for value in vars(import_module(module.name)).values() if isinstance(value, Lifecycle)}


def model_file(kind):
    return kind.__module__.replace(".", "/") + ".py"


def named(one):
    return getattr(getattr(one, "resource", one), "name", None)


# Columns --------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("table", sorted(TABLES))
def test_money_is_a_whole_number_of_64_bits(table):
    kind = TABLES[table]
    inexact = [one.name for one in kind.__table__.columns if isinstance(one.type, Float | Numeric)]
    assert inexact == [], f"{model_file(kind)}: {inexact} of {table}: use minor, micro or ten-thousandths"
    small = [one.name for one in kind.__table__.columns
             if one.name.endswith(("_minor", "_micro")) and not isinstance(one.type, BigInteger)]
    assert small == [], f"{model_file(kind)}: {small} of {table} are Mapped[minor] or Mapped[micro]"


@pytest.mark.parametrize("resource", resources(), ids=named)
def test_an_id_of_another_row_is_a_foreign_key(resource):
    kind = resource.listing.model
    loose = [one.name for one in kind.__table__.columns
             if one.name.endswith("_id") and isinstance(one.type, Integer) and not one.foreign_keys]
    assert loose == [], f"{model_file(kind)}: {loose} of the {resource.noun}: say with ForeignKey() which row it names"


@pytest.mark.parametrize("resource", resources(), ids=named)
def test_a_list_reads_the_version_of_its_rows_for_their_etag(resource):
    listing = resource.listing
    assert hasattr(listing.model, "version") <= ("version" in listing.columns), (
        f"{file_of(resource)}: add version to the columns of LISTING")


@pytest.mark.parametrize("resource", resources(), ids=named)
def test_amounts_are_sorted_within_their_currency(resource):
    bare = [name for name, one in resource.listing.sort.items()
            if getattr(one, "key", "").endswith(("_minor", "_micro"))]
    assert bare == [], f"{file_of(resource)}: sort {bare} by (currency, amount)"


# Who may --------------------------------------------------------------------------------------------------------------

# Users of the role "restricted" see those of all users of their merchant.
SHARED = {"products", "api_keys", "webhooks", "users", "discount_codes", "announcements", "article_categories",
          "articles"}


@pytest.mark.parametrize("resource", resources(), ids=named)
def test_restricted_users_see_what_they_made(resource):
    listing = resource.listing
    knows = hasattr(listing.model, "created_by_user_id")
    assert knows or listing.own is not True, (
        f"{model_file(listing.model)}: own=True in LISTING needs a column created_by_user_id")
    if knows and listing.own is False:
        assert resource.name in SHARED, (
            f"{file_of(resource)}: say own=True in its LISTING, or name {resource.name} in SHARED of {HERE}")


# What only administrators do: the catalogue, accounts, the installation.
ADMINISTRATORS = {"IMPORT", "READ_AUDIT", "READ_KEYS", "READ_MERCHANTS", "READ_SETTINGS", "READ_USERS", "WEBHOOKS",
                  "WRITE_KEYS", "WRITE_MERCHANTS", "WRITE_PRODUCTS", "WRITE_SETTINGS", "WRITE_SUPPORT", "WRITE_USERS"}


@pytest.mark.parametrize("scope", sorted(EVERYTHING))
def test_every_scope_is_of_a_role_besides_the_administrators(scope):
    roles = {role for role, scopes in ROLE_SCOPES.items() if scope in scopes} - {Role.ADMIN}
    assert bool(roles) != (scope in ADMINISTRATORS), (
        f"domain/permissions.py: say which roles have {scope}, or name it in ADMINISTRATORS of {HERE}")


# The trail and the events ---------------------------------------------------------------------------------------------

OTHERWISE = {                           # nouns whose rows change under another noun's name, or by the program alone
    "currencies": "rates are looked up", "deliveries": "the outbox sends them", "tasks": "the outbox runs them",
    "services": "a service is an order",
}


@pytest.mark.parametrize("here", pages(), ids=named)
def test_the_page_of_a_noun_shows_the_trail_that_its_lifecycle_writes(here):
    assert (here.trail_name in LIVES) != (here.resource.name in OTHERWISE), (
        f"{file_of(here.resource)}: say noun=\"{here.trail_name}\" in its Lifecycle, as its history reads")


@pytest.mark.parametrize("noun", sorted({name.partition(".")[0] for name in events.NAMES} - {"service"}))
def test_a_noun_with_events_emits_them(noun):
    emits = {name for name, life in LIVES.items() if life.emit_event is not None}
    assert noun in emits, (
        f"domain/integrations/events.py has events of a {noun}: give its Lifecycle emit_event=events.emit")


# What can be undone ---------------------------------------------------------------------------------------------------

ENDS = {                                # deletions that nothing takes back, though the row is kept
    "api_keys", "webhooks", "test_clocks", "customer_users", "merchants", "users",
}


@pytest.mark.parametrize("resource", [one for one in resources() if one.delete], ids=named)
def test_a_deletion_that_keeps_the_row_has_an_undo(resource):
    kept = hasattr(resource.listing.model, "deleted_at") and resource.delete.undo is None
    assert kept == (resource.name in ENDS), (
        f"{file_of(resource)}: deletion(…, undo=restore), or name {resource.name} in ENDS of {HERE}")


# What pages and the Core API offer ------------------------------------------------------------------------------------

BY_UPDATE = {                           # actions that the Core API does by a change of a field, or that are for people
    "products": {"activate"}, "api_keys": {"revoke"}, "tasks": {"retry", "cancel"}, "customers": {"activate"},
    "merchants": {"activate"}, "budgets": {"reject", "approve"},
    "users": {"activate", "turn_off_two_factor"},       # a token, which may be stolen, takes off no second factor
    "discount_codes": {"activate"}, "ticket_mails": {"make_ticket"}, "tickets": {"take"}, "invoices": {"send_link"},
    "orders": {"cancel_at_period_end", "retry", "ask_for_card"},       # these two by the scheduled payment
    "statement_rows": {"update"},
}


@pytest.mark.parametrize("resource", resources(), ids=named)
def test_the_core_api_offers_what_pages_offer(resource):
    offered = {one.verb for contract in CONTRACTS if contract.name == "core" for one in contract.operations
               if one.exposure and one.exposure.resource.name == resource.name}
    verbs = {verb for verb, one in resource.actions.items() if one.title}
    verbs |= {verb for verb in ("create", "update", "delete") if getattr(resource, verb) is not None}
    left = verbs - offered - BY_UPDATE.get(resource.name, set())
    assert left == set(), (
        f"blueprints/api/core/: add {sorted(left)} to the verbs of {resource.name}, or say in BY_UPDATE of {HERE} why "
        "not")


EXPOSURES = list({id(one.exposure): one.exposure for contract in CONTRACTS for one in contract.operations
                  if one.exposure is not None}.values())
CORE = [one for one in EXPOSURES if one.contract.name == "core" and one.resource.input is not None]
NOT_IN_CORE = {                         # fields that the Core API says in other words, or leaves to pages
    "clients": {"first_name", "last_name", "date_of_birth", "website", "organisation_note", "note", "details",
                "archived", "billing_address", "shipping_address"},
    "products": {"active"},
}


@pytest.mark.parametrize("exposure", CORE, ids=lambda one: one.name)
def test_the_core_api_takes_every_field_of_the_input(exposure):
    left = set(exposure.resource.input.model_fields) - {one.name for one in exposure.fields.values()}
    left -= NOT_IN_CORE.get(exposure.name, set())
    assert left == set(), (
        f"blueprints/api/core/: {exposure.name} lacks {sorted(left)}, or say in NOT_IN_CORE of {HERE} why it does")


@pytest.mark.parametrize("exposure", [one for one in EXPOSURES if one.resource.input is not None],
                         ids=lambda one: f"{one.contract.name}.{one.name}")
def test_an_id_that_is_sent_says_which_noun_it_is_of(exposure):
    """The request log and the filter by customer read it."""
    loose = [wire for wire, one in exposure.fields.items()
             if one.writable and one.name.endswith("_id") and not one.refers and not isinstance(one, Many | One)]
    assert loose == [], (
        f"blueprints/api/{exposure.contract.name}/: give {loose} of {exposure.name} refers= with the noun of the row")


NOT_IN_FORM = {                         # fields that a form makes of others, or that are set elsewhere
    "customers": {"first_name", "last_name", "date_of_birth", "organisation_note", "archived", "billing_street",
                  "billing_country"},
    "merchants": {"mails_off"}, "scheduled_payments": {"status", "interval_unit", "interval_count"},
    "services": {"customer_id", "product_id", "status", "billing_cycle", "quantity", "registered_on", "next_due_on"},
}


@pytest.mark.parametrize("here", [one for one in pages() if one.form == "admin/form.html" and one.sections], ids=named)
def test_a_form_has_every_field_of_the_input(here):
    shown = {one.name.partition(".")[0] for section in here.sections for one in section.fields}
    left = set(here.resource.input.model_fields) - shown - NOT_IN_FORM.get(here.resource.name, set())
    assert left == set(), (
        f"blueprints/admin/: the form of {here.resource.name} lacks {sorted(left)}, or say in NOT_IN_FORM of {HERE} "
        "where they are set")


# Tests ----------------------------------------------------------------------------------------------------------------

TESTED = set(re.findall(r"\w+", "\n".join(
    path.read_text() for path in (ROOT / "tests").rglob("*.py") if "architecture" not in path.parts)))


@pytest.mark.parametrize("resource", resources(), ids=named)
def test_some_test_is_about_the_noun(resource):
    holding = {module.path.stem for module in modules() if within(module.name, ("domain",))
               and any(value is resource for value in vars(import_module(module.name)).values())}
    area = file_of(resource).removeprefix("domain/").rpartition("/")[0]
    assert (holding | {resource.name}) & TESTED, (
        f"tests/domain/{area}/test_{resource.name}.py: test the rules of a {resource.noun}")
