"""Every setting, command and scope is documented, and templates use no idioms of older htmx."""

import re
import subprocess
import sys

import click
import pytest

from config import PREFIX, READERS
from domain.permissions import KEY_PERMISSIONS, KEY_SCOPES
from tests.architecture.source import ROOT

DOCUMENTS = [path for path in (ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md"))) if path.exists()]
TEXT = "\n".join(path.read_text() for path in DOCUMENTS)
THIRD_PARTY = {"routes", "run", "shell"}        # Flask's own


def commands(group, path=()):
    """Every command of the command line, with its group's name."""
    context = click.Context(group)
    for name in group.list_commands(context):
        one = group.get_command(context, name)
        if isinstance(one, click.Group):
            yield from commands(one, (*path, name))
        else:
            yield " ".join((*path, name))


@pytest.mark.parametrize("name", sorted(READERS))
def test_every_setting_is_documented(name):
    assert PREFIX + name in TEXT, f"README.md or docs/: say what the setting {PREFIX}{name} does"


def test_every_command_is_documented(app):
    ours = {one for one in commands(app.cli) if one.split()[0] not in THIRD_PARTY and not one.startswith("db ")}
    missing = [one for one in sorted(ours) if f"`{one}" not in TEXT]
    assert missing == [], f"README.md: add these commands to its table: {missing}"
    assert "`db upgrade`" in TEXT, "README.md: the table of commands lacks `db upgrade`"


def test_every_command_that_is_documented_exists(app):
    rows = re.findall(r"^\| (`[^|]*) \|", (ROOT / "README.md").read_text(), re.M)
    one_command = re.compile(r"`([a-z][a-z-]*(?: [a-z][a-z-]*)?)(?: [\[A-Z<-][^`]*)?`")
    named = {name for row in rows for name in one_command.findall(row)}
    gone = named - set(commands(app.cli))
    assert gone == set(), f"README.md: its table names commands that do not exist: {sorted(gone)}"


@pytest.mark.parametrize("scope", KEY_SCOPES)
def test_every_scope_is_documented(scope):
    """Two scopes for reading and writing a noun are explained once for all nouns; the key form names each noun."""
    pair = {f"{verb}_{one.name}": one for one in KEY_PERMISSIONS if not one.single for verb in ("READ", "WRITE")}
    if scope in pair:
        assert pair[scope].about, f"domain/permissions.py: say in about= what {scope} opens"
        assert "`READ_…`, `WRITE_…`" in TEXT, "README.md: say what the scopes of every noun allow"
    else:
        assert scope in TEXT, f"README.md or docs/: say what the scope {scope} allows"


def test_templates_use_no_idiom_of_older_htmx():
    checker = [sys.executable, "tests/htmx/upgrade_check.py", "templates"]
    run = subprocess.run(checker, cwd=ROOT, capture_output=True, text=True, check=False)
    assert run.returncode == 0, run.stdout


def test_templates_hold_no_inline_code():
    inline = re.compile(r"<script(?![^>]*\bsrc=)(?![^>]*application/json)|\son[a-z]+=|\sstyle=|hx-on|javascript:")
    wrong = []
    for path in sorted((ROOT / "templates").rglob("*.html")):
        text = path.read_text()
        if path.parent.name == "mails":          # mail programs read no other styles
            text = text.replace(" style=", " ")
        for found in inline.finditer(text):
            wrong.append(f"{path.relative_to(ROOT)}: {found[0].strip()}")
    assert wrong == [], f"Move it to static/css or static/js, the content policy forbids it here: {wrong}"


def test_documents_link_to_what_is_there():
    for path in DOCUMENTS:
        for link in re.findall(r"\]\((?!https?:|#|mailto:)([^)#]+)", path.read_text()):
            assert (path.parent / link).exists(), f"{path.relative_to(ROOT)} links to {link}, which is not there"
