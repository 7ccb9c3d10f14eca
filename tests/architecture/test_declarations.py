"""Names in declarations exist: routes, scopes, filters, sorts, field maps."""

import re
from collections import Counter

import pytest

from app import CONTRACTS
from blueprints.api import rest
from blueprints.api.field_groups import Group
from blueprints.api.field_map import Moment
from blueprints.api.field_parts import Many, One
from database import UtcDateTime, db
from domain.permissions import EVERYTHING
from models import Merchant

OPERATIONS = [(contract, one) for contract in CONTRACTS for one in contract.operations]
EXPOSURES = list({id(one.exposure): one.exposure for _, one in OPERATIONS if one.exposure is not None}.values())
OPEN = {"iam.auth.jwt.authenticate", "iam.auth.jwt.refresh"}       # whoever calls them proves himself in the call
# Every key may read its own rate limit; anybody may read the status, and report a key.
UNSCOPED = {"status.get", "rate_limit.get", "leaked_keys.report"}


CHOSEN = {"merchant_id"}            # a creation's merchant narrows the actor; it is no field of the input


def named(value):
    if isinstance(value, tuple):
        return f"{value[0].name}.{value[1].name}"
    return f"{value.contract.name}.{value.resource.name}"


def test_no_method_and_rule_is_claimed_twice(app):
    claims = Counter((method, rule.rule) for rule in app.url_map.iter_rules() for method in rule.methods
                     if method not in ("HEAD", "OPTIONS"))
    assert [claim for claim, times in claims.items() if times > 1] == []


def test_no_two_rules_differ_by_the_name_of_an_argument_only(app):
    shapes = Counter((method, re.sub(r"<(?:\w+:)?\w+>", "<>", rule.rule))
                     for rule in app.url_map.iter_rules() for method in rule.methods - {"HEAD", "OPTIONS"})
    assert [shape for shape, times in shapes.items() if times > 1] == []


def test_every_address_of_a_contract_carries_contract_and_operation(app):
    for contract in CONTRACTS:
        for rule in app.url_map.iter_rules():
            view = app.view_functions[rule.endpoint]
            if rule.endpoint.split(".")[0] == contract.name:
                assert view.contract is contract, rule
                assert view.operation is None or view.operation in contract.operations, rule


def test_every_operation_is_mounted_under_every_prefix(app):
    rules = {(rule.rule, method) for rule in app.url_map.iter_rules() for method in rule.methods}
    for contract, one in OPERATIONS:
        for prefix in contract.prefixes:
            path = prefix + rest.rule_of(rest.words_of(contract), one.path)
            assert (path, one.method) in rules, path


@pytest.mark.parametrize("pair", OPERATIONS, ids=named)
def test_every_operation_names_a_scope_that_exists(pair):
    contract, one = pair
    if one.scope is None:
        # the Core API's document: the role is ignored
        assert one.name in OPEN | UNSCOPED or contract.name == "core"
    else:
        assert one.scope in EVERYTHING, f"domain/permissions.py: there is no scope {one.scope} ({one.name})"
        if contract.name == "public":
            assert one.scope.startswith("READ_") == (one.method == "GET") or one.scope == "WEBHOOKS"


def test_an_operations_name_is_its_own():
    for contract in CONTRACTS:
        names = [one.name for one in contract.operations]
        assert len(names) == len(set(names))


def spread(fields):
    """The fields with those of groups in their places."""
    for wire, field in fields.items():
        if isinstance(field, Group):
            yield from ((f"{wire}.{inner}", one) for inner, one in spread(field.fields))
        else:
            yield wire, field


@pytest.mark.parametrize("exposure", EXPOSURES, ids=named)
def test_what_an_exposure_writes_the_input_takes_and_what_it_shows_the_listing_reads(exposure):
    resource, listing = exposure.resource, exposure.resource.listing
    columns = set(listing.columns)
    for wire, field in spread(exposure.fields):
        if field.writable and resource.input is not None:
            assert field.name in {*resource.input.model_fields, *CHOSEN}, wire
        if isinstance(field, Many):
            children = listing.children[field.column or field.name].columns
            for inner in field.fields.values():
                assert not inner.source or inner.source in children, (wire, inner.name)
        elif isinstance(field, One):
            shown = columns if field.of is None else set().union(*(kind.columns for kind in listing.children.values()))
            for inner in field.fields.values():
                assert not inner.source or inner.source in shown, (wire, inner.name)
        elif field.source:
            assert field.source in columns, wire


@pytest.mark.parametrize("exposure", EXPOSURES, ids=named)
def test_what_can_be_filtered_and_sorted_by_is_declared_by_the_listing(exposure):
    listing = exposure.resource.listing
    assert {one.filter for one in exposure.parameters.values()} <= set(listing.filters)
    assert set(exposure.sorts.values()) <= set(listing.sort)
    if exposure.resource.input is not None:
        assert set(exposure.required) <= {*exposure.resource.input.model_fields, *CHOSEN}


@pytest.mark.parametrize("exposure", EXPOSURES, ids=named)
def test_every_filter_and_sort_of_a_listing_is_of_tables_it_reads(exposure):
    listing = exposure.resource.listing
    tables = {listing.model.__table__, *(target.__table__ for target, _ in listing.joins)}
    for name, column in listing.sort.items():
        assert set(getattr(column, "_from_objects", tables)) <= tables, name
    for name, one in listing.filters.items():
        assert callable(one.clause), name
    assert "id" in listing.columns or listing.model is Merchant


@pytest.mark.parametrize("exposure", EXPOSURES, ids=named)
def test_no_secret_can_be_shown_filtered_or_sorted_by(exposure):
    secret = {"password_hash", "digest", "bcrypt_hash", "ciphertext", "webhook_secret", "token_digest"}
    listing = exposure.resource.listing
    assert not secret & (set(listing.columns) | set(listing.filters) | set(listing.sort))


def test_what_answers_with_nothing_but_a_secret_is_not_kept_for_a_repetition():
    """Other answers with a secret are kept without it (Outcome.kept). A report of nobody has nobody to be kept for."""
    assert {one.name for _, one in OPERATIONS if not one.kept} == OPEN | {"leaked_keys.report"}


def test_every_tables_ids_are_given_once():
    for table in db.metadatas[None].tables.values():
        if table.autoincrement_column is not None:
            assert table.dialect_options["sqlite"]["autoincrement"] is True, table.name


@pytest.mark.parametrize("exposure", EXPOSURES, ids=named)
def test_a_listing_of_merchants_rows_filters_by_merchant(exposure):
    listing = exposure.resource.listing
    if hasattr(listing.model, "merchant_id"):
        assert listing.merchant == "merchant_id"


def shown_columns(fields, listing, children=None):
    """Every field that shows a column, with the column: of rows, of objects in them and of their children."""
    columns = listing.columns if children is None else children.columns
    for wire, one in fields.items():
        if isinstance(one, Many):
            yield from shown_columns(one.fields, listing, listing.children[one.child])
        elif isinstance(one, One) and one.of is None:
            yield from shown_columns(one.fields, listing, children)
        elif one.source in columns:
            yield wire, one, columns[one.source]


@pytest.mark.parametrize("exposure", EXPOSURES, ids=named)
def test_a_time_is_shown_as_the_contract_shows_times(exposure):
    wrong = [wire for wire, one, column in shown_columns(exposure.fields, exposure.resource.listing)
             if isinstance(column.type, UtcDateTime) and not isinstance(one, Moment)]
    assert wrong == [], f"Declare {wrong} of {exposure.name} as Moment: the contract's form, in the zone of the call"
