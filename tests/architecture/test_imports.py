"""Which package may import which, and what is not imported at start."""

import pytest

from tests.architecture.source import OURS, ROOT, modules, within

HERE = "tests/architecture/test_imports.py"

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
    "blueprints.api": {
        "blueprints.api", "blueprints.services", "blueprints.shared_counters", "domain", "models", "database",
    },
    # Signing in has one counter of wrong tries, for the form and for JSON Web Tokens.
    "blueprints.api.core.iam": {"blueprints.api", "blueprints.auth.api_logins", "domain"},
    "worker": FLOOR | {"analytics", "operations", "outbound"},
    "server": {"server"},
    "docs": set(),                          # code for receivers, who have nothing of ours
}
NO_HTTP = {"domain", "models", "analytics", "operations", "database", "config", "outbound"}
FRAMEWORKS = {"flask", "werkzeug", "flask_login", "flask_wtf", "flask_limiter", "htmx_flask", "jinja2", "waitress"}
SLOW = {                                    # imported where they are needed, because they take long and rarely are
    "plotly": "analytics.charts",
    "weasyprint": "blueprints",
    "phonenumbers": "blueprints.api.merchant",
    "xlsxwriter": "blueprints",
    "segno": "domain",
    "markdown_it": "domain",
    "nh3": "domain",
    "typst": "domain.invoicing.documents",
    "drafthorse": "domain.invoicing.e_invoice",
    "lxml": "domain.invoicing.e_invoice",
    "pypdf": "domain.invoicing.e_invoice",
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
    wrong = [f"{module.path.relative_to(ROOT)}:{line} imports {name}" for name, line, _ in module.imports()
             if within(name, OURS) and not within(name, allowed)]
    assert wrong == [], (
        f"{module.name} may import {', '.join(sorted(allowed)) or 'nothing of ours'}. Have what it needs handed to it, "
        f"or move the code to where it may: {'; '.join(wrong)}"
    )


def test_every_package_has_a_rule():
    free = {one.name for one in modules() if rule_of(one.name) is None}
    assert free == {"app"}, f"Say in MAY_IMPORT of {HERE} what these may import: {sorted(free - {'app'})}"


def test_what_is_no_surface_knows_no_http():
    exempt = {"database"}                   # its handle is Flask-SQLAlchemy's, and that is all
    for module in modules():
        if within(module.name, NO_HTTP) and module.name not in exempt:
            wrong = [name for name, _, _ in module.imports() if name.split(".")[0] in FRAMEWORKS]
            assert wrong == [], f"{module.path.relative_to(ROOT)} knows no HTTP: leave {wrong} to blueprints/"


# The floors of domain/, from the top; whoever is on one imports only from those below. The last is the toolbox.
FLOORS = (
    ("support", "hosting"), ("invoicing",), ("payments",), ("sales",), ("people", "catalog"), ("integrations",),
    ("outbox",), ("access",), ("",),
)
FLOOR_OF = {area: number for number, areas in enumerate(FLOORS) for area in areas}


def area_of(name):
    """The area of a module of domain/; empty for the toolbox, which lies flat in it."""
    parts = name.split(".")
    if len(parts) > 1 and parts[1] == "inputs":              # a package of the toolbox
        return ""
    return parts[1] if len(parts) > 2 or (ROOT / "domain" / parts[1]).is_dir() else ""


def test_every_area_of_the_domain_has_a_floor():
    areas = {area_of(one.name) for one in modules() if one.name.startswith("domain.")}
    assert areas <= set(FLOOR_OF), f"Put {sorted(areas - set(FLOOR_OF))} on a floor: FLOORS of {HERE}"


@pytest.mark.parametrize("module", [one for one in modules() if one.name.startswith("domain.")],
                         ids=lambda one: one.name)
def test_an_area_of_the_domain_imports_only_from_the_floors_below(module):
    """Areas on one floor never import each other: one names a row of the other by noun and id."""
    own = area_of(module.name)
    wrong = [f"{module.path.relative_to(ROOT)}:{line} imports {name}" for name, line, _ in module.imports()
             if name.startswith("domain.") and area_of(name) != own and FLOOR_OF[area_of(name)] <= FLOOR_OF[own]]
    assert wrong == [], (
        f"{own or 'The toolbox of domain/'} stands below or beside what it imports (FLOORS of {HERE}). Move what both "
        f"need down, or name the row by noun and id: {'; '.join(wrong)}"
    )


def test_the_modules_of_the_domain_go_in_no_circle():
    graph = {one.name: {name for name, _, _ in one.imports() if within(name, ("domain",))} - {one.name}
             for one in modules() if within(one.name, ("domain",))}
    found = circle(graph)
    assert found is None, f"Move what both need into a module of its own: {' -> '.join(found or ())}"


def circle(graph):
    """A path that ends where it began, or None."""
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
    found = circle({name: reached for name, reached in graph.items() if name not in packages})
    assert found is None, f"Move what both need into a module of its own: {' -> '.join(found or ())}"


def test_imports_inside_functions_are_those_of_slow_libraries_and_say_why():
    for module in modules():
        lines = module.text.splitlines()
        for name, line, inside in module.imports():
            if inside:
                library = name.split(".")[0]
                place = f"{module.path.relative_to(ROOT)}:{line}"
                assert library in SLOW, f"{place} imports {name} inside a function: import it at the top"
                assert within(module.name, (SLOW[library],)), f"{place}: {library} is used in {SLOW[library]} only"
                beside = lines[line - 1] + lines[line - 2]
                assert "#" in beside or '"""' in beside, f"{place}: say beside it why {name} is imported here"


def test_slow_libraries_are_imported_nowhere_at_start():
    early = [(module.name, name) for module in modules() for name, _, inside in module.imports()
             if not inside and name.split(".")[0] in SLOW]
    assert early == [], f"These take long to load: import them inside the function that needs them: {early}"


def test_contracts_neither_query_nor_commit_nor_check_a_scope():
    for module in modules():
        if within(module.name, CONTRACTS):
            names = {name.split(".")[0] for name, _, _ in module.imports()}
            place = module.path.relative_to(ROOT)
            found = names & {"database", "sqlalchemy", "flask_sqlalchemy"}
            assert not found, f"{place} imports {found}: a contract only says how it speaks; ask the domain"
            for verb in ("require", "commit", "execute", "scalars", "flush"):
                lines = module.calls(verb)
                assert lines == [], f"{place} calls {verb}() on lines {lines}: leave it to the pipeline or the domain"


def test_there_is_one_commit():
    places = [(module.name, len(module.calls("commit"))) for module in modules() if module.calls("commit")]
    names = {name for name, _ in places}
    assert "database" in names
    # SQLite files of a backup are no sessions of ours; nothing of the business is written there.
    wrong = names - {"database", "operations.sqlite", "operations.backup"}
    assert not wrong, f"Only database/ commits: use `with transaction():` instead in {sorted(wrong)}"


def test_pipeline_verbs_and_routes_know_no_contract():
    for module in modules():
        if module.name in {f"blueprints.api.{one}" for one in ("pipeline", "verbs", "rest", "rpc", "call", "contract")}:
            assert not [name for name, _, _ in module.imports() if within(name, CONTRACTS)], module.name
