"""Static files: served from this host, small, cached by browsers; templates follow the rules."""

import re
import subprocess
import sys
from pathlib import Path

import brotli
import pytest

from blueprints.pages import assets, navigation
from domain.actor import Actor
from tests import tabler

ROOT = Path(__file__).resolve().parents[2]
# Mails need inline styles: mail programs read no others.
TEMPLATES = sorted(path for path in (ROOT / "templates").rglob("*.html") if path.parent.name != "mails")
NEEDED = re.compile(r'(?:src|href)="(/static/[^"#]+)')


def fetched(visitor, page):
    """The bytes that a browser loads for a page, brotli where it may."""
    total = len(brotli.compress(page.data))
    for address in sorted(set(NEEDED.findall(page.text))):
        reply = visitor.get(address.replace("&amp;", "&"), headers={"Accept-Encoding": "br"})
        assert reply.status_code == 200, address
        total += len(reply.data)
    return total


@pytest.mark.parametrize("address", ["/admin/customers", "/admin/customers/new?merchant_id=1", "/admin/merchants/new"])
def test_an_ordinary_page_stays_within_its_budget(admin, address):
    page = admin.get(address)
    assert "<form" in page.text
    assert fetched(admin, page) <= 140_000


def test_our_share_of_tabler_has_every_rule_that_a_page_can_match():
    made, classes = tabler.SHARE.read_text(), tabler.used()
    wanted = tabler.share(tabler.WHOLE.read_text(), classes)
    assert tabler.share(made, classes) == wanted, "python -m tests.tabler"
    assert ".legend:empty{" in wanted
    assert ".carousel" not in wanted


def test_a_share_keeps_what_names_no_class_or_known_ones_only():
    css = (
        '@charset "UTF-8";/*! x */:root{--a:";}{"}.b,.c:is(.d,p),a:not(.e){color:red}'
        "@media (min-width:1px){.c{top:0}.b .f{top:1px}}@media print{.c{top:0}}@keyframes k{to{top:0}}.b\\:x{top:2px}"
    )
    assert tabler.share(css, {"b", "f"}) == (
        ':root{--a:";}{"}\n.b,a:not(.e){color:red}\n'
        "@media (min-width:1px){\n.b .f{top:1px}\n}\n@keyframes k{to{top:0}}\n"
    )


def test_own_scripts_are_small(visitor):
    names = [f"/static/js/{name}.js" for name in (*assets.SCRIPTS, "theme", "charts")]
    sizes = [len(visitor().get(name, headers={"Accept-Encoding": "br"}).data) for name in names]
    assert sum(sizes) <= 15_000


FACE = re.compile(r"@font-face \{.*?url\(\"\.\./(?P<file>[^\"]+)\"\).*?unicode-range:\s*(?P<ranges>[^;]+);", re.DOTALL)


def faces():
    """The letters of each font file, as its rule declares them."""
    for face in FACE.finditer((ROOT / "static/css/tokens.css").read_text()):
        bounds = [one.strip().removeprefix("U+").split("-") for one in face["ranges"].split(",")]
        letters = {point for low, *high in bounds for point in range(int(low, 16), int((high or [low])[0], 16) + 1)}
        yield ROOT / "static" / face["file"], letters


def test_names_of_europe_and_signs_of_currencies_load_one_small_font_more():
    files = dict(faces())
    assert len(files) == 3
    latin = files[ROOT / "static" / assets.INTER]
    text = "Erdős Gyöngyi, Łódź, Şahin, Țurcanu, Žižek, Ħal Għaxaq, Ŵyn, STRAẞE, é ü ő, ₺ ₹ ₴ ₫"
    needed = {path for path, letters in files.items() if {ord(one) for one in text} - latin & letters}
    assert sum(path.stat().st_size for path in needed) <= 30_000, needed
    assert {ord(one) for one in text} <= set().union(*files.values())


def test_no_letter_is_in_two_font_files():
    found = [point for _, letters in faces() for point in letters]
    assert len(found) == len(set(found))


def test_pages_need_nothing_from_elsewhere(admin):
    page = admin.get("/admin/keys").text
    assert not re.search(r'(?:src|href|action)="(?:https?:)?//', page)


def test_files_are_kept_for_a_year_by_their_content(app, visitor):
    one = visitor()
    with app.test_request_context():
        own, vendored = assets.asset("css/panel_parts.css"), assets.asset(assets.HTMX)
    for address in (own, vendored):
        assert "max-age=31536000, immutable" in one.get(address).headers["Cache-Control"].replace("public, ", "")
    assert re.search(r"\?v=[0-9a-f]{10}$", own)
    assert "max-age" not in one.get("/static/css/panel_parts.css").headers["Cache-Control"]


def test_a_file_comes_compressed_or_plain_and_is_the_same(visitor):
    for name in ("/static/" + assets.HTMX, "/static/css/panel_parts.css", "/static/icons.svg"):
        packed = visitor().get(name, headers={"Accept-Encoding": "br"})
        plain = visitor().get(name)
        assert packed.headers["Content-Encoding"] == "br"
        assert "Content-Encoding" not in plain.headers
        assert brotli.decompress(packed.data) == plain.data
        assert packed.mimetype == plain.mimetype
        assert "Accept-Encoding" in packed.vary


@pytest.mark.parametrize("length", [255, 256, 5000, 30_000])
def test_a_name_that_no_file_can_have_does_not_exist(visitor, length):
    for path in (f"/static/{'a' * length}", f"/static/{'a/' * length}", f"/static/vendor/{'a' * length}.css"):
        assert visitor().get(path).status_code == 404


def test_nothing_outside_the_folder_is_served(visitor):
    for path in ("/static/../app.py", "/static/%2e%2e/app.py", "/static/..%2fapp.py", "/static//etc/passwd"):
        assert visitor().get(path).status_code in (404, 308), path


def test_templates_speak_htmx_4():
    checker = ROOT / "tests/htmx/upgrade_check.py"
    command = [sys.executable, checker, ROOT / "templates", ROOT / "static/js"]
    run = subprocess.run(command, capture_output=True, text=True, check=False)
    assert run.returncode == 0, run.stdout


def test_no_template_has_inline_code_or_style():
    for path in TEMPLATES:
        text = path.read_text()
        assert not re.search(r"\sstyle=", text), path
        assert not re.search(r"\son[a-z]+=|hx-on|javascript:", text), path
        for script in re.findall(r"<script[^>]*>", text):
            assert "src=" in script or "application/json" in script, path
        assert not re.search(r"(?<!\.json )\|\s*safe", text), path         # a chart's JSON is escaped where it is made


def test_every_link_of_htmx_is_a_link_without_it_too():
    for path in TEMPLATES:
        for tag in re.findall(r"<a\s[^>]*hx-get[^>]*>", path.read_text()):
            assert "href=" in tag, (path, tag)
        for tag in re.findall(r"<form\s[^>]*hx-(?:get|post)[^>]*>", path.read_text()):
            assert "action=" in tag, (path, tag)


def test_every_icon_that_pages_name_is_in_the_sprite():
    drawn = set(re.findall(r'<symbol id="([^"]+)"', (ROOT / "static/icons.svg").read_text()))
    named = {name for path in TEMPLATES for name in re.findall(r'icon\("([^"]+)"', path.read_text())}
    for path in (ROOT / "blueprints").rglob("*.py"):
        named |= set(re.findall(r'\bicon="([^"]+)"', path.read_text()))
    named |= {item.icon for item in navigation.items(Actor.operator())}
    assert named <= drawn, sorted(named - drawn)
