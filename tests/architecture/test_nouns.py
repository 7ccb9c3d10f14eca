"""Checks that a noun is declared in every place; a failure names the file to edit."""

import re
from importlib import import_module

import pytest
from werkzeug.datastructures import MultiDict

from app import CONTRACTS
from blueprints.admin.developers import key_form
from blueprints.api.requests.touched import slug
from blueprints.pages import navigation
from domain.actor import Actor
from domain.integrations import events
from domain.lifecycle import Lifecycle
from domain.permissions import EVERYTHING, KEY_PERMISSIONS, KEY_SCOPES
from tests.architecture.nouns import file_of, pages, resources
from tests.architecture.source import modules, within

WITHOUT_PAGES = {                       # a noun that has no page, and why
    "payment_methods": "they stand in the dialog that charges one for an invoice, on the invoice's page",
}


@pytest.mark.parametrize("resource", resources(), ids=lambda one: one.name)
def test_a_noun_that_can_be_read_has_a_page(resource):
    known = {here.resource.name for here in pages()} | WITHOUT_PAGES.keys()
    assert resource.name in known, (
        f"blueprints/admin/{resource.name}.py: declare a ListPage, or say in WITHOUT_PAGES here why there is none")


@pytest.mark.parametrize("here", pages(), ids=lambda here: here.resource.name)
def test_a_page_is_in_the_navigation_or_says_why_not(app, here):
    assert here.resource.read_scope in EVERYTHING, (
        f"domain/permissions.py: add a Permission, or {here.resource.read_scope} to ADMIN_SCOPES")
    shown = {item.path for item in navigation.items(Actor.operator().in_world(test=here.world is True))}
    assert (f"/admin{here.path}" in shown) != bool(here.apart), (
        f"{here.title}: give its ListPage in blueprints/admin/ a group= and position=, or say in apart= why not")


def test_what_the_navigation_offers_exists(app):
    addresses = app.url_map.bind("localhost")
    for item in navigation.items(Actor.operator()):
        for path in filter(None, (item.path, item.creation and item.creation.path)):
            assert addresses.test(path, "GET"), f"{item.title}: there is no page at {path}"


@pytest.mark.parametrize("here", pages(), ids=lambda here: here.resource.name)
def test_an_action_that_pages_offer_says_what_it_does_and_what_it_did(here):
    """An action without a title is one that only APIs offer; any other needs what pages show."""
    for verb, action in here.verbs.items():
        place = f"the action {verb!r} of {here.resource.name}: complete its Action(…) in the noun's file in domain/"
        assert "{}" in action.past, place
        assert action.icon, place
        assert action.undo or action.confirm or not action.danger, f"{place}: ask before what nothing takes back"
        assert not action.keeps or action.undo, place
        assert set(action.keeps) <= {one.key for one in here.resource.listing.model.__mapper__.column_attrs}, place


@pytest.mark.parametrize("here", pages(), ids=lambda here: here.resource.name)
def test_every_action_that_pages_offer_has_its_addresses(app, here):
    rules = [rule for rule in app.url_map.iter_rules() if rule.endpoint == f"admin.{here.resource.name}_act"]
    assert bool(rules) == bool(here.verbs), f"blueprints/admin: call actions.register(bp, PAGE) for {here.title}"


@pytest.mark.parametrize("scope", KEY_SCOPES)
def test_every_scope_of_a_key_can_be_granted_in_its_form(scope):
    permission = next((one for one in KEY_PERMISSIONS if scope in one.scopes("write")), None)
    assert permission is not None, f"domain/permissions.py: add {scope} to KEY_PERMISSIONS"
    assert scope in key_form.scopes(MultiDict({f"scope_{permission.name}": "write"}))
    assert permission.level([scope]) != "none"


def test_every_scope_that_a_noun_names_exists():
    for resource in resources():
        for scope in (resource.read_scope, resource.write_scope):
            assert scope in EVERYTHING, f"domain/permissions.py: there is no scope {scope} ({resource.name})"


WITHOUT_CORE = {                        # a noun that the Core API does not offer, and why
    "tasks": "They are the operator's queue.",
    "ticket_mails": "Programs read the tickets that mails became; what was kept is looked at by a person.",
}


@pytest.mark.parametrize("resource", resources(), ids=lambda one: one.name)
def test_a_noun_is_offered_by_the_core_api_or_says_why_not(resource):
    offered = {one.exposure.resource.name for contract in CONTRACTS if contract.name == "core"
               for one in contract.operations if one.exposure}
    assert resource.name in offered | WITHOUT_CORE.keys(), (
        f"blueprints/api/core/: expose {resource.name}, or say in WITHOUT_CORE of tests/architecture/test_nouns.py why "
        "the Core API does not offer it")


COUNTED_BESIDE = {"api_keys"}           # their list has columns of the request log


@pytest.mark.parametrize("here", pages(), ids=lambda here: here.resource.name)
def test_what_a_page_names_is_declared_by_its_noun(here):
    listing, form = here.resource.listing, here.resource.input
    place = f"the ListPage of {here.resource.name} in blueprints/admin/ names what {file_of(here.resource)} has not"
    assert {one.sort for one in here.columns if one.sort} | {here.sort.lstrip("-")} <= set(listing.sort), place
    assert {one.name for one in here.list_filters} <= set(listing.filters), place
    if here.resource.name not in COUNTED_BESIDE:
        assert {one.name for one in here.columns if not one.shown} <= {*listing.columns, *listing.children}, place
    written = {one.editable for one in here.columns if one.editable}
    if here.form == "admin/form.html":
        written |= {one.name.partition(".")[0] for section in here.sections for one in section.fields}
    assert written <= set(form.model_fields if form else ()), place


def nouns_with_events():
    """The nouns that have events: those whose Lifecycle is given `emit_event`."""
    found = {}
    for module in modules():
        if within(module.name, ("domain",)):
            lives = [one for one in vars(import_module(module.name)).values() if isinstance(one, Lifecycle)]
            found |= {life.noun: (module.path.name, life.silent) for life in lives if life.emit_event is not None}
    return sorted(found.items())


@pytest.mark.parametrize(("noun", "told"), nouns_with_events())
def test_a_noun_that_has_events_has_each_of_them_and_a_shape(noun, told):
    file, silent = told
    ends = any(one.delete is not None and slug(one.noun) == noun for one in resources())
    verbs = ("created", "updated", "deleted") if ends else ("created", "updated")
    missing = {f"{noun}.{verb}" for verb in verbs if verb not in silent} - events.NAMES
    assert not missing, f"domain/integrations/events.py: add {sorted(missing)} to EVENTS ({file} emits them)"


@pytest.mark.parametrize("noun", sorted({name.partition(".")[0] for name in events.NAMES}))
def test_an_event_has_one_shape(noun):
    shapes = {id(one.exposure) for contract in CONTRACTS for one in contract.operations
              if one.exposure is not None and one.exposure.event_shape and one.exposure.noun == noun}
    place = f"blueprints/api/public/__init__.py: expose the {noun} with event_shape=True, in one contract only"
    assert len(shapes) == 1, place


MACHINERY = (
    "database", "domain.inputs", "blueprints.api.requests", "blueprints.api.wire", "blueprints.admin.crud",
    "blueprints.pages", "blueprints.portal",
)
NOUNS = (
    "domain.people", "domain.catalog", "domain.sales", "domain.payments", "domain.integrations", "domain.outbox",
    "domain.support",
)
# Where nouns are declared rather than handled, and the reference, which shows the one table of events.
DECLARES = ("domain.permissions", "domain.settings")
EVENTS = "domain.integrations.events"
# Who asks and whose rows: every row has a merchant, some belong to a customer, a user does things.
ASKING = {"merchant", "customer", "user"}
# Words that mean something else as well: an amount has a currency, a mapping keys, a list an order.
AMBIGUOUS = {"address", "event", "total", "sample", "task", "lease", "retention", "signature", "endpoint", "currency",
             "use", "key", "api", "order", "test"}


def is_machinery(module):
    flat = module.name.rpartition(".")[0] in ("domain", "blueprints.api") and module.path.name != "__init__.py"
    return within(module.name, MACHINERY) or (flat and module.name not in DECLARES)


def noun_words():
    """The nouns, by the file names of the areas."""
    files = {module.path.stem for module in modules() if within(module.name, NOUNS)} - {"__init__"}
    return {single(name.partition("_")[0]) for name in files} - ASKING - AMBIGUOUS


def single(word):
    """budgets: budget; deliveries: delivery; addresses: address."""
    return re.sub(r"(ies|sses|s)$", lambda found: {"ies": "y", "sses": "ss"}.get(found[1], ""), word)


@pytest.mark.parametrize("module", [one for one in modules() if is_machinery(one)], ids=lambda one: one.name)
def test_machinery_imports_no_noun(module):
    nouns = [f"{module.path.name}:{line}: {name}" for name, line, _ in module.imports() if within(name, NOUNS)
             and not (within(module.name, ("blueprints.portal",)) and within(name, (EVENTS,)))]
    assert nouns == [], "what follows from a noun is declared by the noun and handed to the machinery"


@pytest.mark.parametrize("module", [one for one in modules() if is_machinery(one)], ids=lambda one: one.name)
def test_machinery_names_no_noun(module):
    words = noun_words()
    assert {"budget", "product", "webhook"} <= words
    if within(module.name, ("blueprints.portal",)):
        words -= {"webhook", "delivery"}        # a section of OpenAPI documents, and what every event comes in
    if within(module.name, ("blueprints.pages.headers",)):
        words -= {"payment"}                    # a browser's permission
    wrong = [f"{module.path}:{line}: {name}" for name, line in module.names()
             if {single(part) for part in re.split(r"[^a-z]+", name.lower())} & words]
    assert wrong == [], "the noun declares this (Resource, ListPage, expose, permissions), and the machinery derives it"
