"""Who may import whom: outside in, never back, and nothing slow at start."""

import pytest

from tests.architecture.source import OURS, modules, within

FLOOR = {"config", "database", "models", "domain"}
# Longest match wins. What is not named here may import everything: app.py and the two programs.
MAY_IMPORT = {
    "config": set(),
    "database": {"database"},
    "models": {"models", "database"},
    "domain": {"domain", "models", "database"},
    "analytics": {"analytics", "database"},
    "operations": FLOOR | {"operations"},
    "outbound": {"outbound", "domain", "models", "database"},
    "blueprints": {"blueprints", "domain", "models", "database"},
    "blueprints.analytics": {"blueprints", "domain", "models", "database", "analytics"},
    # The overview and the list of keys show traffic; analytics answers, with the merchants it is given.
    "blueprints.admin.traffic": {"blueprints", "domain", "models", "database", "analytics"},
    "blueprints.admin.key_use": {"analytics"},
    "blueprints.health": FLOOR | {"blueprints", "analytics", "operations"},
    "blueprints.services": {"config", "domain"},         # what app.py hands to all of them
    "blueprints.databases": {"config", "database", "domain.vault"},
    "blueprints.cli": FLOOR | {
        "blueprints.cli", "blueprints.databases", "blueprints.services", "analytics", "operations", "outbound",
        "server", "worker",
    },
    "blueprints.api": {"blueprints.api", "blueprints.services", "domain", "models", "database"},
    # Signing in has one counter of wrong tries, for the form and for JSON Web Tokens.
    "blueprints.api.core.iam": {"blueprints.api", "blueprints.auth.attempts", "domain"},
    "worker": FLOOR | {"analytics", "operations", "outbound"},
    "server": set(),
    "docs": set(),                          # code for receivers, who have nothing of ours
}
NO_HTTP = {"domain", "models", "analytics", "operations", "database", "config", "outbound"}
FRAMEWORKS = {"flask", "werkzeug", "flask_login", "flask_wtf", "flask_limiter", "htmx_flask", "jinja2", "waitress"}
SLOW = {                                    # imported where they are needed, because they take long and rarely are
    "plotly": "analytics.charts",
    "weasyprint": "blueprints",
    "phonenumbers": "blueprints.api.merchant",
    "xlsxwriter": "blueprints",
    "stripe": "outbound",
}
CONTRACTS = ("blueprints.api.public", "blueprints.api.client", "blueprints.api.merchant", "blueprints.api.core")


def rule_of(name):
    named = [one for one in MAY_IMPORT if within(name, (one,))]
    return MAY_IMPORT[max(named, key=len)] if named else None


@pytest.mark.parametrize("module", modules(), ids=lambda one: one.name)
def test_a_module_imports_only_what_its_place_allows(module):
    allowed = rule_of(module.name)
    if allowed is None:
        return
    wrong = [f"{module.path}:{line} imports {name}" for name, line, _ in module.imports()
             if within(name, OURS) and not within(name, allowed)]
    assert wrong == []


def test_every_package_has_a_rule():
    free = {one.name for one in modules() if rule_of(one.name) is None}
    assert free == {"app"}


def test_what_is_no_surface_knows_no_http():
    exempt = {"database"}                   # its handle is Flask-SQLAlchemy's, and that is all
    for module in modules():
        if within(module.name, NO_HTTP) and module.name not in exempt:
            wrong = [name for name, _, _ in module.imports() if name.split(".")[0] in FRAMEWORKS]
            assert wrong == [], module.path


def test_toolbox_modules_of_the_domain_import_no_noun_and_nothing_goes_in_circles():
    areas = ("domain.access", "domain.outbox", "domain.integrations", "domain.people", "domain.catalog", "domain.sales")
    toolbox = {one.name for one in modules() if one.name.startswith("domain.") and one.name.count(".") == 1
               and one.path.name != "__init__.py"}
    graph = {one.name: {name for name, _, _ in one.imports() if within(name, ("domain",))} - {one.name}
             for one in modules() if within(one.name, ("domain",))}
    for name in toolbox:
        assert not [one for one in graph[name] if within(one, areas)], name
    assert circle(graph) is None


def circle(graph):
    """A way that leads back to where it began, or None."""
    done, path = set(), []

    def visit(name):
        if name in path:
            return [*path[path.index(name):], name]
        if name in done or name not in graph:
            return None
        path.append(name)
        found = next(filter(None, map(visit, sorted(graph[name]))), None)
        path.pop()
        done.add(name)
        return found

    return next(filter(None, map(visit, sorted(graph))), None)


def test_the_packages_go_in_no_circle():
    graph = {one.name: {name for name, _, _ in one.imports() if within(name, OURS)} - {one.name} for one in modules()}
    packages = {one.name for one in modules() if one.path.name == "__init__.py"}
    assert circle({name: reached for name, reached in graph.items() if name not in packages}) is None


def test_imports_inside_functions_are_those_of_slow_libraries_and_say_why():
    for module in modules():
        lines = module.text.splitlines()
        for name, line, inside in module.imports():
            if inside:
                library = name.split(".")[0]
                assert library in SLOW, f"{module.path}:{line} imports {name} inside a function"
                assert within(module.name, (SLOW[library],)), f"{module.path}:{line}"
                beside = lines[line - 1] + lines[line - 2]
                assert "#" in beside or '"""' in beside, f"{module.path}:{line}: why?"


def test_slow_libraries_are_imported_nowhere_at_start():
    early = [(module.name, name) for module in modules() for name, _, inside in module.imports()
             if not inside and name.split(".")[0] in SLOW]
    assert early == []


def test_contracts_neither_query_nor_commit_nor_check_a_scope():
    for module in modules():
        if within(module.name, CONTRACTS):
            names = {name.split(".")[0] for name, _, _ in module.imports()}
            assert not names & {"database", "sqlalchemy", "flask_sqlalchemy"}, module.path
            for verb in ("require", "commit", "execute", "scalars", "flush"):
                assert module.calls(verb) == [], f"{module.path} calls {verb}()"


def test_there_is_one_commit():
    places = [(module.name, len(module.calls("commit"))) for module in modules() if module.calls("commit")]
    names = {name for name, _ in places}
    assert "database" in names
    # SQLite files of a backup are no sessions of ours; nothing of the business is written there.
    assert names <= {"database", "operations.sqlite", "operations.backup"}, places


def test_pipeline_verbs_and_routes_know_no_contract():
    for module in modules():
        if module.name in {f"blueprints.api.{one}" for one in ("pipeline", "verbs", "rest", "rpc", "call", "contract")}:
            assert not [name for name, _, _ in module.imports() if within(name, CONTRACTS)], module.name
