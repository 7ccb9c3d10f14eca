"""Packages of contracts hold declarations only: no queries, no commits, no permission checks."""

import ast

import pytest

from blueprints.api.core import CONTRACT
from config import ROOT

PACKAGES = ("core", "merchant", "public")
MODULES = [
    path for package in PACKAGES for path in sorted((ROOT / "blueprints" / "api" / package).glob("*.py"))
]
NEVER_IMPORTED = ("sqlalchemy", "database", "flask_sqlalchemy", "migrations", "analytics")
NEVER_CALLED = {                # functions by their name, methods with a dot
    "select", "transaction", ".add", ".add_all", ".can", ".commit", ".delete", ".execute", ".flush", ".query",
    ".require", ".rollback", ".scalar", ".scalars",
}
DOCUMENTED = {
    "clients.get": "GET /clients/{key}", "clients.update": "PATCH /clients/{key}", "clients.search": "GET /clients",
    "clients.create": "POST /clients", "clients.archive": "POST /clients/{key}/archive",
    "clients.delete": "DELETE /clients/{key}",
    "accounting.currencies.get_rate": "GET /accounting/currencies/exchange-rate",
    "accounting.currencies.search": "GET /accounting/currencies",
    "accounting.currencies.rates.create": "POST /accounting/currencies/rates",
    "iam.auth.jwt.authenticate": "POST /iam/auth/jwt/authenticate",
    "iam.auth.jwt.refresh": "POST /iam/auth/jwt/refresh",
}


def trees():
    return [(path, ast.parse(path.read_text())) for path in MODULES]


def imported(tree):
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom):
            yield node.module or ""
        elif isinstance(node, ast.Import):
            yield from (one.name for one in node.names)


def called(tree):
    for node in ast.walk(tree):
        if isinstance(node, ast.Call):
            target = node.func
            yield f".{target.attr}" if isinstance(target, ast.Attribute) else getattr(target, "id", "")


def test_there_are_contracts_to_look_at():
    assert len(MODULES) >= 8


def test_a_contract_imports_nothing_that_could_query_or_commit():
    found = {
        (path.name, name) for path, tree in trees() for name in imported(tree) if name.split(".")[0] in NEVER_IMPORTED
    }
    assert not found


def test_a_contract_calls_nothing_that_queries_commits_or_checks_a_scope():
    found = {(path.name, name) for path, tree in trees() for name in called(tree) if name in NEVER_CALLED}
    lists = {("contract.py", ".query")}                      # a contract's own word for reading a list's parameters
    assert not found - lists


def test_a_contract_imports_only_words_and_the_domain():
    allowed = ("blueprints.api", "blueprints.auth.api_logins", "blueprints.services", "domain", "models")
    ours = {"blueprints", "domain", "models", "analytics", "database", "operations", "app", "config", "worker"}
    for path, tree in trees():
        for name in imported(tree):
            assert name.split(".")[0] not in ours or name.startswith(allowed), (path.name, name)


def test_the_machinery_knows_no_contract():
    folder = ROOT / "blueprints" / "api"
    for name in ("rest", "rpc", "verbs", "pipeline", "contract", "call", "credentials", "field_map"):
        for module in imported(ast.parse((folder / f"{name}.py").read_text())):
            assert not module.startswith(("blueprints.api.core", "blueprints.api.public")), (name, module)


@pytest.mark.parametrize(("method", "route"), DOCUMENTED.items())
def test_a_documented_method_has_its_route_and_asks_for_no_role(method, route):
    [operation] = [one for one in CONTRACT.operations if one.name == method]
    assert f"{operation.method} {operation.path}" == route
    assert operation.scope is None


def test_only_the_login_is_open_and_only_documented_methods_ask_for_no_scope():
    assert [one.name for one in CONTRACT.operations if one.public] == ["iam.auth.jwt.authenticate"]
    assert {one.name for one in CONTRACT.operations if one.scope is None} == set(DOCUMENTED)


def test_method_names_and_routes_are_unique():
    names = [one.name for one in CONTRACT.operations]
    routes = [(one.method, one.path) for one in CONTRACT.operations]
    assert len(set(names)) == len(names)
    assert len(set(routes)) == len(routes)


def test_whatever_writes_runs_in_a_transaction():
    reads = {one.name for one in CONTRACT.operations if not one.writes and one.method != "GET"}
    assert reads == {"iam.auth.jwt.authenticate", "iam.auth.jwt.refresh"}
